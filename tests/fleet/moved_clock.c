/*
 * A clock that stands as far beside the machine's as a file says, in seconds; in the place of clock_system.c. mbedTLS
 * asks time() for the validity of certificates: it gets the same. Trust: test code.
 */
#include "signetd/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static long long offset(void)
{
	const char *path = getenv("SIGNET_TEST_CLOCK");
	FILE *f = path ? fopen(path, "r") : NULL;
	long long seconds = 0;

	if (!f)
		return 0;
	if (fscanf(f, "%lld", &seconds) != 1)
		seconds = 0;
	(void)fclose(f);
	return seconds;
}

time_t time(time_t *out)
{
	struct timespec now = { 0 };
	time_t moved;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	moved = now.tv_sec + offset();
	if (out)
		*out = moved;
	return moved;
}

static u64 wall(const struct clock *c)
{
	(void)c;
	return (u64)time(NULL);
}

static u64 monotonic(const struct clock *c)
{
	struct timespec now = { 0 };

	(void)c;
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (u64)now.tv_sec * 1000 + (u64)now.tv_nsec / 1000000;
}

const struct clock clock_system = { wall, monotonic };
