/* Interrupts and NMIs that a guest sends itself, its timer, and guests that take all they can get of a processor. */
#include "tests/guest/guest.h"

enum { DEADLINE = 0x6E0, LVT_TIMER = 0x832, SPURIOUS = 0x80F, SELF_IPI = 0x83F, ICR = 0x830 };
enum { TIMER_VECTOR = 0x40, LOW_VECTOR = 0x41, HIGH_VECTOR = 0xE1, TSC_DEADLINE = 2 << 17, PATIENCE = 1 << 20 };
enum { DELIVER_NMI = 4 << 8, DELIVER_INIT = 5 << 8, DELIVER_SIPI = 6 << 8, ASSERT = BIT(14) };

static void enable(void)
{
	expect("APIC on", 0, NOTHING, wrmsr(SPURIOUS, 0x1FF));
	expect("timer", 0, NOTHING, wrmsr(LVT_TIMER, TSC_DEADLINE | TIMER_VECTOR));
}

static void expect_taken(const char *what, u32 vector, u64 times)
{
	for (u32 i = 0; i < PATIENCE && taken[vector] < times; i++)
		__asm__ volatile("sti; nop; cli");
	expect(what, vector, times, taken[vector]);
}

static void timer(void)
{
	wrmsr(DEADLINE, tsc() + 1000000);
	__asm__ volatile("sti; hlt; cli");
	expect("timer, asleep", 0, 1, taken[TIMER_VECTOR]);
	wrmsr(DEADLINE, tsc() + 1000000);
	expect_taken("timer, awake", TIMER_VECTOR, 2);
	wrmsr(DEADLINE, 1);
	expect_taken("timer, in the past", TIMER_VECTOR, 3);
}

static void priorities(void)
{
	u64 value;

	__asm__ volatile("mov %0, %%cr8" : : "r"(15ull));
	expect("self IPI", 0, NOTHING, wrmsr(SELF_IPI, HIGH_VECTOR));
	__asm__ volatile("sti; nop; nop; cli");
	expect("held back by CR8", 0, 0, taken[HIGH_VECTOR]);
	__asm__ volatile("mov %0, %%cr8" : : "r"(0ull));
	expect_taken("CR8 lowered", HIGH_VECTOR, 1);
	wrmsr(SELF_IPI, LOW_VECTOR);
	wrmsr(SELF_IPI, HIGH_VECTOR);
	expect("requested", 0, NOTHING, rdmsr(0x822, &value));
	expect_taken("the higher one", HIGH_VECTOR, 2);
	expect_taken("and the lower one", LOW_VECTOR, 1);
	/* Vectors below 16 are errors, and exceptions' vectors from outside are not exceptions. */
	(void)wrmsr(SELF_IPI, 5);
	__asm__ volatile("sti; nop; nop; cli");
	expect("vector 5", 5, 0, taken[5]);
}

static void messages(void)
{
	u64 own;

	expect("id", 0, NOTHING, rdmsr(0x802, &own));
	own <<= 32;
	expect("NMI", 0, NOTHING, wrmsr(ICR, own | DELIVER_NMI | ASSERT));
	expect_taken("NMI", NMI, 1);
	expect("NMI", 1, NOTHING, wrmsr(ICR, own | DELIVER_NMI | ASSERT));
	expect_taken("NMI", NMI, 2);
	/* A running processor ignores SIPIs; nobody has this id; modes 1 to 3 and 7 mean nothing here. */
	(void)wrmsr(ICR, own | DELIVER_SIPI | ASSERT | 8);
	(void)wrmsr(ICR, 200ull << 32 | DELIVER_INIT | ASSERT);
	(void)wrmsr(ICR, 200ull << 32 | DELIVER_SIPI | ASSERT | 8);
	for (u32 mode = 0; mode < 8; mode++)
		if (mode != 4 && mode != 5)
			(void)wrmsr(ICR, own | mode << 8 | ASSERT | LOW_VECTOR);
	__asm__ volatile("sti; nop; nop; cli");
}

void case_interrupts(void)
{
	enable();
	timer();
	priorities();
	messages();
}

/* What a neighbour must not be able to change: memory, registers, time that goes on. */
void case_steady(void)
{
	volatile u64 *counts = (volatile u64 *)STEADY_ROUNDS, *pattern = (volatile u64 *)GUEST_STACK;
	u64 last = 0;

	enable();
	for (u64 round = 1;; round++) {
		u64 base = round << 32, found[4];

		for (u64 i = 0; i < 512; i++)
			pattern[i] = base + i;
		wrmsr(0xC0000102, base);
		__asm__ volatile("mov %0, %%cr2; mov %0, %%dr1" : : "r"(base));
		wrmsr(DEADLINE, tsc() + 100000);
		__asm__ volatile("sti; hlt; cli");
		__asm__ volatile("mov %%cr2, %0; mov %%dr1, %1" : "=r"(found[0]), "=r"(found[1]));
		(void)rdmsr(0xC0000102, &found[2]);
		found[3] = tsc();
		counts[1] += found[3] <= last;
		last = found[3];
		for (u64 i = 0; i < 3; i++)
			counts[1] += found[i] != base;
		for (u64 i = 0; i < 512; i++)
			counts[1] += pattern[i] != base + i;
		counts[0] = round;
	}
}

void case_spin(void)
{
	__asm__ volatile("cli; 1: jmp 1b");
}

void case_deaf_halt(void)
{
	__asm__ volatile("cli; hlt");
}

/* Exits, requests of interrupts, and output that nobody reads. */
void case_exit_flood(void)
{
	enable();
	for (;;) {
		(void)leaf_of(0, 0);
		(void)wrmsr(SELF_IPI, LOW_VECTOR);
		out(0x80, 0, 1);
		__asm__ volatile("sti; nop; cli");
	}
}
