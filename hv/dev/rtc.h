/*
 * The time of day as an MC146818 shows it on ports 70h and 71h: no alarm, no interrupt, 24 hours. A guest chooses BCD
 * or binary; the time itself is not its own to set, and no decision of the hypervisor hangs on it. Trust: in the TCB;
 * pure.
 */
#ifndef SIGNET_HV_DEV_RTC_H
#define SIGNET_HV_DEV_RTC_H

#include "hv/dev/bus.h"

enum { RTC_CENTURY = 0x32 };

struct rtc {
	/* Seconds since 1970, until the year 9999. */
	u64 (*seconds)(void *context);
	void *context;
	u8 index, mode;
};

void rtc_init(struct rtc *r, u64 (*seconds)(void *context), void *context);
enum err rtc_attach(struct rtc *r, struct bus *bus) MUST_CHECK;

#endif
