/*
 * The machine's interrupts for the service VM: a level until its end, edges, masks, and what a VM that is gone leaves.
 * Trust: test code.
 */
#include "hv/service/irq.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { PINS = 24, LINE = 11, EDGE = 14, VECTOR = 0x51, LEVEL_LOW = IOAPIC_LEVEL | IOAPIC_LOW };
#define BASE 0xFEC00000ull

static struct vm vm;
static u64 machine_pin[PINS];
static u32 sent;
static u8 last_vector;

static void write_pin(u64 address, u32 pin, u64 entry)
{
	assert_int_equal(address, BASE);
	machine_pin[pin] = entry;
}

static struct irq_machine machine = {
	.ioapics = 1, .ioapic = { { BASE, 0, PINS } }, .destination = 2, .write = write_pin
};

static void message(void *context, const struct apic_message *m)
{
	(void)context;
	sent++;
	last_vector = m->vector;
}

static int setup(void **state)
{
	(void)state;
	memset(&vm, 0, sizeof(vm));
	for (u32 i = 0; i < PINS; i++)
		machine_pin[i] = IOAPIC_MASKED;
	assert_int_equal(ioapic_init(&vm.ioapic[0], PINS, 0, (struct apic_sink){ message, NULL }), OK);
	assert_int_equal(ioapic_attach(&vm.ioapic[0], &vm.bus, BASE), OK);
	vm.ioapic_count = 1;
	service_irq_start(&vm, &machine);
	sent = 0;
	return 0;
}

static void program(u32 pin, u32 entry)
{
	bus_write(&vm.bus, BUS_MMIO, BASE, 4, 0x10 + 2 * pin);
	bus_write(&vm.bus, BUS_MMIO, BASE + 0x10, 4, entry);
}

static bool masked(u32 pin)
{
	return machine_pin[pin] & IOAPIC_MASKED;
}

static void a_pin_follows_the_vms(void **state)
{
	(void)state;
	program(LINE, VECTOR | LEVEL_LOW | IOAPIC_MASKED);
	assert_true(masked(LINE));
	program(LINE, VECTOR | LEVEL_LOW);
	assert_int_equal(machine_pin[LINE], IRQ_VECTOR_FIRST | LEVEL_LOW | 2ull << 56);
	program(EDGE, 0x52);
	assert_int_equal(machine_pin[EDGE], (IRQ_VECTOR_FIRST + 1) | 2ull << 56);
	program(LINE, VECTOR | LEVEL_LOW | IOAPIC_MASKED);
	assert_true(masked(LINE));
	/* The vector is kept. */
	program(LINE, VECTOR | LEVEL_LOW);
	assert_int_equal((u8)machine_pin[LINE], IRQ_VECTOR_FIRST);
	/* SMI, NMI, INIT and ExtINT are nobody's to ask for. */
	for (u32 mode = 2; mode < 8; mode++) {
		program(1, 0x53 | mode << 8);
		assert_true(masked(1));
	}
}

static void a_level_is_masked_until_it_ends(void **state)
{
	(void)state;
	program(LINE, VECTOR | LEVEL_LOW);
	service_irq_take(IRQ_VECTOR_FIRST);
	/* Still a level of that vector: else its end at the local APIC misses it, and its fall meanwhile is not seen.
	 */
	assert_int_equal(machine_pin[LINE], IRQ_VECTOR_FIRST | LEVEL_LOW | IOAPIC_MASKED | 2ull << 56);
	assert_int_equal(sent, 1);
	assert_int_equal(last_vector, VECTOR);
	/* Not by writing the entry again. */
	program(LINE, VECTOR | LEVEL_LOW);
	assert_true(masked(LINE));
	ioapic_eoi(&vm.ioapic[0], VECTOR + 1);
	assert_true(masked(LINE));
	ioapic_eoi(&vm.ioapic[0], VECTOR);
	assert_false(masked(LINE));
	assert_int_equal(sent, 1); /* whether it is still there the machine will tell */
	service_irq_take(IRQ_VECTOR_FIRST);
	assert_int_equal(sent, 2);
}

static void a_level_ended_while_masked_stays_masked(void **state)
{
	(void)state;
	program(LINE, VECTOR | LEVEL_LOW);
	service_irq_take(IRQ_VECTOR_FIRST);
	program(LINE, VECTOR | LEVEL_LOW | IOAPIC_MASKED);
	ioapic_eoi(&vm.ioapic[0], VECTOR);
	assert_true(masked(LINE));
	program(LINE, VECTOR | LEVEL_LOW);
	assert_false(masked(LINE));
	/* It may arrive just after the VM masked it. */
	program(LINE, VECTOR | LEVEL_LOW | IOAPIC_MASKED);
	service_irq_take(IRQ_VECTOR_FIRST);
	assert_int_equal(sent, 1);
	program(LINE, VECTOR | LEVEL_LOW);
	assert_false(masked(LINE));
}

static void an_edge_is_passed_on_at_once(void **state)
{
	(void)state;
	program(EDGE, 0x52);
	service_irq_take(IRQ_VECTOR_FIRST);
	service_irq_take(IRQ_VECTOR_FIRST);
	assert_int_equal(sent, 2);
	assert_false(masked(EDGE));
}

static void nothing_comes_when_the_vm_is_gone(void **state)
{
	(void)state;
	program(LINE, VECTOR | LEVEL_LOW);
	program(EDGE, 0x52);
	service_irq_stop();
	assert_true(masked(LINE) && masked(EDGE));
	service_irq_take(IRQ_VECTOR_FIRST);
	assert_int_equal(sent, 0);
	service_irq_stop();
	service_irq_start(&vm, &machine);
	service_irq_take(IRQ_VECTOR_FIRST); /* nobody has asked for it yet */
	service_irq_take(0xFF);
	assert_int_equal(sent, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_pin_follows_the_vms, setup),
		cmocka_unit_test_setup(a_level_is_masked_until_it_ends, setup),
		cmocka_unit_test_setup(a_level_ended_while_masked_stays_masked, setup),
		cmocka_unit_test_setup(an_edge_is_passed_on_at_once, setup),
		cmocka_unit_test_setup(nothing_comes_when_the_vm_is_gone, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
