/*
 * VMX instructions and what guests and root mode share, each one line with its failure checked (SDM volume 3C, chapter
 * 31: CF is VMfailInvalid, ZF VMfailValid). Trust: in the TCB; hardware access.
 */
#ifndef SIGNET_HV_VMX_INSTRUCTIONS_H
#define SIGNET_HV_VMX_INSTRUCTIONS_H

#include "hv/x86/cpu.h"
#include "lib/err.h"

static inline enum err vmx_result(bool failed)
{
	return failed ? ERR_VMX_INSTRUCTION : OK;
}

static inline MUST_CHECK enum err vmxon(u64 region)
{
	bool failed;

	__asm__ volatile("vmxon %1" : "=@ccbe"(failed) : "m"(region) : "memory");
	return vmx_result(failed);
}

static inline MUST_CHECK enum err vmclear(u64 vmcs)
{
	bool failed;

	__asm__ volatile("vmclear %1" : "=@ccbe"(failed) : "m"(vmcs) : "memory");
	return vmx_result(failed);
}

static inline MUST_CHECK enum err vmptrld(u64 vmcs)
{
	bool failed;

	__asm__ volatile("vmptrld %1" : "=@ccbe"(failed) : "m"(vmcs) : "memory");
	return vmx_result(failed);
}

enum invalidation { INVALIDATE_ONE_CONTEXT = 1, INVALIDATE_ALL = 2 };

struct invalidation_descriptor {
	u64 context; /* EPT pointer, or VPID */
	u64 address;
};

static inline MUST_CHECK enum err invept(u64 type, u64 pointer)
{
	struct invalidation_descriptor d = { .context = pointer };
	bool failed;

	__asm__ volatile("invept %1, %2" : "=@ccbe"(failed) : "m"(d), "r"(type) : "memory");
	return vmx_result(failed);
}

static inline MUST_CHECK enum err invvpid(u64 type, u16 vpid)
{
	struct invalidation_descriptor d = { .context = vpid };
	bool failed;

	__asm__ volatile("invvpid %1, %2" : "=@ccbe"(failed) : "m"(d), "r"(type) : "memory");
	return vmx_result(failed);
}

static inline void write_cr2(u64 value)
{
	__asm__ volatile("mov %0, %%cr2" : : "r"(value) : "memory");
}

static inline void read_debug_addresses(u64 dr[4])
{
	__asm__ volatile("mov %%dr0, %0; mov %%dr1, %1; mov %%dr2, %2; mov %%dr3, %3"
	        : "=r"(dr[0]), "=r"(dr[1]), "=r"(dr[2]), "=r"(dr[3]));
}

static inline void write_debug_addresses(const u64 dr[4])
{
	__asm__ volatile("mov %0, %%dr0; mov %1, %%dr1; mov %2, %%dr2; mov %3, %%dr3"
	        :
	        : "r"(dr[0]), "r"(dr[1]), "r"(dr[2]), "r"(dr[3]));
}

static inline u64 read_dr6(void)
{
	u64 value;

	__asm__ volatile("mov %%dr6, %0" : "=r"(value));
	return value;
}

static inline void write_dr6(u64 value)
{
	__asm__ volatile("mov %0, %%dr6" : : "r"(value));
}

static inline u64 xgetbv(void)
{
	u32 low, high;

	__asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
	return (u64)high << 32 | low;
}

static inline void xsetbv(u64 value)
{
	__asm__ volatile("xsetbv" : : "a"((u32)value), "d"((u32)(value >> 32)), "c"(0) : "memory");
}

static inline void xsave(u64 area)
{
	__asm__ volatile("xsave64 (%0)" : : "r"(area), "a"(UINT32_MAX), "d"(UINT32_MAX) : "memory");
}

static inline void xrstor(u64 area)
{
	__asm__ volatile("xrstor64 (%0)" : : "r"(area), "a"(UINT32_MAX), "d"(UINT32_MAX) : "memory");
}

static inline void wbinvd(void)
{
	__asm__ volatile("wbinvd" : : : "memory");
}

static inline u64 rdtsc(void)
{
	u32 low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return (u64)high << 32 | low;
}

#endif
