/* The local APIC in x2APIC mode, as the SDM (volume 3) and stock kernels see it. */
#include "hv/dev/lapic.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <string.h>

enum { TSC_KHZ = 2000000, CPUS = 4 };

/* MSRs, from the SDM's register map. */
enum {
	ID = 0x802,
	VERSION = 0x803,
	TPR = 0x808,
	PPR = 0x80A,
	EOI = 0x80B,
	LDR = 0x80D,
	SVR = 0x80F,
	ISR = 0x810,
	TMR = 0x818,
	IRR = 0x820,
	ESR = 0x828,
	ICR = 0x830,
	TIMER = 0x832,
	LINT0 = 0x835,
	LINT1 = 0x836,
	ERROR = 0x837,
	INITIAL = 0x838,
	CURRENT = 0x839,
	DIVIDE = 0x83E,
	SELF_IPI = 0x83F,
	APIC_BASE = 0x1B,
	DEADLINE = 0x6E0,
};

static struct lapic cpu[CPUS];
static u64 tsc;
static struct apic_message last;
static unsigned sent, eois;
static u8 eoi_vector;

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

/* In microseconds, which are ticks of the timer's crystal. */
static void pass(u64 us)
{
	tsc += us * (TSC_KHZ / 1000);
	lapic_tick(&cpu[0], tsc);
}

static u64 get(u32 msr)
{
	u64 value = 0;
	assert_true(lapic_rdmsr(&cpu[0], msr, tsc, &value));
	return value;
}

static void set(u32 msr, u64 value)
{
	assert_true(lapic_wrmsr(&cpu[0], msr, tsc, value));
}

static void set_faults(u32 msr, u64 value)
{
	assert_false(lapic_wrmsr(&cpu[0], msr, tsc, value));
}

static int set_up(void **state)
{
	(void)state;
	tsc = 1000;
	sent = eois = 0;
	for (u32 i = 0; i < CPUS; i++) {
		struct lapic_config config = {
			.id = i * 17, .bootstrap = i == 0, .tsc_khz = TSC_KHZ, .ipi = { send, NULL }, .eoi = eoi
		};
		lapic_init(&cpu[i], &config);
	}
	set(SVR, 0x1FF);
	return 0;
}

static void starts_as_after_power_on(void **state)
{
	(void)state;
	static const struct {
		u32 msr, value;
	} expected[] = { { ID, 17 }, { VERSION, 0x00050014 }, { TPR, 0 }, { PPR, 0 }, { LDR, 0x10002 }, { SVR, 0xFF },
		{ ESR, 0 }, { ICR, 0 }, { TIMER, 0x10000 }, { LINT0, 0x10000 }, { LINT1, 0x10000 }, { ERROR, 0x10000 },
		{ INITIAL, 0 }, { CURRENT, 0 }, { DIVIDE, 0 }, { APIC_BASE, 0xFEE00C00 }, { DEADLINE, 0 } };
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
		u64 value;
		assert_true(lapic_rdmsr(&cpu[1], expected[i].msr, tsc, &value));
		assert_int_equal(value, expected[i].value);
	}
	assert_int_equal(get(APIC_BASE), 0xFEE00D00);
	assert_true(cpu[0].deadline == LAPIC_NEVER);
}

static void interrupts_nest_by_priority_class(void **state)
{
	(void)state;
	lapic_deliver(&cpu[0], 0x41, false);
	lapic_deliver(&cpu[0], 0x81, false);
	assert_int_equal(lapic_pending(&cpu[0]), 0x81);
	lapic_acknowledge(&cpu[0]);
	assert_int_equal(get(ISR + 4), 1 << 1);
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
	assert_int_equal(get(IRR + 2), 1 << 21);
}

static void level_interrupts_tell_the_io_apic(void **state)
{
	(void)state;
	lapic_deliver(&cpu[0], 0x61, true);
	assert_int_equal(get(TMR + 3), 2);
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
	set(SELF_IPI, 0x0F);
	set(ESR, 0);
	assert_int_equal(get(ESR), 0x20);
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
	set(ICR, (u64)2 << 32 | 0xFD);
	assert_int_equal(get(ICR), (u64)2 << 32 | 0xFD);
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
	set(ICR, (u64)3 << 32 | 0x4609);
	assert_int_equal(last.delivery, DELIVER_STARTUP);
	assert_int_equal(last.vector, 0x09);
	assert_int_equal(last.destination, 3);
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
	set(ICR, (u64)0x1000F << 32 | 0x4840);
	assert_true(last.logical && last.destination == 0x1000F);
	set(ICR, (u64)0xFFFFFFFF << 32 | 0x4040);
	assert_true(last.destination == APIC_BROADCAST && sent == 7);
	set(SELF_IPI, 0x77);
	assert_int_equal(lapic_pending(&cpu[0]), 0x77);
}

static void assert_accepted(const struct apic_message *m, u32 cpus)
{
	for (u32 i = 0; i < CPUS; i++)
		assert_int_equal(lapic_accepts(&cpu[i], m), cpus >> i & 1);
}

static void messages_find_their_processors(void **state)
{
	(void)state;
	assert_accepted(&(struct apic_message){ .destination = 34 }, 4);
	assert_accepted(&(struct apic_message){ .destination = 7 }, 0);
	assert_accepted(&(struct apic_message){ .destination = APIC_BROADCAST }, 15);
	/* Processor i is member i of cluster i. */
	assert_accepted(&(struct apic_message){ .destination = 0x0000FFFF, .logical = true }, 1);
	assert_accepted(&(struct apic_message){ .destination = 0x00020004, .logical = true }, 4);
	assert_accepted(&(struct apic_message){ .destination = 0x0002FFFB, .logical = true }, 0);
	assert_accepted(&(struct apic_message){ .destination = APIC_BROADCAST, .logical = true }, 15);
}

static void faults_as_the_manual_says(void **state)
{
	(void)state;
	u64 value;
	/* No DFR, no second half of ICR, reserved registers; read-only and write-only ones. */
	static const u32 unreadable[] = { 0x800, 0x801, 0x804, 0x80B, 0x80C, 0x80E, 0x831, 0x83F, 0x840, 0x8FF };
	static const u32 unwritable[] = { 0x802, 0x803, 0x80A, 0x80D, 0x80E, 0x810, 0x820, 0x831, 0x839, 0x840 };
	for (size_t i = 0; i < ARRAY_SIZE(unreadable); i++) {
		assert_false(lapic_rdmsr(&cpu[0], unreadable[i], tsc, &value));
		set_faults(unwritable[i], 0);
	}
	/* Reserved bits; EOI and ESR take only zero. */
	static const struct {
		u32 msr;
		u64 good, bad;
	} bits[] = { { TPR, 0xFF, 0x100 }, { EOI, 0, 1 }, { SVR, 0x1FF, 0x2FF }, { ESR, 0, 1 }, { ICR, 0xFF, 0x1000 },
		{ TIMER, 0x400FF, 0x80000 }, { 0x833, 0x107FF, 0x800 }, { 0x834, 0x400, 0x20000 },
		{ LINT0, 0x1A7FF, 0x800 }, { LINT1, 0x400, 0x20000 }, { ERROR, 0x100FF, 0x100 },
		{ INITIAL, 0xFFFFFFFF, 0x100000000 }, { DIVIDE, 0xB, 4 }, { SELF_IPI, 0xFF, 0x100 } };
	for (size_t i = 0; i < ARRAY_SIZE(bits); i++) {
		set_faults(bits[i].msr, bits[i].bad);
		set(bits[i].msr, bits[i].good);
	}
	/* Delivery status and remote IRR can be written, and stay what they are. */
	set(LINT0, 0x1F7FF);
	assert_int_equal(get(LINT0), 0x1A7FF);
}

static void neither_mode_nor_place_changes(void **state)
{
	(void)state;
	set(APIC_BASE, 0xFEE00D00);
	static const u64 refused[] = { 0, 0xFEE00100, 0xFEE00900, 0xFEE00500, 0xFEE00C00, 0xFED00D00,
		(u64)1 << 40 | 0xFEE00D00 };
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++)
		set_faults(APIC_BASE, refused[i]);
	assert_int_equal(get(APIC_BASE), 0xFEE00D00);
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
	assert_int_equal(cpu[0].deadline, 1000 + 16 * TSC_KHZ);
	pass(8000);
	assert_int_equal(get(CURRENT), 500);
	pass(7999);
	assert_int_equal(taken(0x31), 0);
	pass(1);
	assert_int_equal(taken(0x31), 1);
	assert_int_equal(get(CURRENT), 0);
	assert_int_equal(get(INITIAL), 1000);
	pass(1000000);
	assert_int_equal(taken(0x31), 0);
	/* A divider alone starts nothing. */
	set(DIVIDE, 0xB);
	assert_true(cpu[0].deadline == LAPIC_NEVER);
	set(INITIAL, 1000);
	pass(999);
	assert_int_equal(get(CURRENT), 1);
	/* Stopped by zero. */
	set(INITIAL, 0);
	pass(1000);
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
		set(INITIAL, 1000);
		pass(1);
		set(DIVIDE, table[i].code);
		pass((u64)table[i].divider * 250);
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
		pass(3999);
		assert_int_equal(get(CURRENT), 1);
		pass(1);
		assert_int_equal(taken(0x31), 1);
	}
	pass(4000 * 50);
	assert_int_equal(taken(0x31), 1);
	assert_int_equal(taken(0x31), 0);
	/* Not on the grid: the next one is again. */
	pass(5000);
	assert_int_equal(taken(0x31), 1);
	pass(3000);
	assert_int_equal(taken(0x31), 1);
	set(INITIAL, 1);
	unsigned n = 0;
	for (u32 us = 0; us < 1000000; us += 10) {
		pass(10);
		n += taken(0x31);
	}
	assert_int_equal(n, 10000);
	/* Masked it counts but does not interrupt. */
	set(TIMER, 0x30031);
	pass(10000);
	assert_int_equal(taken(0x31), 0);
}

static void the_longest_count_on_the_fastest_processor_fits(void **state)
{
	(void)state;
	cpu[0].config.tsc_khz = 20000000;
	tsc = (u64)1 << 60;
	set(DIVIDE, 0xA);
	set(TIMER, 0x20031);
	set(INITIAL, 0xFFFFFFFF);
	u64 period = 0xFFFFFFFF * (u64)128 * 20000;
	assert_int_equal(cpu[0].deadline, tsc + period);
	tsc += period / 2;
	assert_int_equal(get(CURRENT), 0x80000000);
	tsc += period / 2 + 1;
	lapic_tick(&cpu[0], tsc);
	assert_int_equal(taken(0x31), 1);
	assert_int_equal(cpu[0].deadline, ((u64)1 << 60) + 2 * period);
}

static void tsc_deadlines_fire_once_and_read_zero_after(void **state)
{
	(void)state;
	set(DEADLINE, 12345);
	assert_int_equal(get(DEADLINE), 0);
	set(TIMER, 0x40032);
	set(DEADLINE, 20001);
	assert_int_equal(get(DEADLINE), 20001);
	assert_int_equal(cpu[0].deadline, 20001);
	set(INITIAL, 5);
	assert_int_equal(get(INITIAL), 0);
	assert_int_equal(get(CURRENT), 0);
	lapic_tick(&cpu[0], 20000);
	assert_int_equal(taken(0x32), 0);
	lapic_tick(&cpu[0], 20001);
	assert_int_equal(taken(0x32), 1);
	assert_int_equal(get(DEADLINE), 0);
	lapic_tick(&cpu[0], 20002);
	assert_int_equal(taken(0x32), 0);
	/* In the past: at once. Zero: disarmed. */
	set(DEADLINE, 1);
	pass(0);
	assert_int_equal(taken(0x32), 1);
	set(DEADLINE, 40000);
	set(DEADLINE, 0);
	pass(1000000);
	assert_int_equal(taken(0x32), 0);
	/* Leaving the mode disarms. */
	set(DEADLINE, tsc + 1000);
	set(TIMER, 0x32);
	pass(1000000);
	assert_int_equal(taken(0x32), 0);
	/* And so does entering it. */
	set(INITIAL, 10);
	set(TIMER, 0x40032);
	assert_true(cpu[0].deadline == LAPIC_NEVER);
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
	assert_int_equal(get(APIC_BASE), 0xFEE00D00);
	assert_int_equal(get(TPR), 0);
	assert_int_equal(get(SVR), 0xFF);
	assert_int_equal(lapic_requested(&cpu[0]), LAPIC_NONE);
	assert_true(cpu[0].deadline == LAPIC_NEVER);
}

/* Any value to any register: nothing breaks, and nothing fires without end. */
static void random_accesses_stay_inside(void **state)
{
	(void)state;
	static const struct {
		u32 msr;
		u64 bits;
	} legal[] = { { ICR, 0xFFFFFFFF000CCFFF }, { TIMER, 0x710FF }, { INITIAL, 0xFFF }, { SVR, 0x1FF }, { EOI, 0 } };
	u64 seed = 1, faults = 0, ticks = 0;
	for (u32 i = 0; i < 400000; i++) {
		seed = seed * 6364136223846793005u + 1442695040888963407u;
		u32 msr = 0x800 + ((u32)(seed >> 40) & 0xFF), n = i / 3 % ARRAY_SIZE(legal);
		u64 ignored;
		if (i % 3 == 0)
			set(legal[n].msr, seed >> 13 & legal[n].bits);
		else if (i % 3 == 1)
			faults += !lapic_wrmsr(&cpu[0], msr, tsc, seed >> (seed >> 58));
		else
			faults += !lapic_rdmsr(&cpu[0], msr, tsc, &ignored);
		set(DEADLINE, tsc + (seed >> 48));
		lapic_acknowledge(&cpu[0]);
		pass(1);
		ticks += cpu[0].deadline != LAPIC_NEVER;
		assert_true(cpu[0].deadline > tsc);
	}
	assert_true(sent > 10 && faults > 1000 && ticks > 100);
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
		cmocka_unit_test_setup(faults_as_the_manual_says, set_up),
		cmocka_unit_test_setup(neither_mode_nor_place_changes, set_up),
		cmocka_unit_test_setup(the_timer_counts_down_once, set_up),
		cmocka_unit_test_setup(every_divider_is_the_manuals, set_up),
		cmocka_unit_test_setup(the_timer_repeats_and_never_floods, set_up),
		cmocka_unit_test_setup(the_longest_count_on_the_fastest_processor_fits, set_up),
		cmocka_unit_test_setup(tsc_deadlines_fire_once_and_read_zero_after, set_up),
		cmocka_unit_test_setup(init_starts_over_but_keeps_its_place, set_up),
		cmocka_unit_test_setup(random_accesses_stay_inside, set_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
