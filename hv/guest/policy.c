/* What a guest is, to the VM it runs in: CPUID, MSRs, its end. Trust: in the TCB. */
#include "hv/guest/cpuid.h"
#include "hv/guest/msr.h"
#include "hv/guest/state.h"
#include "hv/vm/vcpu.h"
#include "hv/vmx/fields.h"
#include "hv/vmx/machine.h"
#include "hv/x86/clock.h"
#include "hv/x86/cpu.h"

#include "lib/print.h"

static struct cpuid_result processor(u32 leaf, u32 subleaf)
{
	struct cpuid_leaf r = cpuid(leaf, subleaf);

	return (struct cpuid_result){ r.a, r.b, r.c, r.d };
}

void guest_answer_cpuid(const struct vcpu *v, u32 leaf, u32 subleaf, struct cpuid_result *result)
{
	struct cpuid_view view = { .host = processor,
		.tsc_hz = clock_rate(),
		.xcr0 = vcpu_get(v, VCPU_XCR0),
		.apic_id = v->index,
		.vcpus = v->vm->vcpu_count,
		.osxsave = vcpu_get(v, VCPU_CR4) & CR4_OSXSAVE,
		.rdtscp = vmx_machine.controls.set[VMX_SECONDARY] & PROC2_RDTSCP };

	*result = guest_cpuid(&view, leaf, subleaf);
}

static void stopped(struct vm *vm)
{
	struct guest *g = vm->owner;

	g->state = CONTROL_GUEST_OFF;
	g->reason = vm->reason;
	say("guest %u: off: %s", g->id, g->reason);
	guest_observer->changed(g->id, CONTROL_STATE);
}

const struct vm_policy guest_policy = {
	.cpuid = guest_answer_cpuid,
	.read_msr = guest_msr_read,
	.may_write_msr = guest_msr_may_write,
	.stopped = stopped,
	.xcr0 = GUEST_XCR0,
};
