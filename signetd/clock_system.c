/* The machine's clocks. Trust: none needed. */
#include "signetd/clock.h"

#include <time.h>

static u64 wall(const struct clock *c)
{
	time_t now = time(NULL);

	(void)c;
	return now < 0 ? 0 : (u64)now;
}

static u64 monotonic(const struct clock *c)
{
	struct timespec t = { 0 };

	(void)c;
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (u64)t.tv_sec * 1000 + (u64)t.tv_nsec / 1000000;
}

const struct clock clock_system = { wall, monotonic };
