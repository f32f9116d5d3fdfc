/*
 * What the processor offers, and taking it over from a firmware.
 * Trust: in the TCB; hardware access.
 */
#include "secureboot/machine.h"

#include "secureboot/cpu.h"

#include "lib/stack_guard.h"

enum {
	CPUID_FEATURES = 1,
	CPUID_C_RDRAND = BIT(30),
	CR4_LA57 = BIT(12),
	CPUID_D_GIANT_PAGES = BIT(26),
	/* No processor that this runs on counts faster. */
	TICKS_PER_MICROSECOND = 6000,
};

#define CPUID_EXTENDED_MAX 0x80000000
#define CPUID_EXTENDED_FEATURES 0x80000001
#define MSR_FS_BASE 0xC0000100

struct paging_features machine_paging(void)
{
	struct paging_features f = { .five_levels = (read_cr4() & CR4_LA57) != 0 };

	if (cpuid(CPUID_EXTENDED_MAX).a >= CPUID_EXTENDED_FEATURES)
		f.giant_pages = (cpuid(CPUID_EXTENDED_FEATURES).d & CPUID_D_GIANT_PAGES) != 0;
	return f;
}

void machine_take_over(void)
{
	disable_interrupts();
	load_descriptors();
	catch_exceptions();
	/* libfdt, as the distribution builds it, looks for its canary there. */
	write_msr(MSR_FS_BASE, (u64)stack_guard_fs);
}

u64 machine_now(void *context)
{
	(void)context;
	return read_time_stamp() / TICKS_PER_MICROSECOND;
}

u64 machine_random(void)
{
	u64 value = 0;

	if ((cpuid(CPUID_FEATURES).c & CPUID_C_RDRAND) && read_random(&value))
		return value;
	/* Better than a constant: the low bits differ with every disk access before. */
	return read_time_stamp() * 0x9E3779B97F4A7C15;
}
