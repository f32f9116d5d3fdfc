/*
 * The processor's instructions, each one line: all inline assembly of the hypervisor but VMX's (hv/vmx/instructions.h).
 * Trust: in the TCB; hardware access.
 */
#ifndef SIGNET_HV_X86_CPU_H
#define SIGNET_HV_X86_CPU_H

#include "hv/x86/bits.h"

#include "lib/types.h"

/* Of root mode alone; the others are in bits.h. */
enum root_msr { MSR_FEATURE_CONTROL = 0x3A };
enum { CPUID_FEATURES = 1, FEATURE_C_RDRAND = BIT(30) };

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

static inline void out16(u16 port, u16 value)
{
	__asm__ volatile("outw %0, %1" : : "a"(value), "Nd"(port));
}

static inline u16 in16(u16 port)
{
	u16 value;

	__asm__ volatile("inw %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

static inline void out32(u16 port, u32 value)
{
	__asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port));
}

static inline u32 in32(u16 port)
{
	u32 value;

	__asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

struct cpuid_leaf {
	u32 a, b, c, d;
};

static inline struct cpuid_leaf cpuid(u32 leaf, u32 subleaf)
{
	struct cpuid_leaf r;

	__asm__ volatile("cpuid" : "=a"(r.a), "=b"(r.b), "=c"(r.c), "=d"(r.d) : "a"(leaf), "c"(subleaf));
	return r;
}

static inline u64 read_msr(u32 msr)
{
	u32 low, high;

	__asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr) : "memory");
	return (u64)high << 32 | low;
}

static inline void write_msr(u32 msr, u64 value)
{
	__asm__ volatile("wrmsr" : : "c"(msr), "a"((u32)value), "d"((u32)(value >> 32)) : "memory");
}

static inline u64 read_cr0(void)
{
	u64 value;

	__asm__ volatile("mov %%cr0, %0" : "=r"(value) : : "memory");
	return value;
}

static inline void write_cr0(u64 value)
{
	__asm__ volatile("mov %0, %%cr0" : : "r"(value) : "memory");
}

static inline u64 read_cr2(void)
{
	u64 value;

	__asm__ volatile("mov %%cr2, %0" : "=r"(value) : : "memory");
	return value;
}

static inline u64 read_cr3(void)
{
	u64 value;

	__asm__ volatile("mov %%cr3, %0" : "=r"(value) : : "memory");
	return value;
}

static inline void write_cr3(u64 tables)
{
	__asm__ volatile("mov %0, %%cr3" : : "r"(tables) : "memory");
}

static inline u64 read_cr4(void)
{
	u64 value;

	__asm__ volatile("mov %%cr4, %0" : "=r"(value) : : "memory");
	return value;
}

static inline void write_cr4(u64 value)
{
	__asm__ volatile("mov %0, %%cr4" : : "r"(value) : "memory");
}

/* Nothing before it is still under way, nothing behind it has begun. */
static inline u64 read_time_stamp(void)
{
	u32 low, high;

	__asm__ volatile("lfence; rdtsc; lfence" : "=a"(low), "=d"(high) : : "memory");
	return (u64)high << 32 | low;
}

/* False: the processor has no RDRAND, or its generator has nothing ready, which ten tries show (SDM volume 1, 7.3.17).
 */
static inline bool read_random(u64 *value)
{
	bool there = cpuid(CPUID_FEATURES, 0).c & FEATURE_C_RDRAND, good = false;

	for (u32 tries = 0; there && !good && tries < 10; tries++)
		__asm__ volatile("rdrand %0" : "=r"(*value), "=@ccc"(good));
	return good;
}

struct __attribute__((packed)) table_pointer {
	u16 limit;
	u64 base;
};

static inline void load_idt(const struct table_pointer *table)
{
	__asm__ volatile("lidt %0" : : "m"(*table) : "memory");
}

static inline void load_task(u16 selector)
{
	__asm__ volatile("ltr %0" : : "r"(selector) : "memory");
}

static inline void pause(void)
{
	__asm__ volatile("pause" : : : "memory");
}

/* Interrupts stay off: only an NMI, INIT or machine check ends it. */
static inline void halt(void)
{
	__asm__ volatile("cli; hlt" : : : "memory");
}

/* The NMI handler, as if by an NMI: what blocks further ones ends with it. */
static inline void interrupt_nmi(void)
{
	__asm__ volatile("int $2" : : : "memory");
}

/* exceptions.S. Sleeps until an interrupt or NMI; no second interrupt gets in. Returns with them off. */
void wait_for_interrupt(void);
/* The segment registers follow the new table. */
void load_gdt(const struct table_pointer *table);

#endif
