/* Loading vCPUs and the loop around their exits. Trust: in the TCB; hardware access. */
#include "hv/vmx/instructions.h"
#include "hv/vmx/vmcs.h"
#include "hv/vmx/vmx.h"

#include "lib/print.h"

enum { XSAVE_MXCSR = 24, MXCSR_RESET = 0x1F80 };

/* A VMCS is active on one processor at most, so that another one may load it later. */
enum err vmx_vcpu_unload(struct vcpu *v)
{
	struct vcpu_hardware *h = v->hardware;
	enum err e;

	if (!h->cpu)
		return OK;
	e = vmclear(h->vmcs);
	if (e)
		return e;
	vmx_save(h);
	*vmx_loaded(h->cpu) = NULL;
	h->cpu = NULL;
	return OK;
}

static MUST_CHECK enum err make_current(struct cpu *cpu, struct vcpu *v)
{
	struct vcpu_hardware *h = v->hardware;
	struct vcpu *before = *vmx_loaded(cpu);
	enum err e = before ? vmx_vcpu_unload(before) : OK;

	if (!e)
		e = vmclear(h->vmcs);
	if (!e)
		e = vmptrld(h->vmcs);
	/* Here it may have run before, under tables that have changed since. */
	if (!e)
		e = vmx_flush_vpid(h->vpid);
	if (e)
		return e;
	*vmx_loaded(cpu) = v;
	h->cpu = cpu;
	h->launched = false;
	vmx_host_state(cpu);
	return OK;
}

static MUST_CHECK enum err load(struct cpu *cpu, struct vcpu *v)
{
	enum err e;

	if (v->hardware->cpu == cpu)
		return OK;
	if (v->hardware->cpu)
		return ERR_INTERNAL;
	e = make_current(cpu, v);
	if (!e)
		vmx_restore(v->hardware);
	return e;
}

enum err vmx_vcpu_init(struct cpu *cpu, struct vcpu *v, const struct vmx_entry *entry)
{
	struct vcpu_hardware *h = v->hardware;
	enum err e;

	*(u32 *)h->vmcs = vmx_revision(&h->machine->caps);
	h->xcr0 = 1;
	/* XRSTOR takes MXCSR from memory even where it sets SSE to its initial state (SDM volume 1, 13.8.1). */
	*(u32 *)(h->xsave + XSAVE_MXCSR) = MXCSR_RESET;
	e = make_current(cpu, v);
	if (e)
		return e;
	vmx_restore(h);
	vmx_guest_state(v, entry);
	return OK;
}

/* At most what the timer's 32 bits hold; it ends the guest's turn, root mode's share of it counted. */
static u64 timer_value(const struct vcpu_hardware *h, u64 cycles)
{
	u64 ticks = cycles >> vmx_preemption_shift(&h->machine->caps);

	return ticks < UINT32_MAX ? ticks : UINT32_MAX;
}

static MUST_CHECK enum err enter(struct vcpu *v, u64 cycles)
{
	struct vcpu_hardware *h = v->hardware;

	vmcs_write(VMCS_PREEMPTION_TIMER, timer_value(h, cycles));
	if (v->flush) {
		v->flush = false;
		if (vmx_flush_vpid(h->vpid))
			return ERR_VMX_INSTRUCTION;
	}
	vmx_inject(v);
	if (!vmx_enter(v, h->launched)) {
		say("vCPU %u of VM %u: entry refused, error %lu", v->index, v->vm->id,
		        (unsigned long)vmcs_read(VMCS_INSTRUCTION_ERROR));
		return ERR_VMX_ENTRY;
	}
	h->launched = true;
	return OK;
}

/* Of what exits, these end the turn: somebody else is to look first. */
static bool ends_turn(const struct exit *x, enum exit_result result)
{
	bool outside = x->kind == EXIT_INTERRUPT || x->kind == EXIT_NMI || x->kind == EXIT_TIMER;

	return outside || result == EXIT_BLOCK || result == EXIT_STOP;
}

enum err vmx_vcpu_run(struct cpu *cpu, struct vcpu *v, u64 slice, u8 *vector)
{
	enum err e = load(cpu, v);
	u64 start = live_tsc(), used = 0;
	bool over = false;
	struct exit x;

	*vector = 0;
	while (!e && !over && v->state == VCPU_RUNNABLE && used < slice) {
		e = enter(v, slice - used);
		if (e)
			break;
		vmx_decode(&x);
		vmx_collect(v, &x);
		over = ends_turn(&x, exit_handle(v, &x));
		if (x.kind == EXIT_INTERRUPT)
			*vector = x.vector;
		used = live_tsc() - start;
	}
	return e;
}
