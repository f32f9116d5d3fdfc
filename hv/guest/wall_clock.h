/*
 * The time of day for guests: the machine's CMOS clock, read once before anybody else may touch it. No decision hangs
 * on it. Trust: in the TCB; hardware access.
 */
#ifndef SIGNET_HV_GUEST_WALL_CLOCK_H
#define SIGNET_HV_GUEST_WALL_CLOCK_H

#include "lib/types.h"

/* Once, with the TSC calibrated. */
void wall_clock_start(void);
/* Seconds since 1970, as a struct rtc asks for them. */
u64 wall_clock(void *context);

#endif
