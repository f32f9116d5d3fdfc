/*
 * What the bare-metal guests share: exceptions that can be expected, and a line of text for the runner.
 * Test code that runs as a guest.
 */
#ifndef SIGNET_TESTS_GUEST_GUEST_H
#define SIGNET_TESTS_GUEST_GUEST_H

#include "lib/types.h"
#include "tests/guest/cases.h"

enum exception {
	DE = 0,
	DB = 1,
	NMI = 2,
	BP = 3,
	UD = 6,
	NM = 7,
	DF = 8,
	SS = 12,
	GP = 13,
	PF = 14,
	AC = 17,
	NOTHING = 0x100
};

/* Set by the handlers in start.S: the last exception, or NOTHING; where to go on after it, or 0 to go on as it was. */
extern volatile u64 caught, caught_error, caught_rip, caught_flags, recover;
/* How many of each vector came, the machine's interrupts too. */
extern volatile u64 taken[256];

/* Runs an instruction; caught tells what came of it. Operands follow as in asm. */
#define TRY(code, ...)                                                                                                 \
	do {                                                                                                           \
		caught = NOTHING;                                                                                      \
		__asm__ volatile("movq $1f, recover(%%rip)\n\t" code "\n1:" __VA_ARGS__);                              \
		recover = 0;                                                                                           \
	} while (0)

/* A check: the first few that differ are told one by one, all are counted. */
void expect(const char *what, u64 which, u64 expected, u64 found);
void say_line(const char *text, u64 a, u64 b);

static inline void out(u16 port, u32 value, u32 size)
{
	if (size == 1)
		__asm__ volatile("outb %b0, %1" : : "a"(value), "d"(port));
	else if (size == 2)
		__asm__ volatile("outw %w0, %1" : : "a"(value), "d"(port));
	else
		__asm__ volatile("outl %0, %1" : : "a"(value), "d"(port));
}

static inline u32 in(u16 port, u32 size)
{
	u32 value = 0;

	if (size == 1)
		__asm__ volatile("inb %1, %b0" : "+a"(value) : "d"(port));
	else if (size == 2)
		__asm__ volatile("inw %1, %w0" : "+a"(value) : "d"(port));
	else
		__asm__ volatile("inl %1, %0" : "+a"(value) : "d"(port));
	return value;
}

struct leaf {
	u32 a, b, c, d;
};

static inline struct leaf leaf_of(u32 leaf, u32 subleaf)
{
	struct leaf r;

	__asm__ volatile("cpuid" : "=a"(r.a), "=b"(r.b), "=c"(r.c), "=d"(r.d) : "a"(leaf), "c"(subleaf));
	return r;
}

static inline u64 tsc(void)
{
	u32 low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return (u64)high << 32 | low;
}

/* Gives the exception, or NOTHING. */
static inline u64 rdmsr(u32 msr, u64 *value)
{
	u32 low = 0, high = 0;

	TRY("rdmsr", : "+a"(low), "+d"(high) : "c"(msr) : "memory");
	*value = (u64)high << 32 | low;
	return caught;
}

static inline u64 wrmsr(u32 msr, u64 value)
{
	TRY("wrmsr", : : "a"((u32)value), "d"((u32)(value >> 32)), "c"(msr) : "memory");
	return caught;
}

/* Deterministic, one number after the other: every run is the same. */
u64 random_number(void);

/* The guest's page tables map [linear, linear + 4096) to a physical page, with the entry's low bits. */
void map_page(u64 linear, u64 entry);
/* A handler of its own for a vector; NULL: back to the common one. ist: 0, or the task state's stack. */
void set_gate(u32 vector, const void *handler, u32 ist);

#define GUEST_FUNCTION_LONG(name) void case_##name(void);
#define GUEST_FUNCTION_LEGACY(name)
#define GUEST_CASE_FUNCTION(name, row, start, end) GUEST_FUNCTION_##start(name)
GUEST_CASES(GUEST_CASE_FUNCTION)

#endif
