/*
 * The time of day for guests: the machine's CMOS clock, read once before anybody else may touch it. No decision hangs
 * on it. Trust: in the TCB; hardware access.
 */
#ifndef SIGNET_HV_GUEST_WALL_CLOCK_H
#define SIGNET_HV_GUEST_WALL_CLOCK_H

#include "hv/dev/rtc.h"

/* Once, with the TSC calibrated. */
void wall_clock_start(void);
/* For struct rtc. Lock held. */
struct rtc_time wall_clock(void);

#endif
