/*
 * Deadlines of what waits for the network: milliseconds of a clock that never jumps.
 * Trust: none needed.
 */
#ifndef SIGNET_LIB_TLS_DEADLINE_H
#define SIGNET_LIB_TLS_DEADLINE_H

#include "lib/types.h"

/* Milliseconds since some moment before the program began. */
u64 monotonic_ms(void);

/* What poll() may wait: at least 0, never for ever. */
int deadline_left(u64 deadline);

#endif
