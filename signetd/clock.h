/*
 * Time, so that tests can move it.
 * Trust: none needed. clock_system.c is the machine's.
 */
#ifndef SIGNET_SIGNETD_CLOCK_H
#define SIGNET_SIGNETD_CLOCK_H

#include "lib/types.h"

struct clock {
	/* Unix seconds. May jump. */
	u64 (*wall)(const struct clock *c);
	/* Milliseconds since some point; never goes back. */
	u64 (*monotonic)(const struct clock *c);
};

extern const struct clock clock_system;

enum { TIME_TEXT_SIZE = 21 };

/* "2026-01-31T23:59:59Z". */
void time_text(u64 wall, char out[TIME_TEXT_SIZE]);

#endif
