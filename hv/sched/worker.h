/*
 * Root mode's one task of its own: work that takes longer than a processor may be away from its guests (TPM commands,
 * hashing, signatures). It is scheduled among the vCPUs, and may go on on another processor after each worker_yield().
 * Trust: in the TCB.
 */
#ifndef SIGNET_HV_SCHED_WORKER_H
#define SIGNET_HV_SCHED_WORKER_H

#include "lib/err.h"

struct job {
	void (*run)(struct job *job); /* without the lock; takes it for what is shared */
	struct job *next;
	bool queued; /* until its run begins */
};

/* Once, after dispatch_init(). */
enum err worker_init(void) MUST_CHECK;

/* Jobs run in order, one at a time. Lock held. One that waits already stays where it is; a job may submit itself. */
void worker_submit(struct job *job);

/* Lets others have the processor; lock not held. Outside of a job, as in early boot, only a pause. */
void worker_yield(void);

/* For the dispatcher alone, lock not held: the worker's turn, until it yields. True: it has nothing more to do. */
bool worker_turn(void);

#endif
