/*
 * Every processor into VMX root mode; one that falls short makes this no machine to run guests on.
 * Trust: in the TCB; hardware access.
 */
#include "hv/boot/run.h"

#include "hv/boot/panic.h"
#include "hv/boot/smp.h"
#include "hv/guest/wall_clock.h"
#include "hv/sched/dispatch.h"
#include "hv/sched/worker.h"
#include "hv/vm/vm.h"
#include "hv/vmx/machine.h"
#include "hv/x86/apic.h"

#include "lib/print.h"

/* By number: how it went on each processor. */
static struct {
	enum err error;
	const char *missing;
} outcome[PROCESSORS_MAX];

static void start_this(struct cpu *cpu)
{
	outcome[cpu->number].error = vmx_cpu_start(cpu, &outcome[cpu->number].missing);
}

/* The first one has settled what all have to have. */
static void start_other(struct cpu *cpu)
{
	if (cpu->number)
		start_this(cpu);
}

static void refuse_what_failed(void)
{
	for (u32 i = 0; i < smp.count; i++) {
		enum err e = outcome[i].error;

		if (e == ERR_VMX_CAPABILITY)
			say("hypervisor: processor %u lacks %s", i, outcome[i].missing);
		else if (e)
			say("hypervisor: processor %u: %s", i, err_text(e));
		must(e);
	}
}

/* Nothing is refused for it, as there may be no microcode for the machine: who trusts its guests with each other
 * decides. */
static void tell_what_is_open(void)
{
	const char *text;

	for (u32 i = 0; (text = mitigation_lack(vmx_machine.mitigations.missing, i)); i++)
		say("hypervisor: NOT MITIGATED, for want of microcode: %s", text);
}

void hv_root_mode(void)
{
	pic_off();
	start_this(smp.cpu[0]);
	refuse_what_failed();
	smp_each(start_other);
	refuse_what_failed();
	tell_what_is_open();
	say("hypervisor: %u processors in VMX root mode", smp.up);
	dispatch_init();
	wall_clock_start();
	must(worker_init());
}
