/* The MC146818, against its data sheet and against the C library's calendar. */
#include "hv/dev/rtc.h"
#include "hv/dev/rtc_date.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <string.h>
#include <time.h>

/* 2024-02-28 23:59:58 UTC, a Wednesday. */
enum { START = 1709164798, SECOND = 1000000000 };

static struct bus bus;
static struct clock clk;
static struct rtc rtc;
static u64 time_now;
static unsigned interrupts;
static bool level;

static u64 now(void *context)
{
	(void)context;
	return time_now;
}

static void irq(void *controller, u32 pin, bool asserted)
{
	(void)controller;
	(void)pin;
	interrupts += asserted && !level;
	level = asserted;
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

static void pass(u64 ns)
{
	time_now += ns;
	clock_run(&clk);
}

static int set_up(void **state)
{
	(void)state;
	memset(&bus, 0, sizeof(bus));
	time_now = 12345;
	interrupts = 0;
	level = false;
	clock_init(&clk, now, NULL);
	assert_int_equal(rtc_init(&rtc, &clk, (struct irq_line){ irq, NULL, 8 }, START), OK);
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
	pass(2 * (u64)SECOND);
	assert_time((const u8[]){ 0x20, 0x24, 0x02, 0x29, 5, 0x00, 0x00, 0x00 });
	pass(24 * 3600 * (u64)SECOND);
	assert_time((const u8[]){ 0x20, 0x24, 0x03, 0x01, 6, 0x00, 0x00, 0x00 });
	assert_int_equal(get(0xD), 0x80);
}

static void speaks_binary_and_twelve_hours(void **state)
{
	(void)state;
	set(0xB, 0x04);
	assert_time((const u8[]){ 20, 24, 2, 28, 4, 11 | 0x80, 59, 58 });
	pass(2 * (u64)SECOND);
	assert_int_equal(get(4), 12);
	pass(12 * 3600 * (u64)SECOND);
	assert_int_equal(get(4), 12 | 0x80);
	set(0xB, 0x00);
	assert_int_equal(get(4), 0x12 | 0x80);
}

/* Linux's mach_set_cmos_time and rtc_cmos: SET, write, clear SET. */
static void a_guest_may_set_its_own_clock(void **state)
{
	(void)state;
	static const u8 written[][2] = { { 0xB, 0x82 }, { 0x32, 0x19 }, { 9, 0x99 }, { 8, 0x12 }, { 7, 0x31 },
		{ 4, 0x23 }, { 2, 0x59 }, { 0, 0x59 } };
	for (size_t i = 0; i < ARRAY_SIZE(written); i++)
		set(written[i][0], written[i][1]);
	pass(5 * (u64)SECOND);
	assert_int_equal(get(0), 0x59);
	set(0xB, 0x02);
	assert_int_equal(get(0), 0x59);
	pass(SECOND);
	assert_time((const u8[]){ 0x20, 0x00, 0x01, 0x01, 7, 0x00, 0x00, 0x00 });
	/* One register alone, without SET. */
	set(2, 0x30);
	assert_time((const u8[]){ 0x20, 0x00, 0x01, 0x01, 7, 0x00, 0x30, 0x00 });
}

static void the_update_flag_precedes_every_change(void **state)
{
	(void)state;
	assert_int_equal(get(0xA), 0x26);
	time_now += SECOND - 244000;
	assert_int_equal(get(0xA), 0xA6);
	assert_int_equal(get(0), 0x58);
	time_now += 244000;
	assert_int_equal(get(0xA), 0x26);
	assert_int_equal(get(0), 0x59);
}

static void flags_rise_unasked_and_fall_when_read(void **state)
{
	(void)state;
	(void)get(0xC);
	time_now += SECOND;
	assert_int_equal(get(0xC), 0x50);
	assert_int_equal(get(0xC), 0);
	assert_int_equal(interrupts, 0);
}

static void update_and_periodic_interrupts(void **state)
{
	(void)state;
	set(0xB, 0x12);
	for (unsigned i = 1; i <= 5; i++) {
		pass(SECOND);
		assert_int_equal(interrupts, i);
		assert_int_equal(get(0xC) & 0x90, 0x90);
		assert_false(level);
	}
	/* 1024 Hz. */
	set(0xB, 0x42);
	interrupts = 0;
	for (u32 i = 0; i < 20000; i++) {
		pass(50000);
		if (level)
			assert_int_equal(get(0xC) & 0xC0, 0xC0);
	}
	assert_in_range(interrupts, 1023, 1025);
	/* Not read, it interrupts no more. */
	interrupts = 0;
	for (u32 i = 0; i < 1000; i++)
		pass(1000000);
	assert_int_equal(interrupts, 1);
}

static void the_alarm_comes_at_its_time(void **state)
{
	(void)state;
	set(1, 0x03);
	set(3, 0x00);
	set(5, 0xFF);
	set(0xB, 0x22);
	for (u32 i = 0; i < 4; i++)
		pass(SECOND);
	assert_int_equal(interrupts, 0);
	pass(SECOND);
	assert_int_equal(interrupts, 1);
	assert_int_equal(get(0xC) & 0xA0, 0xA0);
	for (u32 i = 0; i < 3599; i++)
		pass(SECOND);
	assert_int_equal(interrupts, 1);
	pass(SECOND);
	assert_int_equal(interrupts, 2);
}

static void the_other_registers_are_memory(void **state)
{
	(void)state;
	for (u8 i = 0xE; i < 128; i++)
		if (i != 0x32)
			set(i, (u8)(i * 3));
	for (u8 i = 0xE; i < 128; i++)
		if (i != 0x32)
			assert_int_equal(get(i | 0x80), (u8)(i * 3));
	set(0xC, 0xFF);
	set(0xD, 0);
	assert_int_equal(get(0xC) & 0x80, 0);
	assert_int_equal(get(0xD), 0x80);
}

static void agrees_with_the_c_library(void **state)
{
	(void)state;
	/* Every 1 000 003 seconds until the year 9999. */
	for (u64 t = 0; t < 253402300800; t += 1000003) {
		time_t libc = (time_t)t;
		struct tm tm;
		gmtime_r(&libc, &tm);
		struct date d = date_of(t);
		assert_int_equal(d.year, tm.tm_year + 1900);
		assert_int_equal(d.month, tm.tm_mon + 1);
		assert_int_equal(d.day, tm.tm_mday);
		assert_int_equal(d.weekday, tm.tm_wday + 1);
		assert_int_equal(
		        d.hour * 3600 + d.minute * 60 + d.second, tm.tm_hour * 3600 + tm.tm_min * 60 + tm.tm_sec);
		assert_int_equal(seconds_of(&d), t);
	}
}

/* Whatever a guest writes, dates stay dates. */
static void nonsense_stays_within_the_calendar(void **state)
{
	(void)state;
	for (u32 v = 0; v < 256; v++) {
		static const u8 index[] = { 0x32, 9, 8, 7, 4, 2, 0 };
		for (size_t i = 0; i < ARRAY_SIZE(index); i++)
			set(index[i], (u8)v);
		assert_in_range(get(8), 1, 0x12);
		assert_in_range(get(7), 1, 0x31);
		assert_in_range(get(4), 0, 0x23);
		assert_in_range(get(0), 0, 0x59);
	}
	assert_int_equal(seconds_of(&(struct date){ 0 }), 0);
	assert_int_equal(seconds_of(&(struct date){ .year = 1970, .month = 1, .day = 1 }), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(counts_from_the_time_it_was_given, set_up),
		cmocka_unit_test_setup(speaks_binary_and_twelve_hours, set_up),
		cmocka_unit_test_setup(a_guest_may_set_its_own_clock, set_up),
		cmocka_unit_test_setup(the_update_flag_precedes_every_change, set_up),
		cmocka_unit_test_setup(flags_rise_unasked_and_fall_when_read, set_up),
		cmocka_unit_test_setup(update_and_periodic_interrupts, set_up),
		cmocka_unit_test_setup(the_alarm_comes_at_its_time, set_up),
		cmocka_unit_test_setup(the_other_registers_are_memory, set_up),
		cmocka_unit_test_setup(agrees_with_the_c_library, set_up),
		cmocka_unit_test_setup(nonsense_stays_within_the_calendar, set_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
