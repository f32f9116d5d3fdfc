/* The MC146818, against its data sheet and against the C library's calendar. */
#include "hv/dev/rtc.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <string.h>
#include <time.h>

/* 2000-01-01 00:00:00 UTC, as the C library counts. */
enum { YEAR_2000 = 946684800 };

static struct bus bus;
static struct rtc rtc;
static struct rtc_time time_now;

static struct rtc_time now(void)
{
	rtc_carry(&time_now);
	return time_now;
}

static u8 get(u8 index)
{
	bus_write(&bus, BUS_PORT, 0x70, 1, index);
	return (u8)bus_read(&bus, BUS_PORT, 0x71, 1);
}

static void set(u8 index, u8 value)
{
	bus_write(&bus, BUS_PORT, 0x70, 1, index);
	bus_write(&bus, BUS_PORT, 0x71, 1, value);
}

static int set_up(void **state)
{
	(void)state;
	memset(&bus, 0, sizeof(bus));
	time_now = (struct rtc_time){ 2024, 2, 28, 24 * 3600 - 2 };
	rtc = (struct rtc){ .now = now };
	assert_int_equal(bus_add_ports(&bus, &(struct bus_region){ 0x70, 2, &rtc_ops, &rtc }, 1), OK);
	return 0;
}

/* Year, month, day, hour, minute, second. */
static void assert_time(const u8 expected[6])
{
	static const u8 index[] = { 9, 8, 7, 4, 2, 0 };
	for (size_t i = 0; i < ARRAY_SIZE(index); i++)
		assert_int_equal(get(index[i]), expected[i]);
}

static void counts_from_the_time_it_was_given(void **state)
{
	(void)state;
	assert_time((const u8[]){ 0x24, 0x02, 0x28, 0x23, 0x59, 0x58 });
	time_now.seconds += 2;
	assert_time((const u8[]){ 0x24, 0x02, 0x29, 0x00, 0x00, 0x00 });
	time_now.seconds += 24 * 3600;
	assert_time((const u8[]){ 0x24, 0x03, 0x01, 0x00, 0x00, 0x00 });
	assert_int_equal(get(0xD), 0x80);
}

static void shows_what_linux_waits_for_and_asks_about(void **state)
{
	(void)state;
	/* No update under way, a divider, no flag, valid memory. */
	assert_int_equal(get(0xA), 0x26);
	assert_int_equal(get(0xB), 0x02);
	assert_int_equal(get(0xC), 0);
	assert_int_equal(get(0xD), 0x80);
	assert_int_equal(get(0x8D), 0x80);
	assert_int_equal(bus_read(&bus, BUS_PORT, 0x70, 1), 0xFF);
}

static void the_time_is_not_the_guests_to_set(void **state)
{
	(void)state;
	/* Interrupts cannot be enabled, nor the clock be stopped, or made to speak binary. */
	for (u32 i = 0; i < 256; i++)
		set((u8)i, 0xF6);
	assert_int_equal(get(0xB), 0x02);
	assert_time((const u8[]){ 0x24, 0x02, 0x28, 0x23, 0x59, 0x58 });
}

static u8 bcd(int value)
{
	return (u8)(value / 10 << 4 | value % 10);
}

static void agrees_with_the_c_library(void **state)
{
	u64 passed = 0;

	(void)state;
	time_now = (struct rtc_time){ 2000, 1, 1, 0 };
	/* Every 100 003 seconds until the year 2099. */
	for (u64 step = 100003; passed < 3155760000 - step; passed += step, time_now.seconds += step) {
		time_t libc = (time_t)(YEAR_2000 + passed);
		struct tm tm;
		gmtime_r(&libc, &tm);
		assert_time((const u8[]){ bcd(tm.tm_year - 100), bcd(tm.tm_mon + 1), bcd(tm.tm_mday), bcd(tm.tm_hour),
		        bcd(tm.tm_min), bcd(tm.tm_sec) });
	}
}

/* What a dead battery leaves: shown as it is, or as the next day. */
static void a_date_that_is_none_does_no_harm(void **state)
{
	(void)state;
	time_now = (struct rtc_time){ 2165, 165, 165, 165 * 3600 + 165 * 60 + 165 };
	for (u32 i = 0; i < 128; i++)
		(void)get((u8)i);
	assert_true(time_now.month >= 1 && time_now.month <= 12 && time_now.day >= 1 && time_now.day <= 31);
}

static void the_machines_clock_may_count_otherwise(void **state)
{
	static const struct {
		u8 shown, b;
		u32 hour;
	} cases[] = { { 0x23, 2, 23 }, { 23, 6, 23 }, { 0x00, 2, 0 }, { 0x12, 0, 0 }, { 0x01, 0, 1 }, { 0x11, 0, 11 },
		{ 0x92, 0, 12 }, { 0x81, 0, 13 }, { 0x91, 0, 23 }, { 12, 4, 0 }, { 11, 4, 11 }, { 0x80 | 12, 4, 12 },
		{ 0x80 | 11, 4, 23 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(rtc_hour(cases[i].shown, cases[i].b), cases[i].hour);
	assert_int_equal(rtc_number(0x59, 2), 59);
	assert_int_equal(rtc_number(59, 6), 59);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(counts_from_the_time_it_was_given, set_up),
		cmocka_unit_test_setup(shows_what_linux_waits_for_and_asks_about, set_up),
		cmocka_unit_test_setup(the_time_is_not_the_guests_to_set, set_up),
		cmocka_unit_test_setup(agrees_with_the_c_library, set_up),
		cmocka_unit_test_setup(a_date_that_is_none_does_no_harm, set_up),
		cmocka_unit_test(the_machines_clock_may_count_otherwise),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
