/*
 * MC146818. Register and bit names are its data sheet's. Trust: in the TCB; pure.
 */
#include "hv/dev/rtc.h"

enum {
	PORT = 0x70,
	INDEX_MASK = 0x7F, /* bit 7 masked the NMI */
	REG_SECONDS = 0,
	REG_MINUTES = 2,
	REG_HOURS = 4,
	REG_WEEKDAY = 6,
	REG_DAY = 7,
	REG_MONTH = 8,
	REG_YEAR = 9,
	REG_A = 0xA,
	REG_B = 0xB,
	REG_D = 0xD,
	A_32768_HZ = 0x26,
	B_BINARY = BIT(2),
	B_24_HOURS = BIT(1),
	D_VALID = BIT(7),
};

enum {
	SECONDS_A_DAY = 86400,
	DAYS_400_YEARS = 146097,
	/* From 1 March of year 0 to 1 January 1970. */
	DAYS_BEFORE_1970 = 719468,
	THURSDAY = 4,
};

struct date {
	u32 year, month, day; /* month and day from 1 */
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

/* Years begin in March here, so that the leap day comes last. */
static struct date date_of(u64 days)
{
	u64 year = days * 400 / DAYS_400_YEARS, month = 11;

	/* The mean is off by one at most. */
	if (days_before_year(year + 1) <= days)
		year++;
	else if (days_before_year(year) > days)
		year--;
	days -= days_before_year(year);
	while (days_before_month(month) > days)
		month--;
	return (struct date){
		.day = (u32)(days - days_before_month(month) + 1),
		.month = (u32)(month < 10 ? month + 3 : month - 9),
		.year = (u32)(month < 10 ? year : year + 1),
	};
}

static u8 show_time(const struct rtc *r)
{
	u64 seconds = r->seconds(r->context), days = seconds / SECONDS_A_DAY;
	u32 rest = (u32)(seconds % SECONDS_A_DAY);
	struct date d = date_of(days + DAYS_BEFORE_1970);
	const u32 value[] = {
		[REG_SECONDS] = rest % 60,
		[REG_MINUTES] = rest / 60 % 60,
		[REG_HOURS] = rest / 3600,
		[REG_WEEKDAY] = (u32)((days + THURSDAY) % 7 + 1),
		[REG_DAY] = d.day,
		[REG_MONTH] = d.month,
		[REG_YEAR] = d.year % 100,
		[RTC_CENTURY] = d.year / 100,
	};
	u32 v = r->index < ARRAY_SIZE(value) ? value[r->index] : 0;

	return (u8)(r->mode & B_BINARY ? v : v / 10 << 4 | v % 10);
}

static u64 read(void *device, u64 offset, u32 size)
{
	const struct rtc *r = device;

	(void)size;
	if (offset == 0)
		return 0xFF;
	switch (r->index) {
	case REG_A:
		return A_32768_HZ;
	case REG_B:
		return r->mode;
	case REG_D:
		return D_VALID;
	default:
		return show_time(r);
	}
}

static void write(void *device, u64 offset, u32 size, u64 value)
{
	struct rtc *r = device;

	(void)size;
	if (offset == 0)
		r->index = (u8)value & INDEX_MASK;
	else if (r->index == REG_B)
		r->mode = ((u8)value & B_BINARY) | B_24_HOURS;
}

void rtc_init(struct rtc *r, u64 (*seconds)(void *context), void *context)
{
	*r = (struct rtc){ .seconds = seconds, .context = context, .mode = B_24_HOURS };
}

enum err rtc_attach(struct rtc *r, struct bus *bus)
{
	static const struct bus_ops ops = { read, write, 1 };

	return bus_add(bus, BUS_PORT, &(struct bus_region){ PORT, 2, &ops, r });
}
