/* Fair scheduling: who has had least goes next. Trust: in the TCB; pure. */
#include "hv/sched/sched.h"

/* The worker polls: so many turns count for a whole slice at least, or its polling would take a share of its own. */
enum { WORKER_TURNS = 16 };

/*
 * How far a sleeper may lag behind the others when it wakes: enough to go first, too little to keep the processor for
 * long. A quarter of a slice each way also keeps two wakers from preempting each other at every event.
 */
static u64 credit(const struct sched *s)
{
	return s->slice / 4;
}

void sched_init(struct sched *s, u64 slice)
{
	*s = (struct sched){ .slice = slice };
}

enum err sched_add(struct sched *s, struct vcpu *vcpu, struct task **task)
{
	u32 i = 0;

	while (i < s->used && s->task[i].state != TASK_FREE)
		i++;
	if (i == SCHED_TASKS_MAX)
		return ERR_NO_MEMORY;
	if (i == s->used)
		s->used++;
	s->task[i] = (struct task){
		.vcpu = vcpu, .virtual_time = s->floor, .processor = SCHED_NOWHERE, .state = TASK_BLOCKED
	};
	*task = &s->task[i];
	return OK;
}

void sched_remove(struct task *t)
{
	t->state = TASK_FREE;
}

/* Of two with the same time the one goes that is warm here. */
static bool goes_before(const struct task *a, const struct task *b, u32 processor)
{
	if (a->virtual_time != b->virtual_time)
		return a->virtual_time < b->virtual_time;
	return a->processor == processor && b->processor != processor;
}

static struct task *first_ready(struct sched *s, u32 processor)
{
	struct task *first = NULL;

	for (u32 i = 0; i < s->used; i++) {
		struct task *t = &s->task[i];
		if (t->state != TASK_READY || (t->bound && t->processor != processor))
			continue;
		if (!first || goes_before(t, first, processor))
			first = t;
	}
	return first;
}

/* The least that anybody who wants to run has had; it never falls. */
static void raise_floor(struct sched *s)
{
	u64 least = UINT64_MAX;

	for (u32 i = 0; i < s->used; i++) {
		const struct task *t = &s->task[i];
		if ((t->state == TASK_READY || t->state == TASK_RUNNING) && t->virtual_time < least)
			least = t->virtual_time;
	}
	if (least != UINT64_MAX && least > s->floor)
		s->floor = least;
}

/* The running task that has had most, if it has had more than t by a margin. */
static u32 processor_to_take(const struct sched *s, const struct task *t, u32 processors)
{
	u64 most = t->virtual_time + credit(s);
	u32 found = SCHED_NOWHERE;

	for (u32 p = 0; p < processors; p++)
		if (s->running[p] && s->running[p]->virtual_time > most) {
			most = s->running[p]->virtual_time;
			found = p;
		}
	return found;
}

static u32 idle_processor(const struct sched *s, const struct task *t, u32 processors)
{
	if (t->processor < processors && !s->running[t->processor])
		return t->processor;
	for (u32 p = 0; p < processors; p++)
		if (!s->running[p])
			return p;
	return SCHED_NOWHERE;
}

u32 sched_wake(struct sched *s, struct task *t, u32 processors)
{
	u64 least = s->floor > credit(s) ? s->floor - credit(s) : 0;
	u32 idle;

	if (t->state == TASK_RUNNING)
		t->woken = true;
	if (t->state != TASK_BLOCKED)
		return SCHED_NOWHERE;
	t->state = TASK_READY;
	if (t->virtual_time < least)
		t->virtual_time = least;
	idle = idle_processor(s, t, processors);
	return idle != SCHED_NOWHERE ? idle : processor_to_take(s, t, processors);
}

struct task *sched_pick(struct sched *s, u32 processor, u64 now)
{
	struct task *t = first_ready(s, processor);

	if (!t)
		return NULL;
	t->state = TASK_RUNNING;
	t->woken = false;
	t->processor = processor;
	t->since = now;
	s->running[processor] = t;
	return t;
}

u32 sched_spread(struct sched *s, u32 processors)
{
	/* Of nobody's processor: those bound to one are not meant. */
	const struct task *t = first_ready(s, SCHED_NOWHERE);

	return t ? idle_processor(s, t, processors) : SCHED_NOWHERE;
}

void sched_put(struct sched *s, u32 processor, u64 now, bool blocks)
{
	struct task *t = s->running[processor];
	u64 had = now > t->since ? now - t->since : 0;
	/* A turn never counts for nothing: who yields at once again and again would stay first for ever. */
	u64 least = t->vcpu ? 1 : s->slice / WORKER_TURNS;

	s->running[processor] = NULL;
	t->cycles += had;
	t->virtual_time += had > least ? had : least;
	t->state = blocks && !t->woken ? TASK_BLOCKED : TASK_READY;
	raise_floor(s);
}
