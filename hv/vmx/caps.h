/*
 * What this processor's VMX can do: the capability MSRs of SDM appendix A, read once, and what the hypervisor needs of
 * them. Trust: in the TCB; pure over the read function.
 */
#ifndef SIGNET_HV_VMX_CAPS_H
#define SIGNET_HV_VMX_CAPS_H

#include "lib/err.h"

#include <assert.h>

/* Each set of controls has bits that may be 1 (allowed) and bits that must be (forced). */
enum vmx_control_set { VMX_PIN, VMX_PROCESSOR, VMX_SECONDARY, VMX_EXIT, VMX_ENTRY, VMX_CONTROL_SETS };

enum { VMX_PREEMPTION_SHIFT = 31 };

struct vmx_control_caps {
	u32 forced;
	u32 allowed;
};

struct vmx_caps {
	u64 basic; /* in its low half the revision that VMCSs carry */
	struct vmx_control_caps set[VMX_CONTROL_SETS];
	u64 misc; /* the preemption timer counts down once every 2^(these bits) TSC cycles */
	u64 cr0_fixed0, cr0_fixed1; /* bits that must be 1; bits that may be */
	u64 cr4_fixed0, cr4_fixed1;
	u64 ept_vpid;
};
static_assert(sizeof(struct vmx_caps) == (7 + VMX_CONTROL_SETS) * sizeof(u64), "compared as bytes");

/* Values of the controls, one word a set. */
struct vmx_controls {
	u32 set[VMX_CONTROL_SETS];
};

/*
 * What IA32_FEATURE_CONTROL has to become so that VMXON works: *value itself when it is fine already. An MSR left open
 * is completed and locked, so that nobody takes VMX away later. ERR_VMX_LOCKED when firmware locked it without VMX.
 */
enum err vmx_feature_control(u64 value, u64 *wanted) MUST_CHECK;

/* Reads the capability MSRs. The caller knows from CPUID.1:ECX[5] that there is VMX. */
void vmx_caps_read(struct vmx_caps *caps);

/*
 * The controls every vCPU starts from: all that is required, and what is optional and there. ERR_VMX_CAPABILITY with
 * *missing naming the first required feature that is not there, or the first that is forced on and unknown to us.
 */
enum err vmx_controls_choose(
        const struct vmx_caps *caps, struct vmx_controls *controls, const char **missing) MUST_CHECK;

/* Before that: everything that is no control: VMCS size and memory type, EPT and VPID forms. ERR_VMX_CAPABILITY as
 * above. */
enum err vmx_caps_check(const struct vmx_caps *caps, const char **missing) MUST_CHECK;

/* Whether a vCPU of the one processor may run on the other: controls, fixed bits, forms of EPT, the timer's rate. */
bool vmx_caps_same(const struct vmx_caps *a, const struct vmx_caps *b);

/* VM entry takes value in this control register of a guest; an unrestricted guest may clear CR0.PE and CR0.PG. */
bool vmx_cr0_valid(const struct vmx_caps *caps, u64 value);

/* EPT of this processor maps pages of 1 GiB; 2 MiB is required. */
bool vmx_ept_has_1g(const struct vmx_caps *caps);

#endif
