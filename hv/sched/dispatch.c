/*
 * The loop of every processor. A vCPU's registers stay in the processor as long as that runs nobody else, so that one
 * that halts and wakes is not moved; under the lock they leave it before anybody else can have the vCPU.
 * Trust: in the TCB; hardware access.
 */
#include "hv/sched/dispatch.h"

#include "hv/boot/console.h"
#include "hv/sched/worker.h"
#include "hv/vm/vm_table.h"
#include "hv/vmx/vmx.h"
#include "hv/x86/apic.h"
#include "hv/x86/clock.h"
#include "hv/x86/cpu_local.h"
#include "hv/x86/lock.h"

#include "lib/fatal.h"
#include "lib/print.h"

enum { SLICE_MICROSECONDS = 5000, VECTOR_FIRST = 32 };

struct sched scheduler;
/* By the scheduler's number: in the order they came. One that never came up is not waited for. */
static struct cpu *place[SCHED_PROCESSORS_MAX];
static u32 places;
static void (*take_interrupt)(u8 vector);
static struct {
	void (*call)(void);
	u64 at;
} alarms[ALARMS];

void dispatch_init(void)
{
	sched_init(&scheduler, clock_ticks(SLICE_MICROSECONDS));
	for (u32 i = 0; i < ALARMS; i++)
		alarms[i].at = LAPIC_NEVER;
}

void dispatch_on_interrupt(void (*take)(u8 vector))
{
	take_interrupt = take;
}

void dispatch_alarm(enum alarm alarm, u64 tsc, void (*call)(void))
{
	alarms[alarm].at = tsc;
	alarms[alarm].call = call;
}

/* Those whose time has come; tells when the next one's does. */
static u64 ring_alarms(u64 now)
{
	u64 next = LAPIC_NEVER;

	for (u32 i = 0; i < ALARMS; i++) {
		if (alarms[i].at <= now) {
			alarms[i].at = LAPIC_NEVER;
			alarms[i].call();
		}
		if (alarms[i].at < next)
			next = alarms[i].at;
	}
	return next;
}

/*
 * Interrupts are off there, in root mode: it comes when the guest is entered, or is asleep no longer. Here it is an
 * exit of whom this processor runs that brings it, or nobody's.
 */
static void kick(const struct cpu *cpu)
{
	if (cpu->apic_id != apic_id())
		apic_send(cpu->apic_id, IPI_FIXED, VECTOR_KICK);
	else if (cpu->loaded)
		vcpu_set_attention(cpu->loaded);
}

static void have_look(u32 processor)
{
	if (processor == SCHED_NOWHERE)
		return;
	__atomic_store_n(&place[processor]->look, true, __ATOMIC_RELAXED);
	kick(place[processor]);
}

void dispatch_wake(struct task *task)
{
	have_look(sched_wake(&scheduler, task, places));
}

void vcpu_notify(struct vcpu *v)
{
	vcpu_set_attention(v);
	if (v->task->state == TASK_RUNNING)
		kick(place[v->task->processor]);
	else if (vcpu_ready(v))
		dispatch_wake(v->task);
}

/* Of the machine's interrupts only the spurious one is not ended. */
static void interrupt(u8 vector)
{
	if (vector == 0 || vector == VECTOR_SPURIOUS)
		return;
	if (vector >= VECTOR_FIRST && vector < VECTOR_DEVICES_END && take_interrupt) {
		hv_lock();
		take_interrupt(vector);
		hv_unlock();
	}
	apic_eoi();
}

/*
 * Wakes whose time has come, of those that ran here last, and tells when the next one's comes: each blocked vCPU is
 * watched by one processor, which looks at it again before it sleeps or runs anybody.
 */
static u64 wake_due(const struct cpu *cpu, u64 now)
{
	u64 next = ring_alarms(now);

	for (u32 i = 0; i < scheduler.used; i++) {
		struct task *t = &scheduler.task[i];
		struct vcpu *v = t->vcpu;

		if (t->state != TASK_BLOCKED || !v || t->processor != cpu->place)
			continue;
		if (v->deadline <= now)
			vcpu_attend(v);
		if (vcpu_ready(v))
			dispatch_wake(t);
		else if (v->deadline < next)
			next = v->deadline;
	}
	return next;
}

static void unload(struct vcpu *v)
{
	if (vmx_vcpu_unload(v))
		fatal("a vCPU cannot be taken off its processor");
	v->task->bound = false;
}

/* Who is loaded stays so when it is next, or nobody is. */
static void make_room(const struct cpu *cpu, const struct task *next)
{
	struct vcpu *loaded = cpu->loaded;

	if (!loaded)
		return;
	loaded->task->bound = !next;
	if (next && next->vcpu != loaded)
		unload(loaded);
}

/* The interrupt is acknowledged by a stub that only returns: the local APIC knows which one it was. */
static void sleep(u64 until)
{
	apic_set_timer(until, VECTOR_TIMER);
	wait_for_interrupt();
	apic_set_timer(LAPIC_NEVER, VECTOR_TIMER);
	interrupt(apic_in_service());
}

static void run(struct cpu *cpu, struct vcpu *v, u64 until)
{
	enum err e = OK;
	u8 vector = 1;

	/* Who else is to run here is asked there, before each entry. */
	while (!e && vector && v->state == VCPU_RUNNABLE) {
		e = vmx_vcpu_run(cpu, v, until, &vector);
		interrupt(vector);
	}
	if (e)
		(void)vcpu_stop(v, NULL, err_text(e));
}

/* Lock held. The first vCPU that stops takes its VM along. */
static void stopped(struct vcpu *v)
{
	struct vm *vm = v->vm;

	if (vm->state == VM_RUNNING) {
		say("VM %u: vCPU %u stopped: %s; exit %u, qualification 0x%lx, rip 0x%lx", vm->id, v->index, v->report,
		        v->last.reason, v->last.qualification, v->hardware->cpu ? vcpu_get(v, VCPU_RIP) : 0);
		vm_stop(vm, v->report);
	}
	unload(v);
	vm_settle(vm);
}

/* Lock not held. True: the task blocks. */
static bool turn(struct cpu *cpu, struct task *t, u64 until)
{
	if (!t->vcpu)
		return worker_turn();
	run(cpu, t->vcpu, until);
	return false;
}

static void end_turn(const struct cpu *cpu, struct task *t, bool blocks)
{
	struct vcpu *v = t->vcpu;

	sched_put(&scheduler, cpu->place, read_time_stamp(), v ? !vcpu_ready(v) : blocks);
	if (v && v->state == VCPU_STOPPED)
		stopped(v);
}

_Noreturn void dispatch(struct cpu *cpu)
{
	hv_lock();
	if (!places)
		console_queue(true);
	cpu->place = places++;
	place[cpu->place] = cpu;
	for (;;) {
		u64 now = read_time_stamp(), next = wake_due(cpu, now), slice = scheduler.slice;
		struct task *t = sched_pick(&scheduler, cpu->place, now);
		bool blocks = false;

		/* Whom this processor lets go may be one for another that sleeps. */
		make_room(cpu, t);
		have_look(sched_spread(&scheduler, places));
		cpu->look = false;
		if (t && t->vcpu) {
			vcpu_attend(t->vcpu);
			/* What it was told elsewhere is in its registers only when it looks here. */
			vcpu_set_attention(t->vcpu);
		}
		hv_unlock();
		/* Output that the UART has no room for goes out between turns, which are not cut short for it. */
		bool more = console_drain();
		if (t)
			blocks = turn(cpu, t, next - now < slice ? next : now + slice);
		else
			sleep(more && now + clock_ticks(CONSOLE_PERIOD) < next ? now + clock_ticks(CONSOLE_PERIOD)
			                                                       : next);
		hv_lock();
		if (t)
			end_turn(cpu, t, blocks);
	}
}
