/*
 * The scheduler: more vCPUs than processors, each VM's vCPUs by turns, fair by the time they have had, root mode's work
 * for their exits included. Trust: in the TCB; pure: time is the caller's, in TSC cycles. One caller at a time.
 */
#ifndef SIGNET_HV_SCHED_SCHED_H
#define SIGNET_HV_SCHED_SCHED_H

#include "lib/err.h"

struct vcpu;

enum { SCHED_TASKS_MAX = 128, SCHED_PROCESSORS_MAX = 256 };

enum task_state { TASK_FREE, TASK_BLOCKED, TASK_READY, TASK_RUNNING };

struct task {
	struct vcpu *vcpu; /* NULL: the worker */
	u64 virtual_time; /* who has had least goes next: cycles, and what a sleeper has no claim on any more */
	u64 cycles; /* that it has had */
	u64 since; /* when it was put on a processor */
	u32 processor; /* where it runs or ran last: SCHED_NOWHERE before the first time */
	u8 state; /* enum task_state */
	bool woken; /* an event came while it ran: it does not block */
	bool bound; /* its registers are still in the processor it ran on, which is idle: nobody else may run it */
};

struct sched {
	struct task task[SCHED_TASKS_MAX];
	u32 used; /* tasks from here on were never added */
	struct task *running[SCHED_PROCESSORS_MAX];
	u64 slice; /* the longest turn while others wait */
	u64 floor; /* no task's virtual time counts as less: whoever slept has no claim on the past */
};

#define SCHED_NOWHERE UINT32_MAX

/* slice: cycles, not 0. */
void sched_init(struct sched *s, u64 slice);

/* A new task, blocked. ERR_NO_MEMORY. */
enum err sched_add(struct sched *s, struct vcpu *vcpu, struct task **task) MUST_CHECK;
/* It is not running. */
void sched_remove(struct task *t);

/* Something came for it. Returns a processor that should look again (idle, or running who has had more), or NOWHERE. */
u32 sched_wake(struct sched *s, struct task *t, u32 processors);

/* Who runs next on a processor that runs nobody, for at most a slice; NULL: idle until somebody is woken. */
struct task *sched_pick(struct sched *s, u32 processor, u64 now);

/* After a pick: a processor that has nobody and should look too, for somebody still waits; or NOWHERE. */
u32 sched_spread(struct sched *s, u32 processors);

/* The turn on this processor is over; the task blocks unless it is to go on or was woken meanwhile. */
void sched_put(struct sched *s, u32 processor, u64 now, bool blocks);

#endif
