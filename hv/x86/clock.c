/*
 * TSC calibration. Every wait is bounded by a count of port reads, which take a microsecond or so each on real
 * machines, and by far fewer ticks than that on slow ones.
 * Trust: in the TCB; hardware access.
 */
#include "hv/x86/clock.h"

#include "hv/x86/cpu.h"

enum {
	PM_HERTZ = 3579545,
	PIT_HERTZ = 1193182,
	MEASURED_PER_SECOND = 50, /* 20 ms */
	READS_MAX = 1 << 24,
	PIT_CHANNEL_2 = 0x42,
	PIT_COMMAND = 0x43,
	PIT_COMMAND_ONE_SHOT = 0xB0, /* channel 2, low then high byte, mode 0 */
	SYSTEM_CONTROL = 0x61,
	CONTROL_GATE = BIT(0),
	CONTROL_SPEAKER = BIT(1),
	CONTROL_OUTPUT = BIT(5),
};

/* Below it a second would be no usable unit; above it no processor runs. */
#define RATE_MIN 1000000ull
#define RATE_MAX 20000000000ull

static u64 rate;

static u64 rate_by_pm(u16 port, u32 mask)
{
	u32 first = in32(port), reads = READS_MAX, moved = 0;

	/* From one change to another, so that a coarse timer's step is not counted in part. */
	while (((in32(port) ^ first) & mask) == 0 && reads)
		reads--;
	first = in32(port);
	u64 start = read_time_stamp();
	for (; moved < PM_HERTZ / MEASURED_PER_SECOND && reads; reads--)
		moved = (in32(port) - first) & mask;
	u64 ticks = read_time_stamp() - start;
	/* ticks is far below 2^42 for any rate we accept. */
	return reads && ticks < 1ull << 42 ? ticks * PM_HERTZ / moved : 0;
}

static u64 rate_by_pit(void)
{
	u32 count = PIT_HERTZ / MEASURED_PER_SECOND, reads = READS_MAX;
	u8 control = in8(SYSTEM_CONTROL) & (u8)~CONTROL_SPEAKER;

	out8(SYSTEM_CONTROL, control | CONTROL_GATE);
	out8(PIT_COMMAND, PIT_COMMAND_ONE_SHOT);
	out8(PIT_CHANNEL_2, (u8)count);
	out8(PIT_CHANNEL_2, (u8)(count >> 8));
	u64 start = read_time_stamp();
	while (!(in8(SYSTEM_CONTROL) & CONTROL_OUTPUT) && --reads)
		;
	return reads ? (read_time_stamp() - start) * MEASURED_PER_SECOND : 0;
}

static bool usable(u64 found)
{
	return found >= RATE_MIN && found <= RATE_MAX;
}

enum err clock_calibrate(u16 pm_port, u32 pm_mask, const char **source)
{
	*source = "PM timer";
	rate = pm_port ? rate_by_pm(pm_port, pm_mask) : 0;
	if (!usable(rate)) {
		*source = "PIT";
		rate = rate_by_pit();
	}
	if (usable(rate))
		return OK;
	rate = 0;
	return ERR_CLOCK;
}

u64 clock_rate(void)
{
	return rate;
}

u64 clock_ticks(u64 microseconds)
{
	return microseconds * (rate / 1000) / 1000;
}

void clock_wait(u64 microseconds)
{
	u64 start = read_time_stamp(), ticks = clock_ticks(microseconds);

	while (read_time_stamp() - start < ticks)
		pause();
}
