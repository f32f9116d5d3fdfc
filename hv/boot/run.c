/*
 * Every processor is checked for VMX; one that falls short is no machine to run guests on.
 * Trust: in the TCB; hardware access.
 */
#include "hv/boot/run.h"

#include "hv/boot/panic.h"
#include "hv/boot/smp.h"
#include "hv/vmx/caps.h"
#include "hv/x86/cpu.h"

#include "lib/print.h"

enum { CPUID_FEATURES = 1, FEATURE_C_VMX = BIT(5) };

/* By number: what the check of each processor found. */
static struct {
	enum err error;
	const char *missing;
} found[PROCESSORS_MAX];

static u64 msr_of_processor(void *context, u32 msr)
{
	(void)context;
	return read_msr(msr);
}

static enum err unlock(void)
{
	u64 value = read_msr(MSR_FEATURE_CONTROL), wanted;
	enum err e = vmx_feature_control(value, &wanted);

	if (!e && wanted != value)
		write_msr(MSR_FEATURE_CONTROL, wanted);
	return e;
}

static enum err check(const char **missing)
{
	static const struct msr_source msrs = { .read = msr_of_processor };
	struct vmx_controls controls;
	struct vmx_caps caps;

	if (!(cpuid(CPUID_FEATURES, 0).c & FEATURE_C_VMX))
		return ERR_VMX_ABSENT;
	enum err e = unlock();
	if (e)
		return e;
	vmx_caps_read(&caps, &msrs);
	e = vmx_caps_check(&caps, missing);
	return e ? e : vmx_controls_choose(&caps, &controls, missing);
}

static void check_this(struct cpu *cpu)
{
	found[cpu->number].error = check(&found[cpu->number].missing);
}

_Noreturn void hv_run(void)
{
	smp_each(check_this);
	for (u32 i = 0; i < smp.count; i++) {
		if (!found[i].error)
			continue;
		say("hypervisor: processor %u: %s%s%s", i, err_text(found[i].error), found[i].missing ? ": " : "",
		        found[i].missing ? found[i].missing : "");
		stop(found[i].error);
	}
	say("hypervisor: VMX usable on %u processors; no guest yet, halting", smp.up);
	for (;;)
		halt();
}
