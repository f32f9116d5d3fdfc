/* Reading the CMOS clock (MC146818). Trust: in the TCB; hardware access. */
#include "hv/guest/wall_clock.h"

#include "hv/x86/clock.h"
#include "hv/x86/cpu.h"

enum { INDEX = 0x70, DATA = 0x71, STATUS_A = 10, UPDATING = BIT(7), STATUS_B = 11, BINARY = BIT(2), TRIES = 10000 };
enum { SECONDS = 0, MINUTES = 2, HOURS = 4, DAY = 7, MONTH = 8, YEAR = 9, DAYS_TO_1970 = 719468 };

static u64 base, since;

static u32 cmos(u8 index)
{
	out8(INDEX, index);
	return in8(DATA);
}

static u32 field(u8 index)
{
	u32 value = cmos(index);

	return cmos(STATUS_B) & BINARY ? value : (value >> 4) * 10 + (value & 15);
}

/* Years begin with March: the leap day is the last one. */
static u32 days(u32 year, u32 month, u32 day)
{
	u32 y = year - (month <= 2), m = (month + 9) % 12;

	return 365 * y + y / 4 - y / 100 + y / 400 + (306 * m + 5) / 10 + day - 1 - DAYS_TO_1970;
}

void wall_clock_start(void)
{
	for (u32 i = 0; i < TRIES && cmos(STATUS_A) & UPDATING; i++)
		pause();
	base = 86400ull * days(2000 + field(YEAR), field(MONTH), field(DAY)) + 3600ull * field(HOURS) +
	        60ull * field(MINUTES) + field(SECONDS);
	since = read_time_stamp();
}

u64 wall_clock(void *context)
{
	(void)context;
	return base + (read_time_stamp() - since) / clock_rate();
}
