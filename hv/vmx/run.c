/* Loading vCPUs and the loop around their exits. Trust: in the TCB; hardware access. */
#include "hv/exit/handlers.h"
#include "hv/vmx/instructions.h"
#include "hv/vmx/vmcs.h"
#include "hv/vmx/vmx.h"
#include "hv/x86/cpu_local.h"
#include "hv/x86/lock.h"

#include "lib/fatal.h"
#include "lib/print.h"

/* For what enter.S calls: it has put the guest's registers away, and wants nothing of what is in them kept. */
#define NO_REGISTERS __attribute__((no_callee_saved_registers))

enum { XSAVE_MXCSR = 24, MXCSR_RESET = 0x1F80 };

/* Grows with every change that may outlive its tables in a processor. */
static u32 ept_changes;

void vmx_forget_epts(void)
{
	ept_changes++;
}

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
	h->cpu->loaded = NULL;
	h->cpu = NULL;
	return OK;
}

static void make(struct vcpu_hardware *h)
{
	*(u32 *)h->vmcs = (u32)h->machine->caps.basic;
	h->xcr0 = 1;
	/* XRSTOR takes MXCSR from memory even where it sets SSE to its initial state (SDM volume 1, 13.8.1). */
	*(u32 *)(h->xsave + XSAVE_MXCSR) = MXCSR_RESET;
}

static MUST_CHECK enum err load(struct cpu *cpu, struct vcpu *v)
{
	struct vcpu_hardware *h = v->hardware;
	enum err e;

	if (h->cpu == cpu)
		return OK;
	if (h->cpu || cpu->loaded)
		return ERR_INTERNAL;
	if (!h->made)
		make(h);
	e = vmclear(h->vmcs);
	if (!e)
		e = vmptrld(h->vmcs);
	/* Here it, or an earlier one with its number, may have run before, under tables that have changed since. */
	if (!e)
		e = invvpid(INVALIDATE_ONE_CONTEXT, h->vpid);
	if (e)
		return e;
	/* A VM destroyed since then may have left its address to this one. */
	mitigate_load(h->machine->mitigations.on, cpu->last_vm == v->vm && cpu->ept_changes == ept_changes);
	cpu->last_vm = v->vm;
	cpu->loaded = v;
	h->cpu = cpu;
	h->launched = false;
	vmx_host_state(cpu);
	vmx_restore(h);
	return OK;
}

/*
 * Tables that VMs gave up are forgotten before any guest is entered: a root page that came back to the pool may be
 * another VM's root by now, and the processor would know it by its address.
 */
static void forget_epts(struct cpu *cpu)
{
	if (cpu->ept_changes == ept_changes)
		return;
	cpu->ept_changes = ept_changes;
	if (invept(INVALIDATE_ALL, 0))
		fatal("INVEPT failed");
}

static void attend(struct cpu *cpu, struct vcpu *v)
{
	hv_lock();
	vcpu_attend(v);
	forget_epts(cpu);
	if (v->state == VCPU_RUNNABLE) {
		if (v->hardware->begins)
			vmx_guest_begin(v);
		vmx_inject(v);
	}
	hv_unlock();
}

/*
 * The preemption timer ends the guest's turn. It starts over with each entry, and writing it at each would cost more
 * than reading the TSC after each exit: that is enough for a sixty-fourth of the time, by which a turn may be longer at
 * most.
 */
static void set_timer(struct vcpu_hardware *h, u64 now, u64 end)
{
	u64 ticks = (end - now) >> (h->machine->caps.misc & VMX_PREEMPTION_SHIFT);

	vmcs_write(VMCS_PREEMPTION_TIMER, ticks < UINT32_MAX ? ticks : UINT32_MAX);
	h->slow_from = (u32)now + (u32)((end - now < UINT32_MAX ? end - now : UINT32_MAX) >> 6);
}

static MUST_CHECK enum err enter(struct vcpu *v)
{
	struct vcpu_hardware *h = v->hardware;

	if (v->flush) {
		v->flush = false;
		if (invvpid(INVALIDATE_ONE_CONTEXT, h->vpid))
			return ERR_VMX_INSTRUCTION;
	}
	if (!vmx_enter(v, h->launched)) {
		say("vCPU %u of VM %u: entry refused, error %lu", v->index, v->vm->id,
		        (unsigned long)vmcs_read(VMCS_INSTRUCTION_ERROR));
		return ERR_VMX_ENTRY;
	}
	h->launched = true;
	return OK;
}

static bool goes_on(const struct vcpu *v)
{
	return !vcpu_has_attention(v) && (int)((u32)rdtsc() - v->hardware->slow_from) < 0;
}

/* More than the vCPU's own: under the lock. Who waits for this processor afterwards has set its attention (dispatch.c).
 */
__attribute__((noinline, flatten)) NO_REGISTERS static bool handle_locked(struct vcpu *v)
{
	enum exit_result result;

	vmx_collect(v, &v->last);
	hv_lock();
	result = exit_handle(v, &v->last);
	hv_unlock();
	return result <= EXIT_SKIP && goes_on(v);
}

/*
 * enter.S calls it after each exit, and enters v again at once if it says so. Whatever else there is to do,
 * vmx_vcpu_run() sees to. No kind that is handled alone can cut a delivery (SDM 28.2.4): instructions run when there is
 * none.
 */
NO_REGISTERS bool vmx_exited(struct vcpu *v);
__attribute__((flatten)) NO_REGISTERS bool vmx_exited(struct vcpu *v)
{
	vmx_decode(&v->last);
	if (!exit_table[v->last.kind].alone)
		return handle_locked(v);
	return exit_handle(v, &v->last) <= EXIT_SKIP && goes_on(v);
}

/* Returns the vector of a machine's interrupt, or 0. */
static u8 outside(const struct exit *x)
{
	/* NMIs stay blocked after the exit until an IRET: the handler's own. */
	if (x->kind == EXIT_NMI)
		interrupt_nmi();
	return x->kind == EXIT_INTERRUPT ? x->vector : 0;
}

enum err vmx_vcpu_run(struct cpu *cpu, struct vcpu *v, u64 until, u8 *vector)
{
	enum err e = load(cpu, v);

	*vector = 0;
	while (!e && !*vector && !__atomic_load_n(&cpu->look, __ATOMIC_RELAXED)) {
		u64 now = rdtsc();

		/* Not later: what was injected is lost unless the guest is entered. */
		if (now >= until)
			break;
		if (now >= v->deadline || vcpu_has_attention(v))
			attend(cpu, v);
		if (v->state != VCPU_RUNNABLE)
			break;
		set_timer(v->hardware, now, v->deadline < until ? v->deadline : until);
		e = enter(v);
		if (!e)
			*vector = outside(&v->last);
	}
	return e;
}
