/* Power of hardware-reduced ACPI, as Linux uses it. */
#include "hv/dev/power.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <string.h>

static struct bus bus;
static struct power power;
static unsigned offs, resets, edges;
static bool line;

static void irq(void *controller, u32 pin, bool level)
{
	(void)controller;
	assert_int_equal(pin, POWER_GSI);
	edges += level && !line;
	line = level;
}

static void ended(void *context, enum power_event event)
{
	(void)context;
	offs += event == POWER_OFF;
	resets += event == POWER_RESET;
}

static u64 in(u64 port)
{
	return bus_read(&bus, BUS_PORT, port, 1);
}

static void out(u64 port, u64 value)
{
	bus_write(&bus, BUS_PORT, port, 1, value);
}

static int set_up(void **state)
{
	(void)state;
	memset(&bus, 0, sizeof(bus));
	offs = resets = edges = 0;
	power = (struct power){ .line = { irq, NULL, POWER_GSI }, .ended = ended };
	assert_int_equal(bus_add_ports(&bus, &(struct bus_region){ 0x600, 4, &power_ops, &power }, 1), OK);
	return 0;
}

/* acpi_hw_extended_sleep(): clears the wake status, then writes type and enable. */
static void only_s5_ends_the_machine(void **state)
{
	(void)state;
	out(0x601, 0x80);
	assert_int_equal(in(0x601), 0);
	for (u32 type = 0; type < 8; type++) {
		out(0x600, type << 2);
		out(0x600, type << 2 | 0x20);
		assert_int_equal(offs, type >= 5);
	}
	assert_int_equal(in(0x600), 0);
	assert_int_equal(resets, 0);
}

static void only_the_reset_value_resets(void **state)
{
	(void)state;
	for (u32 value = 0; value < 256; value++)
		out(0x602, value);
	assert_int_equal(resets, 1);
	assert_int_equal(offs, 0);
}

static void the_button_is_told_once(void **state)
{
	(void)state;
	assert_int_equal(in(0x603), 0);
	power_press(&power);
	assert_int_equal(edges, 1);
	assert_false(line);
	out(0x603, 0);
	assert_int_equal(in(0x602), 0);
	assert_int_equal(in(0x603), 1);
	assert_int_equal(in(0x603), 0);
	power_press(&power);
	assert_int_equal(edges, 2);
	assert_int_equal(in(0x603), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(only_s5_ends_the_machine, set_up),
		cmocka_unit_test_setup(only_the_reset_value_resets, set_up),
		cmocka_unit_test_setup(the_button_is_told_once, set_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
