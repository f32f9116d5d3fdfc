/* The 8254 and port 61h, as the data sheet and the calibration loops of kernels see them. */
#include "hv/dev/pit.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <string.h>

static struct bus bus;
static struct clock clk;
static struct pit pit;
static u64 time_now;
static unsigned interrupts;

static u64 now(void *context)
{
	(void)context;
	return time_now;
}

static void irq(void *controller, u32 pin, bool level)
{
	(void)controller;
	(void)pin;
	interrupts += level;
}

/* So many periods of the 1.193182 MHz clock, to the nanosecond. */
static void pass_ticks(u64 ticks)
{
	time_now += (ticks * 1000000000 + 1193181) / 1193182;
	clock_run(&clk);
}

static void out(u64 port, u8 value)
{
	bus_write(&bus, BUS_PORT, port, 1, value);
}

static u8 in(u64 port)
{
	return (u8)bus_read(&bus, BUS_PORT, port, 1);
}

static void start(u32 counter, u8 mode, u16 value)
{
	out(0x43, (u8)(counter << 6 | 0x30u | (u32)mode << 1));
	out(0x40 + counter, (u8)value);
	out(0x40 + counter, (u8)(value >> 8));
}

static u16 latched(u32 counter)
{
	out(0x43, (u8)(counter << 6));
	u8 low = in(0x40 + counter);
	return (u16)(in(0x40 + counter) << 8 | low);
}

static u8 status(u32 counter)
{
	out(0x43, (u8)(0xE0 | 2 << counter));
	return in(0x40 + counter);
}

static int set_up(void **state)
{
	(void)state;
	memset(&bus, 0, sizeof(bus));
	time_now = 0;
	interrupts = 0;
	clock_init(&clk, now, NULL);
	assert_int_equal(pit_init(&pit, &clk, (struct irq_line){ irq, NULL, 0 }), OK);
	assert_int_equal(pit_attach(&pit, &bus), OK);
	return 0;
}

static void mode_0_interrupts_once_at_terminal_count(void **state)
{
	(void)state;
	start(0, 0, 1000);
	assert_int_equal(latched(0), 1000);
	assert_int_equal(status(0), 0x30);
	pass_ticks(400);
	assert_int_equal(latched(0), 600);
	pass_ticks(599);
	assert_int_equal(interrupts, 0);
	pass_ticks(2);
	assert_int_equal(interrupts, 1);
	assert_int_equal(status(0), 0xB0);
	/* It counts on through FFFFh and stays high. */
	assert_in_range(latched(0), 0xFFFD, 0xFFFF);
	pass_ticks(200000);
	assert_int_equal(interrupts, 1);
	assert_int_equal(status(0), 0xB0);
}

static void mode_2_interrupts_every_period(void **state)
{
	(void)state;
	start(0, 2, 11932);
	for (unsigned i = 1; i <= 100; i++) {
		pass_ticks(11932);
		assert_int_equal(interrupts, i);
		assert_in_range(latched(0), 11932 - 100, 11932);
	}
	assert_int_equal(status(0), 0xB4);
	/* A new control word stops it. */
	out(0x43, 0x30);
	pass_ticks(100000);
	assert_int_equal(interrupts, 100);
	assert_int_equal(status(0), 0x70);
}

static void mode_3_counts_by_twos_and_has_a_square_wave(void **state)
{
	(void)state;
	start(2, 3, 1000);
	out(0x61, 1);
	assert_int_equal(in(0x61) & 0x21, 0x21);
	pass_ticks(100);
	assert_int_equal(latched(2), 800);
	pass_ticks(399);
	assert_int_equal(in(0x61) & 0x20, 0x20);
	pass_ticks(1);
	assert_int_equal(in(0x61) & 0x20, 0);
	assert_int_equal(latched(2), 1000);
	pass_ticks(500);
	assert_int_equal(in(0x61) & 0x20, 0x20);
}

static void zero_is_the_longest_count(void **state)
{
	(void)state;
	start(0, 0, 0);
	pass_ticks(65535);
	assert_int_equal(interrupts, 0);
	assert_int_equal(latched(0), 1);
	pass_ticks(1);
	assert_int_equal(interrupts, 1);
}

/* Linux's pit_calibrate_tsc and quick_pit_calibrate: gate on, mode 0, wait for OUT2. */
static void counter_2_serves_calibration(void **state)
{
	(void)state;
	out(0x61, (u8)((in(0x61) & ~2) | 1));
	start(2, 0, 59659);
	assert_int_equal(in(0x61) & 0x20, 0);
	time_now += 49999000;
	assert_int_equal(in(0x61) & 0x20, 0);
	time_now += 2000;
	assert_int_equal(in(0x61) & 0x20, 0x20);
	assert_int_equal(interrupts, 0);
}

static void a_low_gate_holds_the_count(void **state)
{
	(void)state;
	out(0x61, 1);
	start(2, 0, 1000);
	pass_ticks(300);
	out(0x61, 0);
	pass_ticks(5000);
	assert_int_equal(latched(2), 700);
	out(0x61, 1);
	pass_ticks(100);
	assert_int_equal(latched(2), 600);
	/* Mode 1 waits for the gate, is low until it is over, and starts anew with every rise. */
	start(2, 1, 50);
	pass_ticks(100);
	assert_int_equal(in(0x61) & 0x20, 0x20);
	out(0x61, 0);
	out(0x61, 1);
	assert_int_equal(in(0x61) & 0x20, 0);
	pass_ticks(51);
	assert_int_equal(in(0x61) & 0x20, 0x20);
}

static void a_latch_holds_until_it_is_read(void **state)
{
	(void)state;
	start(0, 2, 0x1234);
	out(0x43, 0x00);
	pass_ticks(100);
	out(0x43, 0x00);
	assert_int_equal(in(0x40), 0x34);
	assert_int_equal(in(0x40), 0x12);
	assert_int_equal(latched(0), 0x1234 - 100);
	/* Read-back of both: status first, then the count. */
	out(0x43, 0xC2);
	assert_int_equal(in(0x40), 0xB4);
	assert_int_equal(in(0x40), (0x1234 - 100) & 0xFF);
	assert_int_equal(in(0x40), (0x1234 - 100) >> 8);
}

static void bytes_go_where_the_control_word_says(void **state)
{
	(void)state;
	out(0x43, 0x10);
	out(0x40, 200);
	assert_int_equal(in(0x40), 200);
	pass_ticks(50);
	assert_int_equal(in(0x40), 150);
	out(0x43, 0x20);
	out(0x40, 2);
	pass_ticks(1);
	assert_int_equal(in(0x40), 1);
	assert_int_equal(in(0x43), 0xFF);
}

static void counts_in_decimal(void **state)
{
	(void)state;
	out(0x43, 0x31);
	out(0x40, 0x00);
	out(0x40, 0x10);
	pass_ticks(1);
	assert_int_equal(latched(0), 0x0999);
	pass_ticks(998);
	assert_int_equal(latched(0), 0x0001);
	pass_ticks(2);
	assert_int_equal(latched(0), 0x9999);
	assert_int_equal(interrupts, 1);
}

/* 596,591 interrupts a second are what a count of 2 asks for. */
static void a_fast_timer_cannot_flood(void **state)
{
	(void)state;
	start(0, 2, 2);
	for (u32 us = 0; us < 1000000; us += 10) {
		time_now += 10000;
		clock_run(&clk);
	}
	assert_in_range(interrupts, 9000, 10001);
}

static void missed_interrupts_are_not_made_up_for(void **state)
{
	(void)state;
	start(0, 2, 1193);
	pass_ticks(1193000);
	assert_int_equal(interrupts, 1);
	pass_ticks(1193);
	assert_int_equal(interrupts, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(mode_0_interrupts_once_at_terminal_count, set_up),
		cmocka_unit_test_setup(mode_2_interrupts_every_period, set_up),
		cmocka_unit_test_setup(mode_3_counts_by_twos_and_has_a_square_wave, set_up),
		cmocka_unit_test_setup(zero_is_the_longest_count, set_up),
		cmocka_unit_test_setup(counter_2_serves_calibration, set_up),
		cmocka_unit_test_setup(a_low_gate_holds_the_count, set_up),
		cmocka_unit_test_setup(a_latch_holds_until_it_is_read, set_up),
		cmocka_unit_test_setup(bytes_go_where_the_control_word_says, set_up),
		cmocka_unit_test_setup(counts_in_decimal, set_up),
		cmocka_unit_test_setup(a_fast_timer_cannot_flood, set_up),
		cmocka_unit_test_setup(missed_interrupts_are_not_made_up_for, set_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
