/*
 * The worker's jobs, on a stack of their own: the one that the image started on, which nobody else uses any more and
 * which has a guard below it.
 * Trust: in the TCB; hardware access.
 */
#include "hv/sched/worker.h"

#include "hv/sched/dispatch.h"
#include "hv/x86/lock.h"

/* worker_switch.S: keeps the caller's registers and stack at *from, goes on where `to` was left. */
void worker_switch(u64 *from, u64 to);
_Noreturn void worker_main(void);
void worker_entry(void);

enum { STACK_WORDS = KIB(16) / sizeof(u64), SAVED = 6 };

extern u64 boot_stack[STACK_WORDS]; /* hv.ld */

static struct task *task;
static struct job *first, **last = &first;
static u64 own_stack, dispatcher_stack;
static bool in_job; /* the worker's own, or nobody's */

enum err worker_init(void)
{
	/* As if worker_switch() had been called at worker_entry: the registers it saves lie below the address. */
	boot_stack[STACK_WORDS - 1] = (u64)worker_entry;
	own_stack = (u64)&boot_stack[STACK_WORDS - 1 - SAVED];
	return sched_add(&scheduler, NULL, &task);
}

void worker_submit(struct job *job)
{
	if (job->queued)
		return;
	job->queued = true;
	job->next = NULL;
	*last = job;
	last = &job->next;
	dispatch_wake(task);
}

static struct job *take(void)
{
	struct job *job;

	hv_lock();
	job = first;
	if (job) {
		first = job->next;
		last = first ? last : &first;
		job->queued = false;
	}
	hv_unlock();
	return job;
}

/* Called by worker_entry. It leaves only by yielding. */
_Noreturn void worker_main(void)
{
	for (;;) {
		struct job *job = take();

		in_job = job;
		if (job)
			job->run(job);
		else
			worker_switch(&own_stack, dispatcher_stack);
	}
}

void worker_yield(void)
{
	if (in_job)
		worker_switch(&own_stack, dispatcher_stack);
	else
		__builtin_ia32_pause();
}

bool worker_turn(void)
{
	worker_switch(&dispatcher_stack, own_stack);
	return !in_job;
}
