/* The MC146818, against its data sheet and against the C library's calendar. */
#include "hv/dev/rtc.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <string.h>
#include <time.h>

/* 2024-02-28 23:59:58 UTC, a Wednesday. */
enum { START = 1709164798 };

static struct bus bus;
static struct rtc rtc;
static u64 time_now;

static u64 now(void *context)
{
	(void)context;
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
	time_now = START;
	rtc_init(&rtc, now, NULL);
	assert_int_equal(rtc_attach(&rtc, &bus), OK);
	return 0;
}

/* Century, year, month, day, weekday, hour, minute, second. */
static void assert_time(const u8 expected[8])
{
	static const u8 index[] = { 0x32, 9, 8, 7, 6, 4, 2, 0 };
	for (size_t i = 0; i < ARRAY_SIZE(index); i++)
		assert_int_equal(get(index[i]), expected[i]);
}

static void counts_from_the_time_it_was_given(void **state)
{
	(void)state;
	assert_time((const u8[]){ 0x20, 0x24, 0x02, 0x28, 4, 0x23, 0x59, 0x58 });
	time_now += 2;
	assert_time((const u8[]){ 0x20, 0x24, 0x02, 0x29, 5, 0x00, 0x00, 0x00 });
	time_now += 24 * 3600;
	assert_time((const u8[]){ 0x20, 0x24, 0x03, 0x01, 6, 0x00, 0x00, 0x00 });
	assert_int_equal(get(0xD), 0x80);
}

static void speaks_binary_too(void **state)
{
	(void)state;
	set(0xB, 0x04);
	assert_int_equal(get(0xB), 0x06);
	assert_time((const u8[]){ 20, 24, 2, 28, 4, 23, 59, 58 });
	set(0xB, 0x02);
	assert_time((const u8[]){ 0x20, 0x24, 0x02, 0x28, 4, 0x23, 0x59, 0x58 });
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
	for (u32 i = 0; i < 256; i++)
		if (i % 128 != 0xB)
			set((u8)i, 0x5A);
	/* Interrupts cannot be enabled, nor the clock be stopped. */
	set(0xB, 0xF2);
	assert_int_equal(get(0xB), 0x02);
	assert_time((const u8[]){ 0x20, 0x24, 0x02, 0x28, 4, 0x23, 0x59, 0x58 });
}

static void agrees_with_the_c_library(void **state)
{
	(void)state;
	set(0xB, 0x06);
	/* Every 1 000 003 seconds until the year 9999. */
	for (u64 t = 0; t < 253402300800; t += 1000003) {
		time_t libc = (time_t)t;
		struct tm tm;
		gmtime_r(&libc, &tm);
		time_now = t;
		assert_time((const u8[]){ (u8)((tm.tm_year + 1900) / 100), (u8)(tm.tm_year % 100), (u8)(tm.tm_mon + 1),
		        (u8)tm.tm_mday, (u8)(tm.tm_wday + 1), (u8)tm.tm_hour, (u8)tm.tm_min, (u8)tm.tm_sec });
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(counts_from_the_time_it_was_given, set_up),
		cmocka_unit_test_setup(speaks_binary_too, set_up),
		cmocka_unit_test_setup(shows_what_linux_waits_for_and_asks_about, set_up),
		cmocka_unit_test_setup(the_time_is_not_the_guests_to_set, set_up),
		cmocka_unit_test_setup(agrees_with_the_c_library, set_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
