/* CPUID: the VM's policy answers every leaf; what it said before is kept. Trust: in the TCB; pure. */
#include "hv/exit/handlers.h"

/* These follow control registers that the guest changes without an exit. */
enum { LEAF_FEATURES = 1, LEAF_XSAVE = 0xD };

__attribute__((noinline)) static void ask(struct vcpu *v, u32 leaf, u32 subleaf, struct cpuid_kept *k)
{
	*k = (struct cpuid_kept){
		.leaf = leaf, .subleaf = subleaf, .good = leaf != LEAF_FEATURES && leaf != LEAF_XSAVE
	};
	v->vm->policy->cpuid(v, leaf, subleaf, &k->result);
}

enum exit_result handle_cpuid(struct vcpu *v, const struct exit *x)
{
	u32 leaf = (u32)v->gpr[RAX], subleaf = (u32)v->gpr[RCX];
	/* The ranges for the processor, hypervisors and extensions differ in their highest bits. */
	struct cpuid_kept *k = &v->cpuid[(leaf + (leaf >> 28)) % CPUID_KEPT];

	(void)x;
	if (!k->good || k->leaf != leaf || k->subleaf != subleaf)
		ask(v, leaf, subleaf, k);
	v->gpr[RAX] = k->result.eax;
	v->gpr[RBX] = k->result.ebx;
	v->gpr[RCX] = k->result.ecx;
	v->gpr[RDX] = k->result.edx;
	return EXIT_SKIP;
}
