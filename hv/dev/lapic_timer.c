/*
 * The local APIC's timer: one-shot, periodic, TSC deadline. Trust: in the TCB; pure.
 */
#include "hv/dev/lapic_regs.h"

static bool is_deadline(const struct lapic *l)
{
	return l->lvt[LVT_TIMER] & LVT_TIMER_TSC_DEADLINE;
}

static bool is_periodic(const struct lapic *l)
{
	return !is_deadline(l) && l->lvt[LVT_TIMER] & LVT_TIMER_PERIODIC;
}

/* Divide configuration, bits 3, 1 and 0: 2, 4, ... 128, 1. */
static u32 divider(const struct lapic *l)
{
	u32 code = (l->divide >> 1 & 4) | (l->divide & 3);

	return code == 7 ? 1 : 2u << code;
}

static u64 period(const struct lapic *l)
{
	return ns_of((u64)l->initial_count * divider(l), l->config.timer_hz);
}

static u64 elapsed(const struct lapic *l)
{
	u64 ns = clock_now(l->config.clock) - l->timer_start;

	return ticks_in(ns, l->config.timer_hz) / divider(l);
}

u32 lapic_timer_count(const struct lapic *l)
{
	if (is_deadline(l) || !l->initial_count)
		return 0;
	u64 ticks = elapsed(l);
	if (is_periodic(l))
		ticks %= l->initial_count;
	return ticks < l->initial_count ? (u32)(l->initial_count - ticks) : 0;
}

void lapic_timer_stop(struct lapic *l)
{
	l->tsc_deadline = 0;
	timer_cancel(l->config.clock, &l->timer);
}

static void start(struct lapic *l)
{
	u64 now = clock_now(l->config.clock);

	l->timer_start = now;
	if (l->initial_count)
		timer_arm(l->config.clock, &l->timer, now + period(l));
	else
		timer_cancel(l->config.clock, &l->timer);
}

void lapic_timer_set_count(struct lapic *l, u32 count)
{
	/* Ignored in deadline mode, as IA32_TSC_DEADLINE is in the others. */
	if (is_deadline(l))
		return;
	l->initial_count = count;
	start(l);
}

/* A running count goes on at its new rate from where it is. */
void lapic_timer_set_divide(struct lapic *l, u32 value)
{
	u32 left = lapic_timer_count(l);

	l->divide = value;
	if (!left)
		return;
	u64 done = ns_of((u64)(l->initial_count - left) * divider(l), l->config.timer_hz),
	    now = clock_now(l->config.clock);
	l->timer_start = now - (done < now ? done : now);
	timer_arm(l->config.clock, &l->timer, l->timer_start + period(l));
}

void lapic_timer_set_deadline(struct lapic *l, u64 tsc)
{
	if (!is_deadline(l))
		return;
	l->tsc_deadline = tsc;
	timer_arm(l->config.clock, &l->timer, tsc ? ns_of(tsc, l->config.tsc_hz) : CLOCK_NEVER);
}

void lapic_timer_write_lvt(struct lapic *l, u32 value)
{
	bool was_deadline = is_deadline(l), was_periodic = is_periodic(l);

	l->lvt[LVT_TIMER] = value;
	if (was_deadline != is_deadline(l)) {
		l->initial_count = 0;
		lapic_timer_stop(l);
	} else if (!was_periodic && is_periodic(l) && l->initial_count && l->timer.deadline == CLOCK_NEVER) {
		/* A count that ran out begins again as a period. */
		start(l);
	}
}

void lapic_timer_expired(void *lapic)
{
	struct lapic *l = lapic;
	u32 entry = l->lvt[LVT_TIMER];

	l->tsc_deadline = 0;
	if (!(entry & LVT_MASKED))
		lapic_deliver(l, (u8)entry, false);
	if (!is_periodic(l) || !l->initial_count)
		return;
	u64 now = clock_now(l->config.clock), next = next_period(l->timer_start, period(l), now);
	timer_arm(l->config.clock, &l->timer, next < now + CLOCK_PERIOD_MIN ? now + CLOCK_PERIOD_MIN : next);
}
