/* Deadlines. Trust: see the header. */
#include "lib/tls/deadline.h"

#include <limits.h>
#include <time.h>

u64 monotonic_ms(void)
{
	struct timespec now = { 0 };

	/* With a clock that every Linux has this does not fail. */
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (u64)now.tv_sec * 1000 + (u64)now.tv_nsec / 1000000;
}

int deadline_left(u64 deadline)
{
	u64 now = monotonic_ms();

	if (now >= deadline)
		return 0;
	return deadline - now > INT_MAX ? INT_MAX : (int)(deadline - now);
}
