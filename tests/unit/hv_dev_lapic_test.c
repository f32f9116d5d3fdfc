/* The local APIC, as the SDM (volume 3) and stock kernels see it. */
#include "hv/dev/lapic.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <string.h>

enum { TIMER_HZ = 1000000, CPUS = 4 };

/* Offsets of the page, from the SDM's register map. */
enum {
	ID = 0x20,
	VERSION = 0x30,
	TPR = 0x80,
	PPR = 0xA0,
	EOI = 0xB0,
	LDR = 0xD0,
	DFR = 0xE0,
	SVR = 0xF0,
	ISR = 0x100,
	TMR = 0x180,
	IRR = 0x200,
	ESR = 0x280,
	ICR = 0x300,
	ICR2 = 0x310,
	TIMER = 0x320,
	LINT0 = 0x350,
	LINT1 = 0x360,
	ERROR = 0x370,
	INITIAL = 0x380,
	CURRENT = 0x390,
	DIVIDE = 0x3E0,
};

static struct clock clk;
static struct lapic cpu[CPUS];
static u64 time_now;
static struct apic_message last;
static unsigned sent, eois;
static u8 eoi_vector;

static u64 now(void *context)
{
	(void)context;
	return time_now;
}

static void send(void *context, const struct apic_message *m)
{
	(void)context;
	last = *m;
	sent++;
}

static void eoi(void *context, u8 vector)
{
	(void)context;
	eoi_vector = vector;
	eois++;
}

static void pass(u64 ns)
{
	time_now += ns;
	clock_run(&clk);
}

static u32 get(u32 offset)
{
	return lapic_mmio_read(&cpu[0], offset);
}

static void set(u32 offset, u32 value)
{
	lapic_mmio_write(&cpu[0], offset, value);
}

static u64 rdmsr(u32 msr)
{
	u64 value = 0;
	assert_true(lapic_rdmsr(&cpu[0], msr, &value));
	return value;
}

static void wrmsr(u32 msr, u64 value)
{
	assert_true(lapic_wrmsr(&cpu[0], msr, value));
}

static void wrmsr_faults(u32 msr, u64 value)
{
	assert_false(lapic_wrmsr(&cpu[0], msr, value));
}

static void enter_x2apic(u32 i)
{
	assert_true(lapic_wrmsr(&cpu[i], 0x1B, cpu[i].base | 0x400));
}

static int set_up(void **state)
{
	(void)state;
	time_now = 0;
	sent = eois = 0;
	clock_init(&clk, now, NULL);
	for (u32 i = 0; i < CPUS; i++) {
		struct lapic_config config = { .id = i,
			.bootstrap = i == 0,
			.timer_hz = TIMER_HZ,
			.tsc_hz = 2000000000,
			.clock = &clk,
			.ipi = { send, NULL },
			.eoi = eoi };
		assert_int_equal(lapic_init(&cpu[i], &config), OK);
	}
	set(SVR, 0x1FF);
	return 0;
}

static void starts_as_after_power_on(void **state)
{
	(void)state;
	struct lapic fresh;
	struct clock other;
	clock_init(&other, now, NULL);
	struct lapic_config config = cpu[1].config;
	config.clock = &other;
	assert_int_equal(lapic_init(&fresh, &config), OK);
	static const struct {
		u32 offset, value;
	} expected[] = { { ID, 1 << 24 }, { VERSION, 0x00050014 }, { TPR, 0 }, { PPR, 0 }, { LDR, 0 },
		{ DFR, 0xFFFFFFFF }, { SVR, 0xFF }, { ESR, 0 }, { ICR, 0 }, { TIMER, 0x10000 }, { LINT0, 0x10000 },
		{ LINT1, 0x10000 }, { ERROR, 0x10000 }, { INITIAL, 0 }, { CURRENT, 0 }, { DIVIDE, 0 } };
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++)
		assert_int_equal(lapic_mmio_read(&fresh, expected[i].offset), expected[i].value);
	u64 base;
	assert_true(lapic_rdmsr(&fresh, 0x1B, &base));
	assert_int_equal(base, 0xFEE00800);
	assert_int_equal(rdmsr(0x1B), 0xFEE00900);
	config.id = 255;
	assert_int_equal(lapic_init(&fresh, &config), ERR_RANGE);
}

static void interrupts_nest_by_priority_class(void **state)
{
	(void)state;
	lapic_deliver(&cpu[0], 0x41, false);
	lapic_deliver(&cpu[0], 0x81, false);
	assert_int_equal(lapic_pending(&cpu[0]), 0x81);
	lapic_acknowledge(&cpu[0]);
	assert_int_equal(get(ISR + 0x40), 1 << 1);
	assert_int_equal(get(PPR), 0x80);
	assert_int_equal(lapic_pending(&cpu[0]), LAPIC_NONE);
	/* The same class does not interrupt itself, a higher one does. */
	lapic_deliver(&cpu[0], 0x8F, false);
	assert_int_equal(lapic_pending(&cpu[0]), LAPIC_NONE);
	assert_int_equal(lapic_requested(&cpu[0]), 0x8F);
	lapic_deliver(&cpu[0], 0x90, false);
	assert_int_equal(lapic_pending(&cpu[0]), 0x90);
	lapic_acknowledge(&cpu[0]);
	set(EOI, 0);
	set(EOI, 0);
	assert_int_equal(lapic_pending(&cpu[0]), 0x8F);
	lapic_acknowledge(&cpu[0]);
	set(EOI, 0);
	assert_int_equal(lapic_pending(&cpu[0]), 0x41);
	assert_int_equal(eois, 0);
}

static void task_priority_holds_back(void **state)
{
	(void)state;
	lapic_deliver(&cpu[0], 0x55, false);
	set(TPR, 0x50);
	assert_int_equal(lapic_pending(&cpu[0]), LAPIC_NONE);
	assert_int_equal(lapic_get_cr8(&cpu[0]), 5);
	lapic_set_cr8(&cpu[0], 4);
	assert_int_equal(get(TPR), 0x40);
	assert_int_equal(lapic_pending(&cpu[0]), 0x55);
	/* Nothing pending: nothing to acknowledge. */
	set(TPR, 0xFF);
	lapic_acknowledge(&cpu[0]);
	assert_int_equal(get(IRR + 0x20), 1 << 21);
}

static void level_interrupts_tell_the_io_apic(void **state)
{
	(void)state;
	lapic_deliver(&cpu[0], 0x61, true);
	assert_int_equal(get(TMR + 0x30), 2);
	lapic_acknowledge(&cpu[0]);
	set(EOI, 0);
	assert_int_equal(eois, 1);
	assert_int_equal(eoi_vector, 0x61);
	set(EOI, 0);
	assert_int_equal(eois, 1);
}

static void software_disabled_it_takes_nothing(void **state)
{
	(void)state;
	set(TIMER, 0x30);
	set(SVR, 0xFF);
	assert_int_equal(get(TIMER), 0x10030);
	set(TIMER, 0x30);
	assert_int_equal(get(TIMER), 0x10030);
	lapic_deliver(&cpu[0], 0x44, false);
	assert_int_equal(lapic_pending(&cpu[0]), LAPIC_NONE);
	set(SVR, 0x1FF);
	lapic_deliver(&cpu[0], 0x44, false);
	assert_int_equal(lapic_pending(&cpu[0]), 0x44);
}

static void errors_are_latched_by_a_write(void **state)
{
	(void)state;
	set(ERROR, 0xFE);
	lapic_deliver(&cpu[0], 0x0F, false);
	assert_int_equal(get(ESR), 0);
	set(ESR, 0);
	assert_int_equal(get(ESR), 0x40);
	assert_int_equal(lapic_pending(&cpu[0]), 0xFE);
	set(ICR, 0x05);
	set(0x40, 0);
	(void)get(0x84);
	set(ESR, 0);
	assert_int_equal(get(ESR), 0xA0);
	set(ESR, 0);
	assert_int_equal(get(ESR), 0);
	/* An error entry that is itself an error. */
	set(ERROR, 0x03);
	lapic_deliver(&cpu[0], 0x01, false);
	set(ESR, 0);
	assert_int_equal(get(ESR), 0x40);
}

static void interprocessor_interrupts_are_decoded(void **state)
{
	(void)state;
	set(ICR2, 2 << 24);
	set(ICR, 0x000000FD);
	assert_int_equal(sent, 1);
	assert_int_equal(last.vector, 0xFD);
	assert_int_equal(last.delivery, DELIVER_FIXED);
	assert_int_equal(last.destination, 2);
	assert_false(last.logical || last.level || last.others_only);
	/* INIT assert, de-assert (nothing), two SIPIs at 9000h; NMI to all others. */
	set(ICR, 0xC500);
	assert_int_equal(last.delivery, DELIVER_INIT);
	set(ICR, 0x8500);
	assert_int_equal(sent, 2);
	set(ICR, 0x4609);
	assert_int_equal(last.delivery, DELIVER_STARTUP);
	assert_int_equal(last.vector, 0x09);
	set(ICR, 0xC0400);
	assert_int_equal(last.delivery, DELIVER_NMI);
	assert_true(last.others_only && last.destination == APIC_BROADCAST);
	set(ICR, 0x80045);
	assert_true(!last.others_only && last.destination == APIC_BROADCAST);
	assert_int_equal(sent, 5);
	/* To itself it never leaves; SMI and reserved modes are nobody's. */
	set(ICR, 0x40046);
	assert_int_equal(lapic_pending(&cpu[0]), 0x46);
	set(ICR, 0x40400);
	set(ICR, 0x4200);
	set(ICR, 0x4300);
	set(ICR, 0x4700);
	assert_int_equal(sent, 5);
	set(ICR2, 0xFFu << 24);
	set(ICR, 0x40 | 1 << 14);
	assert_true(last.destination == APIC_BROADCAST);
}

static void assert_accepted(const struct apic_message *m, u32 cpus)
{
	for (u32 i = 0; i < CPUS; i++)
		assert_int_equal(lapic_accepts(&cpu[i], m), cpus >> i & 1);
}

static void messages_find_their_processors(void **state)
{
	(void)state;
	assert_accepted(&(struct apic_message){ .destination = 2 }, 4);
	assert_accepted(&(struct apic_message){ .destination = 7 }, 0);
	assert_accepted(&(struct apic_message){ .destination = APIC_BROADCAST }, 15);
	for (u32 i = 0; i < CPUS; i++)
		lapic_mmio_write(&cpu[i], LDR, 1u << (24 + i));
	assert_accepted(&(struct apic_message){ .destination = 0x05, .logical = true }, 5);
	assert_accepted(&(struct apic_message){ .destination = 0xFF, .logical = true }, 15);
	/* Cluster model: cluster 1 with members 1 and 2, cluster 2 with member 1. */
	static const u32 cluster[CPUS] = { 0x11, 0x12, 0x21, 0x00 };
	for (u32 i = 0; i < CPUS; i++) {
		lapic_mmio_write(&cpu[i], DFR, 0);
		lapic_mmio_write(&cpu[i], LDR, cluster[i] << 24);
	}
	assert_accepted(&(struct apic_message){ .destination = 0x13, .logical = true }, 3);
	assert_accepted(&(struct apic_message){ .destination = 0x21, .logical = true }, 4);
	assert_accepted(&(struct apic_message){ .destination = 0x31, .logical = true }, 0);
	for (u32 i = 0; i < CPUS; i++)
		enter_x2apic(i);
	assert_accepted(&(struct apic_message){ .destination = 0x0000000A, .logical = true }, 10);
	assert_accepted(&(struct apic_message){ .destination = 0x0001000F, .logical = true }, 0);
}

static void x2apic_has_its_own_rules(void **state)
{
	(void)state;
	u64 value;
	assert_false(lapic_rdmsr(&cpu[0], 0x802, &value));
	wrmsr_faults(0x808, 0);
	set(TPR, 0x30);
	enter_x2apic(0);
	assert_int_equal(rdmsr(0x1B), 0xFEE00D00);
	/* What was set stays set; the page is gone. */
	assert_int_equal(rdmsr(0x808), 0x30);
	assert_int_equal(rdmsr(0x80F), 0x1FF);
	assert_int_equal(get(TPR), 0xFFFFFFFF);
	set(TPR, 0);
	assert_int_equal(rdmsr(0x808), 0x30);
	assert_int_equal(rdmsr(0x802), 0);
	assert_int_equal(rdmsr(0x80D), 1);
	enter_x2apic(3);
	assert_true(lapic_rdmsr(&cpu[3], 0x80D, &value));
	assert_int_equal(value, 8);
	/* One write sends. */
	wrmsr(0x830, (u64)3 << 32 | 0x4FD);
	assert_int_equal(last.destination, 3);
	assert_int_equal(last.delivery, DELIVER_NMI);
	assert_int_equal(rdmsr(0x830), (u64)3 << 32 | 0x4FD);
	wrmsr(0x83F, 0x77);
	assert_int_equal(lapic_pending(&cpu[0]), 0x77);
	lapic_acknowledge(&cpu[0]);
	wrmsr(0x80B, 0);
	assert_int_equal(lapic_pending(&cpu[0]), LAPIC_NONE);
}

static void x2apic_faults_as_the_manual_says(void **state)
{
	(void)state;
	u64 value;
	enter_x2apic(0);
	/* No DFR, no ICR2, reserved registers; read-only and write-only ones. */
	static const u32 unreadable[] = { 0x800, 0x801, 0x804, 0x80B, 0x80C, 0x80E, 0x831, 0x83F, 0x840, 0x8FF };
	static const u32 unwritable[] = { 0x802, 0x803, 0x80A, 0x80D, 0x80E, 0x810, 0x820, 0x831, 0x839, 0x840 };
	for (size_t i = 0; i < ARRAY_SIZE(unreadable); i++) {
		assert_false(lapic_rdmsr(&cpu[0], unreadable[i], &value));
		wrmsr_faults(unwritable[i], 0);
	}
	/* Reserved bits; EOI and ESR take only zero. */
	static const struct {
		u32 msr;
		u64 good, bad;
	} bits[] = { { 0x808, 0xFF, 0x100 }, { 0x80B, 0, 1 }, { 0x80F, 0x1FF, 0x2FF }, { 0x828, 0, 1 },
		{ 0x830, 0xFF, 0x1000 }, { 0x832, 0x400FF, 0x80000 }, { 0x838, 0xFFFFFFFF, 0x100000000 },
		{ 0x83E, 0xB, 4 }, { 0x83F, 0xFF, 0x100 } };
	for (size_t i = 0; i < ARRAY_SIZE(bits); i++) {
		wrmsr_faults(bits[i].msr, bits[i].bad);
		wrmsr(bits[i].msr, bits[i].good);
	}
}

static void modes_change_only_along_the_manuals_arrows(void **state)
{
	(void)state;
	wrmsr_faults(0x1B, 0xFEE00500);
	wrmsr_faults(0x1B, 0xFED00900);
	wrmsr_faults(0x1B, 0xFEE00800);
	wrmsr_faults(0x1B, (u64)1 << 40 | 0xFEE00900);
	enter_x2apic(0);
	wrmsr_faults(0x1B, 0xFEE00900);
	wrmsr(0x1B, 0xFEE00100);
	assert_true(lapic_passes_pic(&cpu[0]));
	lapic_deliver(&cpu[0], 0x40, false);
	assert_int_equal(lapic_pending(&cpu[0]), LAPIC_NONE);
	assert_false(lapic_accepts(&cpu[0], &(struct apic_message){ .destination = 0 }));
	wrmsr_faults(0x1B, 0xFEE00D00);
	wrmsr(0x1B, 0xFEE00900);
	assert_int_equal(get(SVR), 0xFF);
}

static void local_pins_pass_what_they_are_set_to(void **state)
{
	(void)state;
	assert_false(lapic_passes_pic(&cpu[0]));
	assert_false(lapic_passes_nmi(&cpu[0]));
	set(LINT0, 0x700);
	set(LINT1, 0x400);
	assert_true(lapic_passes_pic(&cpu[0]));
	assert_true(lapic_passes_nmi(&cpu[0]));
	set(LINT0, 0x10700);
	assert_false(lapic_passes_pic(&cpu[0]));
	set(LINT0, 0xFFFFFFFF);
	assert_int_equal(get(LINT0), 0x1A7FF);
}

static unsigned taken(int vector)
{
	if (lapic_pending(&cpu[0]) != vector)
		return 0;
	lapic_acknowledge(&cpu[0]);
	set(EOI, 0);
	return 1;
}

static void the_timer_counts_down_once(void **state)
{
	(void)state;
	set(DIVIDE, 0x3);
	set(TIMER, 0x31);
	set(INITIAL, 1000);
	/* 1 MHz divided by 16: 16 ms. */
	pass(8000000);
	assert_int_equal(get(CURRENT), 500);
	pass(7999999);
	assert_int_equal(taken(0x31), 0);
	pass(1);
	assert_int_equal(taken(0x31), 1);
	assert_int_equal(get(CURRENT), 0);
	pass(1000000000);
	assert_int_equal(taken(0x31), 0);
	/* Divided by 1, and stopped by zero. */
	set(DIVIDE, 0xB);
	set(INITIAL, 1000);
	pass(999000);
	assert_int_equal(get(CURRENT), 1);
	set(INITIAL, 0);
	pass(1000000);
	assert_int_equal(taken(0x31), 0);
}

static void every_divider_is_the_manuals(void **state)
{
	(void)state;
	static const struct {
		u32 code, divider;
	} table[] = { { 0x0, 2 }, { 0x1, 4 }, { 0x2, 8 }, { 0x3, 16 }, { 0x8, 32 }, { 0x9, 64 }, { 0xA, 128 },
		{ 0xB, 1 } };
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		set(DIVIDE, table[i].code);
		set(INITIAL, 1000);
		time_now += (u64)table[i].divider * 250 * 1000;
		assert_int_equal(get(CURRENT), 750);
	}
}

static void the_timer_repeats_and_never_floods(void **state)
{
	(void)state;
	set(DIVIDE, 0xB);
	set(TIMER, 0x20031);
	set(INITIAL, 4000);
	for (u32 i = 0; i < 100; i++) {
		pass(4000000);
		assert_int_equal(taken(0x31), 1);
	}
	pass(4000000 * (u64)50);
	assert_int_equal(taken(0x31), 1);
	assert_int_equal(taken(0x31), 0);
	set(INITIAL, 1);
	unsigned n = 0;
	for (u32 us = 0; us < 1000000; us += 10) {
		pass(10000);
		n += taken(0x31);
	}
	assert_in_range(n, 9000, 10001);
	/* Masked it counts but does not interrupt. */
	set(TIMER, 0x30031);
	pass(10000000);
	assert_int_equal(taken(0x31), 0);
}

static void tsc_deadlines_fire_once_and_read_zero_after(void **state)
{
	(void)state;
	wrmsr(0x6E0, 12345);
	assert_int_equal(rdmsr(0x6E0), 0);
	set(TIMER, 0x40032);
	/* Guest TSC at 2 GHz: 20001 ticks are 10001 ns, rounded up. */
	wrmsr(0x6E0, 20001);
	assert_int_equal(rdmsr(0x6E0), 20001);
	set(INITIAL, 5);
	assert_int_equal(get(INITIAL), 0);
	pass(10000);
	assert_int_equal(taken(0x32), 0);
	pass(1);
	assert_int_equal(taken(0x32), 1);
	assert_int_equal(rdmsr(0x6E0), 0);
	/* In the past: at once. Zero: disarmed. */
	wrmsr(0x6E0, 1);
	pass(0);
	assert_int_equal(taken(0x32), 1);
	wrmsr(0x6E0, 40000);
	wrmsr(0x6E0, 0);
	pass(1000000);
	assert_int_equal(taken(0x32), 0);
	wrmsr(0x6E0, UINT64_MAX);
	pass(1000000000000);
	assert_int_equal(taken(0x32), 0);
	/* Leaving the mode disarms. */
	wrmsr(0x6E0, time_now * 2 + 1000);
	set(TIMER, 0x32);
	pass(1000000);
	assert_int_equal(taken(0x32), 0);
}

static void init_starts_over_but_keeps_its_place(void **state)
{
	(void)state;
	set(TPR, 0x40);
	set(DIVIDE, 0xB);
	set(TIMER, 0x20031);
	set(INITIAL, 1000);
	lapic_deliver(&cpu[0], 0x90, true);
	lapic_reset(&cpu[0]);
	assert_int_equal(rdmsr(0x1B), 0xFEE00900);
	assert_int_equal(get(TPR), 0);
	assert_int_equal(get(SVR), 0xFF);
	assert_int_equal(lapic_requested(&cpu[0]), LAPIC_NONE);
	assert_true(clk.earliest == CLOCK_NEVER);
}

/* Any value to any register through either door: nothing breaks, and nothing fires without end. */
static void random_accesses_stay_inside(void **state)
{
	(void)state;
	u64 seed = 1, faults = 0;
	for (u32 i = 0; i < 400000; i++) {
		seed = seed * 6364136223846793005u + 1442695040888963407u;
		u32 offset = (u32)(seed >> 40) & 0x1FFF, value = (u32)(seed >> 20);
		u64 ignored;
		if (i % 3 == 0)
			set(offset & ~15u, value);
		else if (i % 3 == 1)
			faults += !lapic_wrmsr(&cpu[0], 0x800 + (offset & 0xFF), value);
		else
			faults += !lapic_rdmsr(&cpu[0], 0x800 + (offset & 0xFF), &ignored);
		(void)get(offset);
		lapic_acknowledge(&cpu[0]);
		if (i == 200000)
			enter_x2apic(0);
		pass(1000);
	}
	assert_true(sent > 10 && faults > 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(starts_as_after_power_on, set_up),
		cmocka_unit_test_setup(interrupts_nest_by_priority_class, set_up),
		cmocka_unit_test_setup(task_priority_holds_back, set_up),
		cmocka_unit_test_setup(level_interrupts_tell_the_io_apic, set_up),
		cmocka_unit_test_setup(software_disabled_it_takes_nothing, set_up),
		cmocka_unit_test_setup(errors_are_latched_by_a_write, set_up),
		cmocka_unit_test_setup(interprocessor_interrupts_are_decoded, set_up),
		cmocka_unit_test_setup(messages_find_their_processors, set_up),
		cmocka_unit_test_setup(x2apic_has_its_own_rules, set_up),
		cmocka_unit_test_setup(x2apic_faults_as_the_manual_says, set_up),
		cmocka_unit_test_setup(modes_change_only_along_the_manuals_arrows, set_up),
		cmocka_unit_test_setup(local_pins_pass_what_they_are_set_to, set_up),
		cmocka_unit_test_setup(the_timer_counts_down_once, set_up),
		cmocka_unit_test_setup(every_divider_is_the_manuals, set_up),
		cmocka_unit_test_setup(the_timer_repeats_and_never_floods, set_up),
		cmocka_unit_test_setup(tsc_deadlines_fire_once_and_read_zero_after, set_up),
		cmocka_unit_test_setup(init_starts_over_but_keeps_its_place, set_up),
		cmocka_unit_test_setup(random_accesses_stay_inside, set_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
