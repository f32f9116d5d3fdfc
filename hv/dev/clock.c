/*
 * Timers of one VM. Trust: in the TCB; pure.
 */
#include "hv/dev/clock.h"

#include <string.h>

void clock_init(struct clock *c, u64 (*now)(void *context), void *context)
{
	memset(c, 0, sizeof(*c));
	c->now = now;
	c->context = context;
	c->earliest = CLOCK_NEVER;
}

static void find_earliest(struct clock *c)
{
	c->earliest = CLOCK_NEVER;
	for (u32 i = 0; i < c->timers; i++)
		if (c->timer[i]->deadline < c->earliest)
			c->earliest = c->timer[i]->deadline;
}

enum err timer_init(struct clock *c, struct timer *t, void (*expired)(void *device), void *device)
{
	*t = (struct timer){ .deadline = CLOCK_NEVER, .expired = expired, .device = device };
	if (c->timers == CLOCK_TIMERS_MAX)
		return ERR_RANGE;
	c->timer[c->timers++] = t;
	return OK;
}

void timer_arm(struct clock *c, struct timer *t, u64 deadline)
{
	t->deadline = deadline;
	find_earliest(c);
}

void timer_cancel(struct clock *c, struct timer *t)
{
	timer_arm(c, t, CLOCK_NEVER);
}

void clock_run(struct clock *c)
{
	u64 now = clock_now(c);

	if (now < c->earliest)
		return;
	for (u32 i = 0; i < c->timers; i++) {
		struct timer *t = c->timer[i];
		if (t->deadline > now)
			continue;
		t->deadline = CLOCK_NEVER;
		t->expired(t->device);
	}
	find_earliest(c);
}

/* Seconds and the rest apart: a product of whole uptimes would overflow within hours. */
u64 ticks_in(u64 ns, u64 hz)
{
	return ns / NS_PER_SECOND * hz + ns % NS_PER_SECOND * hz / NS_PER_SECOND;
}

u64 ns_of(u64 ticks, u64 hz)
{
	u64 seconds = ticks / hz;

	/* A deadline centuries away is never. */
	if (seconds >= CLOCK_NEVER / NS_PER_SECOND - 1)
		return CLOCK_NEVER;
	return seconds * NS_PER_SECOND + (ticks % hz * NS_PER_SECOND + hz - 1) / hz;
}

u64 next_period(u64 start, u64 period, u64 now)
{
	if (now < start)
		return start;
	return now + period - (now - start) % period;
}
