/*
 * What an exit costs, in instructions of root mode: time stamps around a loop with the operation, less those around the
 * same loop with a NOP. The best of several rounds, so that a turn that ends in between does not count.
 */
#include "tests/guest/guest.h"

enum { TIMES = 100, ROUNDS = 20 };

#define LOOP(code, setup)                                                                                              \
	__extension__({                                                                                                \
		u64 start = tsc();                                                                                     \
		for (u32 i = 0; i < TIMES; i++)                                                                        \
			__asm__ volatile(setup "\n" code                                                               \
			        :                                                                                      \
			        : "S"(GUEST_DEVICE)                                                                    \
			        : "rax", "rbx", "rcx", "rdx", "memory");                                               \
		tsc() - start;                                                                                         \
	})

#define COST(name, code, setup)                                                                                        \
	do {                                                                                                           \
		u64 best = ~0ull;                                                                                      \
		for (u32 round = 0; round < ROUNDS; round++) {                                                         \
			u64 with = LOOP(code, setup), without = LOOP("nop", setup);                                    \
			best = with - without < best ? with - without : best;                                          \
		}                                                                                                      \
		say_line("cost " name, TIMES, best);                                                                   \
	} while (0)

void case_costs(void)
{
	COST("CPUID", "cpuid", "mov $0x40000000, %%eax");
	COST("CPUID of features", "cpuid", "mov $1, %%eax");
	COST("RDMSR", "rdmsr", "mov $0x277, %%ecx");
	COST("RDMSR of the policy", "rdmsr", "mov $0x1A0, %%ecx");
	COST("IN from nobody", "in %%dx, %%al", "mov $0x80, %%edx");
	COST("IN", "in %%dx, %%eax", "mov $0xE0, %%edx");
	COST("OUT", "out %%eax, %%dx", "mov $0xF0, %%edx");
	COST("EPT-MMIO load", "mov (%%rsi), %%eax", "mov $0, %%eax");
	COST("EPT-MMIO store", "mov %%eax, (%%rsi)", "mov $0, %%eax");
	COST("WRMSR of EOI", "wrmsr", "mov $0x80B, %%ecx; xor %%eax, %%eax; xor %%edx, %%edx");
}
