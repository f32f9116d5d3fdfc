/*
 * What CPUID tells a guest: the processor's own answer, cut down by an allow-list, and a few leaves of ours.
 * A feature that is not in the tables does not exist, whatever a new processor has.
 * Trust: in the TCB; pure.
 */
#ifndef SIGNET_HV_GUEST_CPUID_H
#define SIGNET_HV_GUEST_CPUID_H

#include "hv/vm/vm.h"

enum {
	CPUID_SIGNATURE = 0x40000000,
	CPUID_KVM_SIGNATURE = 0x40000100,
	/*
	 * The crystal that 15h tells, which clocks the local APIC's timer too. With 1 MHz, denominator and numerator
	 * are plain kHz, and Linux's 32-bit product of them holds up to 4.29 GHz.
	 */
	GUEST_CRYSTAL_HZ = 1000000,
	/* x87, SSE, AVX and the three parts of AVX-512. */
	GUEST_XCR0 = 0xE7,
};

/* The vCPU that asks, and what its VM has. */
struct cpuid_view {
	struct cpuid_result (*host)(u32 leaf, u32 subleaf); /* the processor's own answer */
	u64 tsc_hz;
	u64 xcr0; /* as the guest set it */
	u32 apic_id;
	u32 vcpus;
	bool osxsave; /* CR4 */
	bool rdtscp; /* VMX enables the instruction */
};

struct cpuid_result guest_cpuid(const struct cpuid_view *v, u32 leaf, u32 subleaf);

#endif
