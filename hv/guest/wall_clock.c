/* Reading the CMOS clock (MC146818). Trust: in the TCB; hardware access. */
#include "hv/guest/wall_clock.h"

#include "hv/x86/clock.h"
#include "hv/x86/cpu.h"

enum { INDEX = 0x70, DATA = 0x71, STATUS_A = 10, UPDATING = BIT(7), STATUS_B = 11, TRIES = 10000 };
enum { SECONDS = 0, MINUTES = 2, HOURS = 4, DAY = 7, MONTH = 8, YEAR = 9 };

static struct rtc_time base;
static u64 since;

static u32 cmos(u8 index)
{
	out8(INDEX, index);
	return in8(DATA);
}

static u32 field(u8 index)
{
	return rtc_number((u8)cmos(index), (u8)cmos(STATUS_B));
}

void wall_clock_start(void)
{
	for (u32 i = 0; i < TRIES && cmos(STATUS_A) & UPDATING; i++)
		pause();
	base = (struct rtc_time){ 2000 + field(YEAR), field(MONTH), field(DAY),
		3600ull * rtc_hour((u8)cmos(HOURS), (u8)cmos(STATUS_B)) + 60ull * field(MINUTES) + field(SECONDS) };
	since = read_time_stamp();
}

/*
 * Whole seconds go to the base, so that no later call counts their days again. A processor whose TSC is behind that of
 * whoever asked last has seen no time pass: anything else would be centuries, for all guests.
 */
struct rtc_time wall_clock(void)
{
	u64 now = read_time_stamp(), passed = now > since ? (now - since) / clock_rate() : 0;

	since += passed * clock_rate();
	base.seconds += passed;
	rtc_carry(&base);
	return base;
}
