/* ACPI fixed hardware and the reset ports, as ACPI 6.4 and kernels see them. */
#include "hv/dev/acpi_pm.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <string.h>

static struct bus bus;
static struct clock clk;
static struct acpi_pm pm;
static u64 time_now;
static bool sci;
static unsigned offs, resets;

static u64 now(void *context)
{
	(void)context;
	return time_now;
}

static void irq(void *controller, u32 pin, bool level)
{
	(void)controller;
	(void)pin;
	sci = level;
}

static void request(void *context, enum power_request what)
{
	(void)context;
	offs += what == POWER_OFF;
	resets += what == POWER_RESET;
}

static u64 in(u64 port, u32 size)
{
	return bus_read(&bus, BUS_PORT, port, size);
}

static void out(u64 port, u32 size, u64 value)
{
	bus_write(&bus, BUS_PORT, port, size, value);
}

static int set_up(void **state)
{
	(void)state;
	memset(&bus, 0, sizeof(bus));
	time_now = 0;
	sci = false;
	offs = resets = 0;
	clock_init(&clk, now, NULL);
	assert_int_equal(acpi_pm_init(&pm, &clk, (struct irq_line){ irq, NULL, 9 }, request, NULL), OK);
	assert_int_equal(acpi_pm_attach(&pm, &bus), OK);
	return 0;
}

static void the_timer_runs_at_its_rate_in_32_bits(void **state)
{
	(void)state;
	assert_int_equal(in(0x608, 4), 0);
	time_now = 1000000000;
	assert_int_equal(in(0x608, 4), 3579545);
	out(0x608, 4, 0);
	assert_int_equal(in(0x608, 4), 3579545);
	/* 2^32 ticks and one second: 1199.864... seconds later. */
	time_now = 1201 * (u64)1000000000;
	assert_int_equal(in(0x608, 4), 1201 * (u64)3579545 - 4294967296);
}

static void its_top_bit_sets_a_status_and_interrupts_if_enabled(void **state)
{
	(void)state;
	time_now = 600 * (u64)1000000000;
	assert_int_equal(in(0x600, 2), 1);
	assert_false(sci);
	out(0x600, 2, 1);
	assert_int_equal(in(0x600, 2), 0);
	out(0x602, 2, 1);
	assert_false(sci);
	time_now = 1200 * (u64)1000000000;
	clock_run(&clk);
	assert_true(sci);
	out(0x600, 2, 1);
	assert_false(sci);
}

static void the_power_button_asks_through_sci(void **state)
{
	(void)state;
	acpi_pm_power_button(&pm);
	assert_false(sci);
	assert_int_equal(in(0x600, 2), 0x100);
	out(0x602, 2, 0x100);
	assert_true(sci);
	out(0x600, 2, 0x100);
	assert_false(sci);
	acpi_pm_power_button(&pm);
	assert_true(sci);
}

static void only_s5_ends_the_machine(void **state)
{
	(void)state;
	assert_int_equal(in(0x604, 2), 1);
	for (u32 type = 0; type < 8; type++) {
		out(0x604, 2, type << 10);
		out(0x604, 2, type << 10 | 1 << 13);
		assert_int_equal(offs, type >= 5);
		/* SLP_EN reads as zero, SCI_EN stays. */
		assert_int_equal(in(0x604, 2), type << 10 | 1);
	}
	assert_int_equal(pm.ignored_sleeps, 7);
	assert_int_equal(resets, 0);
}

static void every_way_to_reset_asks_for_one(void **state)
{
	(void)state;
	out(0xCF9, 1, 2);
	assert_int_equal(in(0xCF9, 1), 2);
	assert_int_equal(resets, 0);
	out(0xCF9, 1, 6);
	assert_int_equal(resets, 1);
	out(0x92, 1, 2);
	out(0x64, 1, 0xAA);
	assert_int_equal(resets, 1);
	assert_int_equal(in(0x64, 1), 0xFF);
	out(0x92, 1, 3);
	out(0x64, 1, 0xFE);
	assert_int_equal(resets, 3);
	assert_int_equal(offs, 0);
}

static void other_sizes_do_not_reach_the_registers(void **state)
{
	(void)state;
	assert_int_equal(in(0x600, 1), 0xFF);
	assert_int_equal(in(0x608, 2), 0xFFFF);
	out(0x604, 1, 0x34);
	out(0x605, 1, 0x34);
	assert_int_equal(offs, 0);
	assert_int_equal(in(0x606, 2), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_timer_runs_at_its_rate_in_32_bits, set_up),
		cmocka_unit_test_setup(its_top_bit_sets_a_status_and_interrupts_if_enabled, set_up),
		cmocka_unit_test_setup(the_power_button_asks_through_sci, set_up),
		cmocka_unit_test_setup(only_s5_ends_the_machine, set_up),
		cmocka_unit_test_setup(every_way_to_reset_asks_for_one, set_up),
		cmocka_unit_test_setup(other_sizes_do_not_reach_the_registers, set_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
