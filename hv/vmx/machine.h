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

/* What every processor has: the one that booted fills it, the others have to offer as much. */
struct vmx_machine {
	struct mitigations mitigations;
	struct vmx_caps caps;
	struct vmx_controls controls;
	u64 xcr0; /* bits of XCR0 that all processors have */
};
static_assert(offsetof(struct vmx_machine, mitigations.on) == 0 && MITIGATE_VERW == 4, "enter.S");

extern struct vmx_machine vmx_machine;

/*
 * This processor into root mode; first on one alone, then on the others at once. ERR_VMX_ABSENT, ERR_VMX_LOCKED,
 * ERR_VMX_CAPABILITY with *missing naming what is lacking, ERR_VMX_INSTRUCTION.
 */
enum err vmx_cpu_start(struct cpu *cpu, const char **missing) MUST_CHECK;

/* The host-state fields of the current VMCS, for this processor. */
void vmx_host_state(const struct cpu *cpu);

#endif
