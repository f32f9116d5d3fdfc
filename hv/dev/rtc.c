/*
 * MC146818. Register and bit names are its data sheet's. Trust: in the TCB; pure.
 */
#include "hv/dev/rtc.h"

enum { INDEX_MASK = 0x7F /* bit 7 masked the NMI */ };
enum { REG_SECONDS = 0, REG_MINUTES = 2, REG_HOURS = 4, REG_DAY = 7, REG_MONTH = 8, REG_YEAR = 9 };
enum { REG_A = 0xA, REG_B = 0xB, REG_D = 0xD, A_32768_HZ = 0x26, D_VALID = BIT(7) };
enum { B_24_HOURS = BIT(1), B_BINARY = BIT(2), HOUR_PM = BIT(7) };
enum { SECONDS_A_DAY = 86400, FEBRUARY = 2, MONTHS = 12 };

/* Until 2100 every fourth year is a leap year. */
static u32 days_of(u32 month, u32 year)
{
	if (month == FEBRUARY)
		return year % 4 ? 28 : 29;
	return 30 + ((month + month / 8) & 1);
}

void rtc_carry(struct rtc_time *t)
{
	for (; t->seconds >= SECONDS_A_DAY; t->seconds -= SECONDS_A_DAY) {
		if (++t->day <= days_of(t->month, t->year))
			continue;
		t->day = 1;
		t->year += t->month >= MONTHS;
		t->month = t->month >= MONTHS ? 1 : t->month + 1;
	}
}

u32 rtc_number(u8 value, u8 b)
{
	return b & B_BINARY ? value : (value >> 4) * 10u + (value & 15);
}

u32 rtc_hour(u8 value, u8 b)
{
	return b & B_24_HOURS ? rtc_number(value, b)
	                      : rtc_number(value & (u8)~HOUR_PM, b) % 12 + (value & HOUR_PM ? 12 : 0);
}

static u8 show_time(const struct rtc *r)
{
	struct rtc_time t = r->now();
	const u32 value[] = {
		[REG_SECONDS] = (u32)(t.seconds % 60),
		[REG_MINUTES] = (u32)(t.seconds / 60 % 60),
		[REG_HOURS] = (u32)(t.seconds / 3600),
		[REG_DAY] = t.day,
		[REG_MONTH] = t.month,
		[REG_YEAR] = t.year % 100,
	};
	u32 v = r->index < ARRAY_SIZE(value) ? value[r->index] : 0;

	return (u8)(v / 10 << 4 | v % 10);
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
		return B_24_HOURS;
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
}

const struct bus_ops rtc_ops = { read, write, 1 };
