/*
 * Which weaknesses of this processor are closed between VMs and root mode, decided from what it enumerates, never by
 * its model number. Trust: in the TCB; pure.
 */
#ifndef SIGNET_HV_VMX_MITIGATE_H
#define SIGNET_HV_VMX_MITIGATE_H

#include "lib/types.h"

enum mitigation {
	MITIGATE_L1D = BIT(0), /* L1TF: flush the L1 data cache when another vCPU is loaded */
	MITIGATE_IBPB = BIT(1), /* Spectre v2 between VMs: branch prediction barrier when another VM's vCPU is loaded */
	MITIGATE_VERW = BIT(2), /* MDS, TAA, MMIO stale data, RFDS: overwrite buffers before every entry */
	MITIGATE_IBRS = BIT(3), /* Spectre v2 against root mode: enhanced IBRS, set once */
	MITIGATE_CODE_PAGES = BIT(4), /* iTLB multihit (CVE-2018-12207): what a guest executes in pages of 4 KiB */
};

/* CPUID.7.0 and IA32_ARCH_CAPABILITIES, which reads 0 where it does not exist. */
struct enumeration {
	u32 features_b, features_d;
	u64 capabilities;
};

struct mitigations {
	u8 on; /* enum mitigation: needed, and there */
	u8 missing; /* needed, but this processor or its microcode has no means */
};

struct mitigations mitigations_choose(const struct enumeration *e);

/* For people: weakness number i, from 0 on, of those that struct mitigations calls missing; NULL: there are no more. */
const char *mitigation_lack(u8 missing, u32 i);

/*
 * Those of on that are due when a vCPU is loaded, after one of the same VM, or after nobody or another's: what they
 * left in this processor must not be there for it.
 */
void mitigate_load(u8 on, bool same_vm);

#endif
