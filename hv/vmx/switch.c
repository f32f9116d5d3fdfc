/*
 * Registers outside the VMCS that change hands with the vCPU, not with every exit: root mode uses none of them.
 * Trust: in the TCB; pure over the live registers. What one VM leaves here another would read.
 */
#include "hv/vmx/vmcs.h"
#include "hv/vmx/vmx.h"

static const u32 msrs[SWITCHED] = {
	[SWITCH_STAR] = MSR_STAR,
	[SWITCH_LSTAR] = MSR_LSTAR,
	[SWITCH_CSTAR] = MSR_CSTAR,
	[SWITCH_MASK] = MSR_SYSCALL_MASK,
	[SWITCH_KERNEL_GS] = MSR_KERNEL_GS_BASE,
	[SWITCH_TSC_AUX] = MSR_TSC_AUX,
};

static bool exists(const struct vcpu_hardware *h, u32 i)
{
	return i != SWITCH_TSC_AUX || h->machine->controls.set[VMX_SECONDARY] & PROC2_RDTSCP;
}

void vmx_save(struct vcpu_hardware *h)
{
	for (u32 i = 0; i < SWITCHED; i++)
		if (exists(h, i))
			h->msr[i] = live_msr(msrs[i]);
	for (u32 i = 0; i < ARRAY_SIZE(h->dr); i++)
		h->dr[i] = live_dr(i);
	h->dr6 = live_dr(6);
	h->cr2 = live_cr2();
	/* A guest may have switched components off whose registers still hold something. */
	h->xcr0 = live_xcr0();
	live_set_xcr0(h->machine->xcr0);
	live_xsave(h->xsave);
}

void vmx_restore(const struct vcpu_hardware *h)
{
	for (u32 i = 0; i < SWITCHED; i++)
		if (exists(h, i))
			live_set_msr(msrs[i], h->msr[i]);
	for (u32 i = 0; i < ARRAY_SIZE(h->dr); i++)
		live_set_dr(i, h->dr[i]);
	live_set_dr(6, h->dr6);
	live_set_cr2(h->cr2);
	live_set_xcr0(h->machine->xcr0);
	live_xrstor(h->xsave);
	live_set_xcr0(h->xcr0);
}
