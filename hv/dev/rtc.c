/*
 * MC146818. Register and bit names are its data sheet's. Trust: in the TCB; pure.
 */
#include "hv/dev/rtc.h"

#include "hv/dev/rtc_date.h"

#include <string.h>

enum {
	PORT = 0x70,
	INDEX_MASK = 0x7F, /* bit 7 masked the NMI */
	REG_SECONDS = 0,
	REG_SECONDS_ALARM = 1,
	REG_MINUTES = 2,
	REG_HOURS = 4,
	REG_WEEKDAY = 6,
	REG_DAY = 7,
	REG_MONTH = 8,
	REG_YEAR = 9,
	REG_A = 0xA,
	REG_B = 0xB,
	REG_C = 0xC,
	REG_D = 0xD,
};

enum {
	A_UPDATE = BIT(7),
	A_RATE_MASK = 0xF,
	A_DIVIDER_32768_HZ = 0x20,
	A_RATE_1024_HZ = 6,
	B_SET = BIT(7),
	B_PERIODIC = BIT(6),
	B_ALARM = BIT(5),
	B_UPDATE_ENDED = BIT(4),
	B_BINARY = BIT(2),
	B_24_HOURS = BIT(1),
	C_REQUEST = BIT(7),
	D_VALID = BIT(7),
	HOURS_PM = BIT(7),
	ALARM_ANY = 0xC0,
	ALARMS = 3,
	/* The registers are not to be read for so long before they change. */
	UPDATE_NS = 244 * 1000,
	HZ = 32768,
};

static u8 encode(const struct rtc *r, u32 v)
{
	return (u8)(r->cmos[REG_B] & B_BINARY ? v : v / 10 % 10 << 4 | v % 10);
}

static u32 decode(const struct rtc *r, u8 v)
{
	return r->cmos[REG_B] & B_BINARY ? v : (v >> 4) * 10u + (v & 15u);
}

static u8 encode_hour(const struct rtc *r, u32 hour)
{
	if (r->cmos[REG_B] & B_24_HOURS)
		return encode(r, hour);
	u8 v = encode(r, hour % 12 ? hour % 12 : 12);
	return hour >= 12 ? v | HOURS_PM : v;
}

static u32 decode_hour(const struct rtc *r, u8 v)
{
	if (r->cmos[REG_B] & B_24_HOURS)
		return decode(r, v);
	return decode(r, v & (u8)~HOURS_PM) % 12 + (v & HOURS_PM ? 12 : 0);
}

static u64 seconds_now(const struct rtc *r)
{
	return r->base + (clock_now(r->clock) - r->since) / NS_PER_SECOND;
}

static bool is_set(const struct rtc *r)
{
	return r->cmos[REG_B] & B_SET;
}

/* Brings the time registers up to date, unless the guest holds them. */
static void look(struct rtc *r)
{
	if (is_set(r))
		return;
	struct date d = date_of(seconds_now(r));
	r->cmos[REG_SECONDS] = encode(r, d.second);
	r->cmos[REG_MINUTES] = encode(r, d.minute);
	r->cmos[REG_HOURS] = encode_hour(r, d.hour);
	r->cmos[REG_WEEKDAY] = encode(r, d.weekday);
	r->cmos[REG_DAY] = encode(r, d.day);
	r->cmos[REG_MONTH] = encode(r, d.month);
	r->cmos[REG_YEAR] = encode(r, d.year % 100);
	r->cmos[RTC_CENTURY] = encode(r, d.year / 100);
}

/* Goes on from what the time registers say now. */
static void set_time(struct rtc *r)
{
	struct date d = {
		.year = decode(r, r->cmos[RTC_CENTURY]) * 100 + decode(r, r->cmos[REG_YEAR]),
		.month = decode(r, r->cmos[REG_MONTH]),
		.day = decode(r, r->cmos[REG_DAY]),
		.hour = decode_hour(r, r->cmos[REG_HOURS]),
		.minute = decode(r, r->cmos[REG_MINUTES]),
		.second = decode(r, r->cmos[REG_SECONDS]),
	};

	r->base = seconds_of(&d);
	r->since = clock_now(r->clock);
	r->seen = r->base;
}

static bool alarm_matches(struct rtc *r)
{
	look(r);
	for (u32 i = 0; i < ALARMS; i++) {
		u8 wanted = r->cmos[REG_SECONDS_ALARM + 2 * i];
		if ((wanted & ALARM_ANY) != ALARM_ANY && wanted != r->cmos[REG_SECONDS + 2 * i])
			return false;
	}
	return true;
}

/* 0: none. Rates 1 and 2 are those of 8 and 9 (data sheet, table of periodic rates). */
static u64 period(const struct rtc *r)
{
	u32 rate = r->cmos[REG_A] & A_RATE_MASK;

	if (!rate)
		return 0;
	return ns_of((u64)1 << (rate < 3 ? rate + 6 : rate - 1), HZ);
}

static void update_irq(struct rtc *r)
{
	u8 asking = r->cmos[REG_C] & r->cmos[REG_B] & (B_PERIODIC | B_ALARM | B_UPDATE_ENDED);

	r->cmos[REG_C] = asking ? r->cmos[REG_C] | C_REQUEST : r->cmos[REG_C] & (u8)~C_REQUEST;
	irq_set(&r->irq, asking);
}

/* Flags rise whether or not their interrupt is enabled. Alarms of skipped seconds are lost. */
static void collect(struct rtc *r)
{
	u64 now = clock_now(r->clock), second = seconds_now(r);

	if (!is_set(r) && second != r->seen) {
		r->seen = second;
		r->cmos[REG_C] |= B_UPDATE_ENDED;
		if (alarm_matches(r))
			r->cmos[REG_C] |= B_ALARM;
	}
	u64 ns = period(r);
	if (ns && now - r->period_from >= ns) {
		r->period_from = now - (now - r->period_from) % ns;
		r->cmos[REG_C] |= B_PERIODIC;
	}
	update_irq(r);
}

static void arm(struct rtc *r)
{
	u64 now = clock_now(r->clock), next = CLOCK_NEVER, ns = period(r);

	if (r->cmos[REG_B] & (B_ALARM | B_UPDATE_ENDED) && !is_set(r))
		next = next_period(r->since, NS_PER_SECOND, now);
	if (r->cmos[REG_B] & B_PERIODIC && ns) {
		u64 tick = next_period(r->period_from, ns, now);
		next = tick < next ? tick : next;
	}
	timer_arm(r->clock, &r->timer, next);
}

static void expired(void *device)
{
	struct rtc *r = device;

	collect(r);
	arm(r);
}

static u8 read_a(const struct rtc *r)
{
	u64 into = (clock_now(r->clock) - r->since) % NS_PER_SECOND;
	bool updating = !is_set(r) && into >= NS_PER_SECOND - UPDATE_NS;

	return r->cmos[REG_A] | (updating ? A_UPDATE : 0);
}

static u8 read_c(struct rtc *r)
{
	collect(r);
	u8 value = r->cmos[REG_C];
	r->cmos[REG_C] = 0;
	update_irq(r);
	return value;
}

static bool is_time(u8 index)
{
	return (index <= REG_YEAR && index != REG_SECONDS_ALARM && index != REG_SECONDS_ALARM + 2 &&
	               index != REG_SECONDS_ALARM + 4) ||
	        index == RTC_CENTURY;
}

static u64 read(void *device, u64 offset, u32 size)
{
	struct rtc *r = device;

	(void)size;
	if (offset == 0)
		return 0xFF;
	if (r->index == REG_A)
		return read_a(r);
	if (r->index == REG_C)
		return read_c(r);
	if (is_time(r->index))
		look(r);
	return r->cmos[r->index];
}

static void write_b(struct rtc *r, u8 value)
{
	look(r);
	bool was_set = is_set(r);
	/* The data sheet clears the update-ended enable when SET rises. */
	r->cmos[REG_B] = value & B_SET ? value & (u8)~B_UPDATE_ENDED : value;
	if (was_set && !(value & B_SET))
		set_time(r);
	update_irq(r);
}

static void write_a(struct rtc *r, u8 value)
{
	r->cmos[REG_A] = value & (u8)~A_UPDATE;
	r->period_from = clock_now(r->clock);
}

static void write_time(struct rtc *r, u8 value)
{
	look(r);
	r->cmos[r->index] = value;
	if (!is_set(r))
		set_time(r);
}

static void write(void *device, u64 offset, u32 size, u64 value)
{
	struct rtc *r = device;

	(void)size;
	if (offset == 0) {
		r->index = (u8)value & INDEX_MASK;
		return;
	}
	if (r->index == REG_A)
		write_a(r, (u8)value);
	else if (r->index == REG_B)
		write_b(r, (u8)value);
	else if (is_time(r->index))
		write_time(r, (u8)value);
	else if (r->index != REG_C && r->index != REG_D)
		r->cmos[r->index] = (u8)value;
	arm(r);
}

enum err rtc_init(struct rtc *r, struct clock *clock, struct irq_line irq, u64 seconds)
{
	memset(r, 0, sizeof(*r));
	r->clock = clock;
	r->irq = irq;
	r->base = r->seen = seconds;
	r->since = r->period_from = clock_now(clock);
	r->cmos[REG_A] = A_DIVIDER_32768_HZ | A_RATE_1024_HZ;
	r->cmos[REG_B] = B_24_HOURS;
	r->cmos[REG_D] = D_VALID;
	return timer_init(clock, &r->timer, expired, r);
}

enum err rtc_attach(struct rtc *r, struct bus *bus)
{
	static const struct bus_ops ops = { read, write, 1 };

	return bus_add(bus, BUS_PORT, &(struct bus_region){ PORT, 2, &ops, r });
}
