/*
 * Registers outside the VMCS that change hands with the vCPU, not with every exit: root mode uses none of them.
 * Trust: in the TCB; pure over the live registers. What one VM leaves here another would read.
 */
#include "hv/vmx/vmcs.h"
#include "hv/vmx/vmx.h"

static const u32 msrs[] = { MSR_STAR, MSR_LSTAR, MSR_CSTAR, MSR_SYSCALL_MASK, MSR_KERNEL_GS_BASE, MSR_TSC_AUX };
static_assert(ARRAY_SIZE(msrs) == SWITCHED_MSRS, "vmx.h");

static bool exists(const struct vcpu_hardware *h, u32 i)
{
	return msrs[i] != MSR_TSC_AUX || h->machine->controls.set[VMX_SECONDARY] & PROC2_RDTSCP;
}

void vmx_save(struct vcpu_hardware *h)
{
	for (u32 i = 0; i < SWITCHED_MSRS; i++)
		if (exists(h, i))
			h->msr[i] = read_msr(msrs[i]);
	read_debug_addresses(h->dr);
	h->dr6 = read_dr6();
	h->cr2 = read_cr2();
	/* A guest may have switched components off whose registers still hold something. */
	h->xcr0 = xgetbv();
	xsetbv(h->machine->xcr0);
	xsave(h->xsave);
}

void vmx_restore(const struct vcpu_hardware *h)
{
	for (u32 i = 0; i < SWITCHED_MSRS; i++)
		if (exists(h, i))
			write_msr(msrs[i], h->msr[i]);
	write_debug_addresses(h->dr);
	write_dr6(h->dr6);
	write_cr2(h->cr2);
	xsetbv(h->machine->xcr0);
	xrstor(h->xsave);
	xsetbv(h->xcr0);
}
