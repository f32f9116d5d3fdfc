/*
 * Calendar dates (proleptic Gregorian) as the clock's registers hold them. Trust: in the TCB; pure.
 */
#ifndef SIGNET_HV_DEV_RTC_DATE_H
#define SIGNET_HV_DEV_RTC_DATE_H

#include "lib/types.h"

struct date {
	u32 year; /* with its century */
	u32 month, day; /* from 1 */
	u32 weekday; /* 1 is Sunday */
	u32 hour, minute, second;
};

/* seconds since 1970. */
struct date date_of(u64 seconds);
/* Out-of-range fields (a guest's) count on into the next larger one; before 1970 is 1970. The weekday is not looked at.
 */
u64 seconds_of(const struct date *d);

#endif
