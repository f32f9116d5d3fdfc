/*
 * The time of day as an MC146818 shows it on ports 70h and 71h: in BCD and 24 hours, no alarm, no interrupt. The time
 * is not the guest's to set, and no decision of the hypervisor hangs on it. Trust: in the TCB; pure.
 */
#ifndef SIGNET_HV_DEV_RTC_H
#define SIGNET_HV_DEV_RTC_H

#include "hv/dev/bus.h"

enum { RTC_PORT = 0x70, RTC_PORTS = 2 };

struct rtc_time {
	u32 year, month, day; /* 2000 to 2099; month and day from 1 */
	u64 seconds; /* of the day, or more: rtc_carry() makes days of them */
};

struct rtc {
	struct rtc_time (*now)(void);
	u8 index;
};

void rtc_carry(struct rtc_time *t);
/* What a clock like this shows of a number, and of the hour, as its register B says how: in BCD, in 12 hours. */
u32 rtc_number(u8 value, u8 b);
u32 rtc_hour(u8 value, u8 b);
extern const struct bus_ops rtc_ops;

#endif
