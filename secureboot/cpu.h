/*
 * The stage's processor instructions, each one line: ports, registers, time.
 * Trust: hardware access.
 */
#ifndef SIGNET_SECUREBOOT_CPU_H
#define SIGNET_SECUREBOOT_CPU_H

#include "lib/types.h"

static inline void out8(u16 port, u8 value)
{
	__asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static inline u8 in8(u16 port)
{
	u8 value;

	__asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

struct cpuid_leaf {
	u32 a, b, c, d;
};

static inline struct cpuid_leaf cpuid(u32 leaf)
{
	struct cpuid_leaf r;

	__asm__ volatile("cpuid" : "=a"(r.a), "=b"(r.b), "=c"(r.c), "=d"(r.d) : "a"(leaf), "c"(0));
	return r;
}

static inline u64 read_cr4(void)
{
	u64 value;

	__asm__ volatile("mov %%cr4, %0" : "=r"(value));
	return value;
}

static inline void write_cr3(u64 tables)
{
	__asm__ volatile("mov %0, %%cr3" : : "r"(tables) : "memory");
}

static inline u64 read_time_stamp(void)
{
	u32 low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return (u64)high << 32 | low;
}

static inline void write_msr(u32 msr, u64 value)
{
	__asm__ volatile("wrmsr" : : "c"(msr), "a"((u32)value), "d"((u32)(value >> 32)));
}

/* False when the generator had nothing ready. */
static inline bool read_random(u64 *value)
{
	bool good;

	__asm__ volatile("rdrand %0" : "=r"(*value), "=@ccc"(good));
	return good;
}

static inline void disable_interrupts(void)
{
	__asm__ volatile("cli" : : : "memory");
}

static inline _Noreturn void halt(void)
{
	for (;;)
		__asm__ volatile("cli; hlt");
}

/* entry.S */
void load_descriptors(void);
_Noreturn void enter_hypervisor(u64 entry, u64 handoff, u64 length, u64 tables);
extern u8 image_start[], image_end[];

/* exceptions.c: every exception becomes a stop; needs load_descriptors. */
void catch_exceptions(void);

#endif
