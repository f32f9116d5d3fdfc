/*
 * The service VM's ports: what passes, what is handled, what is nobody's.
 * Trust: test code.
 */
#include "hv/service/ports.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static u8 port[BUS_PORTS_END];
static u32 outs, offs, resets;
static struct bus bus;
static struct pci_function functions[2];
static struct pci pci;
static struct service_ports ports;

static u32 in(u16 at, u32 size)
{
	return size == 2 ? port[at] | (u32)port[at + 1] << 8 : at == 0x71 ? port[0x70] : port[at];
}

static void out(u16 at, u32 size, u32 value)
{
	outs++;
	for (u32 i = 0; i < size; i++)
		port[at + i] = (u8)(value >> (8 * i));
}

static void power(enum power_event event)
{
	offs += event == POWER_OFF;
	resets += event == POWER_RESET;
}

static const struct port_access access = { in, out, power };

static int setup(void **state)
{
	(void)state;
	bus_dropped = 0;
	memset(port, 0, sizeof(port));
	memset(&bus, 0, sizeof(bus));
	outs = offs = resets = 0;
	ports = (struct service_ports){ .access = &access,
		.acpi = { .event = { 0xB000 },
		        .event_length = 4,
		        .control = { 0xB004 },
		        .gpe = { 0xAFE0 },
		        .gpe_length = { 4 },
		        .timer = 0xB008,
		        .smi = 0xB2 },
		.has_off = true,
		.off_type = 5 };
	functions[0].header[4] = 0xC001;
	functions[0].sizes[0] = 0xFFFFFFC1;
	functions[1].header[4] = 0x0101;
	functions[1].sizes[0] = 0xFFFFFFF1;
	functions[1].header[5] = 0xB001;
	functions[1].sizes[1] = 0xFFFFFFC1;
	pci = (struct pci){ .function = functions, .count = 2, .access = &access };
	assert_int_equal(service_ports_attach(&ports, &pci, &bus), OK);
	return 0;
}

static bool passes(u16 at)
{
	struct port_range range[PORT_RANGES_MAX];
	u32 count = service_ports_pass(&ports.acpi, &pci, range);

	for (u32 i = 0; i < count; i++)
		if (at >= range[i].first && at < range[i].first + range[i].count)
			return true;
	return false;
}

static void its_devices_ports_pass(void **state)
{
	static const u16 there[] = { 0x1F0, 0x1F7, 0x3F6, 0x170, 0x376, 0xB000, 0xB003, 0xB008, 0xB00B, 0xAFE0, 0xC000,
		0xC03F };

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(there); i++)
		assert_true(passes(there[i]));
}

static void no_other_port_does(void **state)
{
	static const u16 never[] = { 0x00, 0x20, 0x40, 0x60, 0x61, 0x64, 0x70, 0x71, 0x80, 0x92, 0xA0, 0xB2, 0xC0,
		0x100, 0x2F8, 0x3F8, 0x3FF, 0x510, 0x600, 0xB004, 0xB005, 0xB00C, 0xB020, 0xC040, 0xCF8, 0xCF9, 0xCFC,
		0xFFFF };

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(never); i++)
		assert_false(passes(never[i]));
	/* Firmware's tables do not open what is never open. */
	ports.acpi.timer = 0xCF8;
	ports.acpi.gpe[1] = 0x3F0;
	ports.acpi.gpe_length[1] = 16;
	ports.acpi.event_length = 8;
	assert_false(passes(0xCF8));
	assert_false(passes(0x3F8));
	assert_false(passes(0xB004));
}

static void the_reset_register_is_the_machines(void **state)
{
	(void)state;
	bus_write(&bus, BUS_PORT, 0xCF9, 1, 2);
	assert_int_equal(resets, 0);
	bus_write(&bus, BUS_PORT, 0xCF9, 1, 6);
	assert_int_equal(resets, 1);
	/* Resets of the processor alone are nobody's. */
	bus_write(&bus, BUS_PORT, 0x64, 1, 0xFE);
	bus_write(&bus, BUS_PORT, 0x92, 1, 1);
	assert_int_equal(bus_dropped, 2);
	assert_int_equal(resets, 1);
	assert_int_equal(outs, 0);
}

static void only_off_sleeps(void **state)
{
	(void)state;
	for (u32 type = 0; type < 8; type++)
		bus_write(&bus, BUS_PORT, 0xB004, 2, 1u << 13 | type << 10);
	assert_int_equal(offs, 1);
	assert_int_equal(outs, 0);
	assert_int_equal(bus_dropped, 7);
	/* The rest of the register: SCI stays on, no SMI is raised. */
	bus_write(&bus, BUS_PORT, 0xB004, 2, 0x1C06);
	assert_int_equal(port[0xB004], 3);
	assert_int_equal(port[0xB005], 0);
	assert_int_equal(bus_read(&bus, BUS_PORT, 0xB004, 2), 3);
	ports.has_off = false;
	bus_write(&bus, BUS_PORT, 0xB004, 2, 1u << 13 | 5 << 10);
	assert_int_equal(offs, 1);
}

static void smi_is_nobodys(void **state)
{
	(void)state;
	bus_write(&bus, BUS_PORT, 0xB2, 1, 0xF1);
	assert_int_equal(outs, 0);
	assert_int_equal(bus_dropped, 1);
}

static void the_clock_is_read_and_set_and_nothing_else(void **state)
{
	(void)state;
	bus_write(&bus, BUS_PORT, 0x70, 1, 0x84);
	assert_int_equal(outs, 0);
	assert_int_equal(bus_read(&bus, BUS_PORT, 0x71, 1), 4); /* the fake gives the index back */
	bus_write(&bus, BUS_PORT, 0x71, 1, 0x23);
	assert_int_equal(port[0x71], 0x23);
	outs = 0;
	for (u32 index = 0x0E; index < 0x80; index++) {
		bus_write(&bus, BUS_PORT, 0x70, 1, index);
		bus_write(&bus, BUS_PORT, 0x71, 1, 0);
		assert_int_equal(outs, index >= 0x32 ? 2 : 0); /* the century alone */
		if (index != 0x32)
			assert_int_equal(bus_read(&bus, BUS_PORT, 0x71, 1), 0xFF);
	}
	assert_true(bus_dropped > 100);
}

/* probe_8259A(): a mask that reads back is a PIC. */
static void the_masks_of_a_pic_are_there(void **state)
{
	(void)state;
	bus_write(&bus, BUS_PORT, 0xA1, 1, 0xFF);
	bus_write(&bus, BUS_PORT, 0x21, 1, 0xFB);
	assert_int_equal(bus_read(&bus, BUS_PORT, 0x21, 1), 0xFB);
	assert_int_equal(bus_read(&bus, BUS_PORT, 0xA1, 1), 0xFF);
	assert_int_equal(bus_read(&bus, BUS_PORT, 0x20, 1), 0xFF);
	assert_int_equal(outs, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(its_devices_ports_pass, setup),
		cmocka_unit_test_setup(no_other_port_does, setup),
		cmocka_unit_test_setup(the_reset_register_is_the_machines, setup),
		cmocka_unit_test_setup(only_off_sleeps, setup),
		cmocka_unit_test_setup(smi_is_nobodys, setup),
		cmocka_unit_test_setup(the_clock_is_read_and_set_and_nothing_else, setup),
		cmocka_unit_test_setup(the_masks_of_a_pic_are_there, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
