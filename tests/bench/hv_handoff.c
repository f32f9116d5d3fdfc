/*
 * The hypervisor as it is released, with two looks at the clock around its start (--wrap): when the stage jumped to it,
 * and right before the first VM's first instruction. Trust: test code only.
 */
#include "hv/vmx/vmx.h"
#include "hv/x86/cpu.h"

#include "lib/print.h"

_Noreturn void __wrap_hv_main(const void *tree, u64 length);
_Noreturn void __real_hv_main(const void *tree, u64 length);
bool __wrap_vmx_enter(struct vcpu *v, bool launched);
bool __real_vmx_enter(struct vcpu *v, bool launched);

static u64 begun;

_Noreturn void __wrap_hv_main(const void *tree, u64 length)
{
	begun = read_time_stamp();
	__real_hv_main(tree, length);
}

bool __wrap_vmx_enter(struct vcpu *v, bool launched)
{
	u64 now = read_time_stamp();

	if (begun)
		say("handoff: %lu instructions", now - begun);
	begun = 0;
	return __real_vmx_enter(v, launched);
}
