/*
 * Processors in VMX root mode. Trust: in the TCB; hardware access but for the structures.
 */
#ifndef SIGNET_HV_VMX_MACHINE_H
#define SIGNET_HV_VMX_MACHINE_H

#include "hv/vmx/caps.h"
#include "hv/vmx/mitigate.h"

#include <assert.h>

struct vcpu;
struct cpu; /* hv/x86/cpu_local.h; its vmxon_region is a zeroed page, mapped at its physical address */

/* What every processor has: the first one to start fills it, the others have to offer as much. */
struct vmx_machine {
	struct mitigations mitigations;
	struct vmx_caps caps;
	struct vmx_controls controls;
	u64 xcr0; /* bits of XCR0 that all processors have */
	bool filled;
};
static_assert(offsetof(struct vmx_machine, mitigations.on) == 0 && MITIGATE_VERW == 4, "enter.S");

extern struct vmx_machine vmx_machine;

/*
 * This processor into root mode; first on one alone, then on the others at once. ERR_VMX_ABSENT, ERR_VMX_LOCKED,
 * ERR_VMX_CAPABILITY with *missing naming what is lacking, ERR_VMX_INSTRUCTION.
 */
enum err vmx_cpu_start(struct cpu *cpu, const char **missing) MUST_CHECK;

/* Where it is kept which vCPU is loaded on a processor: only that processor asks. */
struct vcpu **vmx_loaded(const struct cpu *cpu);

/* A vCPU is loaded, after one of the same VM or not: what the other left in this processor must not be there for it. */
void vmx_mitigate_load(bool same_vm);

/* The host-state fields of the current VMCS, for this processor. */
void vmx_host_state(const struct cpu *cpu);

/* Forgets what this processor keeps of a vCPU's translations. */
enum err vmx_flush_vpid(u16 vpid) MUST_CHECK;

#endif
