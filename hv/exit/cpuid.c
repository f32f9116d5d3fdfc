/* CPUID: the VM's policy answers every leaf. Trust: in the TCB; pure. */
#include "hv/exit/handlers.h"

enum exit_result handle_cpuid(struct vcpu *v, const struct exit *x)
{
	struct cpuid_result r = { 0 };

	(void)x;
	v->vm->policy->cpuid(v, (u32)v->gpr[RAX], (u32)v->gpr[RCX], &r);
	v->gpr[RAX] = r.eax;
	v->gpr[RBX] = r.ebx;
	v->gpr[RCX] = r.ecx;
	v->gpr[RDX] = r.edx;
	return EXIT_SKIP;
}
