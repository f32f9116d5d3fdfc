/* The I/O APIC, as its data sheet and Linux see it. */
#include "hv/dev/ioapic.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <string.h>

enum { PINS = 24 };

static struct bus bus;
static struct ioapic ioapic;
static struct apic_message last;
static unsigned sent;

static void send(void *context, const struct apic_message *m)
{
	(void)context;
	last = *m;
	sent++;
}

static u32 get(u32 reg)
{
	bus_write(&bus, BUS_MMIO, 0xFEC00000, 4, reg);
	return (u32)bus_read(&bus, BUS_MMIO, 0xFEC00010, 4);
}

static void set(u32 reg, u32 value)
{
	bus_write(&bus, BUS_MMIO, 0xFEC00000, 4, reg);
	bus_write(&bus, BUS_MMIO, 0xFEC00010, 4, value);
}

static void route(u32 pin, u32 low, u32 destination)
{
	set(0x11 + 2 * pin, destination << 24);
	set(0x10 + 2 * pin, low);
}

static int set_up(void **state)
{
	(void)state;
	memset(&bus, 0, sizeof(bus));
	sent = 0;
	assert_int_equal(ioapic_init(&ioapic, PINS, 1, (struct apic_sink){ send, NULL }), OK);
	assert_int_equal(ioapic_attach(&ioapic, &bus, IOAPIC_BASE), OK);
	return 0;
}

static void tells_what_it_is(void **state)
{
	(void)state;
	assert_int_equal(get(0), 0x01000000);
	assert_int_equal(get(1), 0x00170020);
	for (u32 pin = 0; pin < PINS; pin++)
		assert_int_equal(get(0x10 + 2 * pin), 0x10000);
	assert_int_equal(get(0x10 + 2 * PINS), 0xFFFFFFFF);
	set(0x10 + 2 * PINS, 0);
	set(0xFF, 0);
	/* The MADT's number stays. */
	set(0, 0x0F000000);
	assert_int_equal(get(0), 0x01000000);
	struct ioapic other;
	assert_int_equal(ioapic_init(&other, 0, 1, ioapic.sink), ERR_RANGE);
	assert_int_equal(ioapic_init(&other, 65, 1, ioapic.sink), ERR_RANGE);
	assert_int_equal(ioapic_init(&other, 64, 1, ioapic.sink), OK);
}

static void an_edge_is_sent_once_and_lost_when_masked(void **state)
{
	(void)state;
	ioapic_set_line(&ioapic, 4, true);
	ioapic_set_line(&ioapic, 4, false);
	route(4, 0x34, 3);
	assert_int_equal(sent, 0);
	ioapic_set_line(&ioapic, 4, true);
	ioapic_set_line(&ioapic, 4, true);
	assert_int_equal(sent, 1);
	assert_int_equal(last.vector, 0x34);
	assert_int_equal(last.destination, 3);
	assert_int_equal(last.delivery, DELIVER_FIXED);
	assert_false(last.level);
	assert_false(last.logical);
	ioapic_set_line(&ioapic, 4, false);
	ioapic_set_line(&ioapic, 4, true);
	assert_int_equal(sent, 2);
}

static void a_level_is_sent_again_only_after_its_eoi(void **state)
{
	(void)state;
	route(17, 0x8000 | 0x41, 0);
	ioapic_set_line(&ioapic, 17, true);
	assert_int_equal(sent, 1);
	assert_true(last.level);
	assert_int_equal(get(0x10 + 34), 0xC041);
	ioapic_set_line(&ioapic, 17, false);
	ioapic_set_line(&ioapic, 17, true);
	assert_int_equal(sent, 1);
	/* Another vector's end is not ours. */
	ioapic_eoi(&ioapic, 0x42);
	assert_int_equal(sent, 1);
	ioapic_eoi(&ioapic, 0x41);
	assert_int_equal(sent, 2);
	ioapic_set_line(&ioapic, 17, false);
	bus_write(&bus, BUS_MMIO, 0xFEC00040, 4, 0x41);
	assert_int_equal(sent, 2);
	assert_int_equal(get(0x10 + 34), 0x8041);
}

static void a_level_waits_behind_its_mask(void **state)
{
	(void)state;
	route(20, 0x18000 | 0x50, 0);
	ioapic_set_line(&ioapic, 20, true);
	assert_int_equal(sent, 0);
	route(20, 0x8000 | 0x50, 0);
	assert_int_equal(sent, 1);
	/* Flipped to edge and back, a stuck remote IRR is gone (Linux, __eoi_ioapic_pin). */
	route(20, 0x10000 | 0x50, 0);
	route(20, 0x8000 | 0x50, 0);
	assert_int_equal(sent, 2);
}

static void destinations_and_modes(void **state)
{
	(void)state;
	route(1, 0x0900 | 0x31, 0x0C);
	ioapic_set_line(&ioapic, 1, true);
	assert_true(last.logical);
	assert_int_equal(last.delivery, DELIVER_LOWEST);
	assert_int_equal(last.destination, 0x0C);
	route(3, 0x0033, 0xFF);
	ioapic_set_line(&ioapic, 3, true);
	assert_true(last.destination == APIC_BROADCAST);
	route(5, 0x0400, 0);
	ioapic_set_line(&ioapic, 5, true);
	assert_int_equal(last.delivery, DELIVER_NMI);
	assert_int_equal(sent, 3);
	/* SMI, INIT, ExtINT and reserved modes lead nowhere. */
	static const u32 refused[] = { 0x200, 0x300, 0x500, 0x600, 0x700 };
	for (u32 i = 0; i < ARRAY_SIZE(refused); i++) {
		route(6 + i, refused[i] | 0x40, 0);
		ioapic_set_line(&ioapic, 6 + i, true);
	}
	ioapic_set_line(&ioapic, PINS, true);
	ioapic_set_line(&ioapic, UINT32_MAX, true);
	assert_int_equal(sent, 3);
}

static void status_bits_cannot_be_written(void **state)
{
	(void)state;
	route(2, 0xFFFE5000 | 0x18000, 0);
	assert_int_equal(get(0x14), 0x18000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(tells_what_it_is, set_up),
		cmocka_unit_test_setup(an_edge_is_sent_once_and_lost_when_masked, set_up),
		cmocka_unit_test_setup(a_level_is_sent_again_only_after_its_eoi, set_up),
		cmocka_unit_test_setup(a_level_waits_behind_its_mask, set_up),
		cmocka_unit_test_setup(destinations_and_modes, set_up),
		cmocka_unit_test_setup(status_bits_cannot_be_written, set_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
