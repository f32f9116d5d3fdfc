/*
 * Days are counted in years that begin in March, so that the leap day comes last. Trust: in the TCB; pure.
 */
#include "hv/dev/rtc_date.h"

enum {
	SECONDS_A_DAY = 86400,
	DAYS_400_YEARS = 146097,
	/* From 1 March of year 0 to 1 January 1970. */
	DAYS_BEFORE_1970 = 719468,
	THURSDAY = 4,
};

/* From 1 March of year 0 to 1 March of year y. */
static u64 days_before_year(u64 y)
{
	return y * 365 + y / 4 - y / 100 + y / 400;
}

/* From 1 March to the first of the month m after it: 31, 30, 31, 30, 31 and again. */
static u64 days_before_month(u64 m)
{
	return (153 * m + 2) / 5;
}

struct date date_of(u64 seconds)
{
	u64 days = seconds / SECONDS_A_DAY + DAYS_BEFORE_1970;
	u32 rest = (u32)(seconds % SECONDS_A_DAY);
	struct date d = {
		.weekday = (u32)((days - DAYS_BEFORE_1970 + THURSDAY) % 7 + 1),
		.hour = rest / 3600,
		.minute = rest / 60 % 60,
		.second = rest % 60,
	};
	u64 year = days * 400 / DAYS_400_YEARS, month = 11;

	/* The mean is off by one at most. */
	if (days_before_year(year + 1) <= days)
		year++;
	else if (days_before_year(year) > days)
		year--;
	days -= days_before_year(year);
	while (days_before_month(month) > days)
		month--;
	d.day = (u32)(days - days_before_month(month) + 1);
	d.month = (u32)(month < 10 ? month + 3 : month - 9);
	d.year = (u32)(month < 10 ? year : year + 1);
	return d;
}

u64 seconds_of(const struct date *d)
{
	if (d->year < 1970)
		return 0;
	/* From March of year 0 on. */
	u64 month = (u64)d->year * 12 + d->month - 3;
	u64 days = days_before_year(month / 12) + days_before_month(month % 12) + d->day;
	u64 time = (u64)d->hour * 3600 + (u64)d->minute * 60 + d->second;

	if (days <= DAYS_BEFORE_1970)
		return 0;
	return (days - 1 - DAYS_BEFORE_1970) * SECONDS_A_DAY + time;
}
