/*
 * Time as one VM's devices see it: nanoseconds of the guest's own time stamp counter, and one-shot timers on it.
 * Trust: in the TCB; pure. Whoever calls into a device holds the lock of the VM (or vCPU) that owns its clock.
 */
#ifndef SIGNET_HV_DEV_CLOCK_H
#define SIGNET_HV_DEV_CLOCK_H

#include "lib/err.h"
#include "lib/types.h"

enum {
	NS_PER_SECOND = 1000000000,
	CLOCK_TIMERS_MAX = 8,
	/* No periodic device interrupts more often: a guest must not spend the node's time on its own timer. */
	CLOCK_PERIOD_MIN = 100 * 1000,
};

#define CLOCK_NEVER UINT64_MAX

struct timer {
	u64 deadline; /* CLOCK_NEVER: not armed */
	void (*expired)(void *device);
	void *device;
};

struct clock {
	/* Nanoseconds since the VM's TSC was zero; never goes back. */
	u64 (*now)(void *context);
	void *context;
	struct timer *timer[CLOCK_TIMERS_MAX];
	u32 timers;
	u64 earliest; /* of all armed timers, or CLOCK_NEVER */
};

void clock_init(struct clock *c, u64 (*now)(void *context), void *context);
static inline u64 clock_now(const struct clock *c)
{
	return c->now(c->context);
}

/* A disarmed timer on this clock, for good. ERR_RANGE: CLOCK_TIMERS_MAX are there already. */
enum err timer_init(struct clock *c, struct timer *t, void (*expired)(void *device), void *device) MUST_CHECK;
void timer_arm(struct clock *c, struct timer *t, u64 deadline);
void timer_cancel(struct clock *c, struct timer *t);
/*
 * Runs every timer that is due, each once: one armed again by its own device for the past waits for the next call, so
 * that the time spent here is bounded.
 */
void clock_run(struct clock *c);

/* Whole ticks of a hz clock (at most 2^34) in ns, and the first nanosecond at which so many ticks have passed. */
u64 ticks_in(u64 ns, u64 hz);
u64 ns_of(u64 ticks, u64 hz);
/* The first instant after now on the grid start + k * period; missed ones are skipped, never made up for. */
u64 next_period(u64 start, u64 period, u64 now);

#endif
