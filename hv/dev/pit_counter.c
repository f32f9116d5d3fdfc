/*
 * Counting is arithmetic on elapsed time, so a guest's timer costs nothing between its interrupts. A new count takes
 * effect at once, where the chip finishes the running (half) period first. Trust: in the TCB; pure.
 */
#include "hv/dev/pit_counter.h"

enum { MODE_TERMINAL = 0, MODE_ONE_SHOT = 1, MODE_RATE = 2, MODE_SQUARE = 3, MODE_STROBE = 4, MODE_HARD_STROBE = 5 };
enum { ACCESS_LOW = 1, ACCESS_HIGH = 2, ACCESS_BOTH = 3 };

enum {
	CONTROL_BCD = BIT(0),
	CONTROL_MODE_SHIFT = 1,
	CONTROL_MODE_MASK = 7,
	CONTROL_ACCESS_SHIFT = 4,
	STATUS_NULL_COUNT = BIT(6),
	STATUS_OUT = BIT(7),
};

static u32 from_bcd(u32 v)
{
	return (v >> 12) * 1000 + (v >> 8 & 15) * 100 + (v >> 4 & 15) * 10 + (v & 15);
}

static u16 to_bcd(u64 v)
{
	return (u16)(v / 1000 % 10 << 12 | v / 100 % 10 << 8 | v / 10 % 10 << 4 | v % 10);
}

static u64 modulus(const struct pit_counter *c)
{
	return c->bcd ? 10000 : 0x10000;
}

/* Ticks from load to zero; never 0. */
static u64 length(const struct pit_counter *c)
{
	u64 n = c->bcd ? from_bcd(c->reload) : c->reload;

	return n ? n : modulus(c);
}

static bool is_periodic(const struct pit_counter *c)
{
	return c->mode == MODE_RATE || c->mode == MODE_SQUARE;
}

/* The gate starts these; for the others it is an enable. */
static bool is_triggered(const struct pit_counter *c)
{
	return c->mode == MODE_ONE_SHOT || c->mode == MODE_HARD_STROBE;
}

static bool is_running(const struct pit_counter *c)
{
	return c->loaded && (c->gate || is_triggered(c)) && c->start != CLOCK_NEVER;
}

static u64 elapsed(const struct pit_counter *c, u64 now)
{
	return c->before + (is_running(c) ? ticks_in(now - c->start, PIT_HZ) : 0);
}

static u16 count(const struct pit_counter *c, u64 now)
{
	u64 n = length(c), t = elapsed(c, now), value;

	if (c->mode == MODE_RATE)
		value = n - t % n;
	else if (c->mode == MODE_SQUARE)
		value = n - 2 * t % n;
	else /* the others wrap around and go on */
		value = modulus(c) * 2 + n - t % modulus(c);
	value %= modulus(c);
	return c->bcd ? to_bcd(value) : (u16)value;
}

bool counter_out(const struct pit_counter *c, u64 now)
{
	u64 n = length(c), t = elapsed(c, now);

	switch (c->mode) {
	case MODE_TERMINAL:
		return c->loaded && t >= n;
	case MODE_ONE_SHOT:
		return !is_running(c) || t >= n;
	case MODE_RATE:
		return !is_running(c) || t % n != n - 1;
	case MODE_SQUARE:
		return !is_running(c) || t % n < (n + 1) / 2;
	default:
		return !is_running(c) || t != n;
	}
}

u64 counter_next_rise(const struct pit_counter *c, u64 now)
{
	u64 n = length(c), t = elapsed(c, now), rise;

	if (!is_running(c))
		return CLOCK_NEVER;
	if (is_periodic(c))
		rise = (t / n + 1) * n;
	else
		rise = c->mode >= MODE_STROBE ? n + 1 : n;
	return rise > t ? c->start + ns_of(rise - c->before, PIT_HZ) : CLOCK_NEVER;
}

void counter_control(struct pit_counter *c, u8 word)
{
	u8 mode = word >> CONTROL_MODE_SHIFT & CONTROL_MODE_MASK;

	*c = (struct pit_counter){
		.start = CLOCK_NEVER,
		/* 6 and 7 are 2 and 3 with a bit nobody looks at. */
		.mode = mode > MODE_HARD_STROBE ? mode - 4 : mode,
		.access = word >> CONTROL_ACCESS_SHIFT & ACCESS_BOTH,
		.bcd = word & CONTROL_BCD,
		.gate = c->gate,
	};
}

static void load(struct pit_counter *c, u16 value, u64 now)
{
	c->reload = value;
	c->loaded = true;
	if (is_triggered(c))
		return;
	c->before = 0;
	c->start = now;
}

void counter_write(struct pit_counter *c, u8 value, u64 now)
{
	switch (c->access) {
	case ACCESS_LOW:
		load(c, value, now);
		break;
	case ACCESS_HIGH:
		load(c, (u16)(value << 8), now);
		break;
	case ACCESS_BOTH:
		if (c->second_write)
			load(c, (u16)(value << 8 | c->low), now);
		else if (c->mode == MODE_TERMINAL)
			c->loaded = false; /* the first byte stops the counting */
		c->low = value;
		c->second_write = !c->second_write;
		break;
	default:
		break;
	}
}

/* Without a latch the count may change between two bytes, as the data sheet warns. */
u8 counter_read(struct pit_counter *c, u64 now)
{
	if (c->status_latched) {
		c->status_latched = false;
		return c->status;
	}
	u16 value = c->latched ? c->latch : count(c, now);
	bool high = c->access == ACCESS_HIGH || (c->access == ACCESS_BOTH && c->second_read);
	if (c->access == ACCESS_BOTH)
		c->second_read = !c->second_read;
	if (c->latched)
		c->latched--;
	return (u8)(high ? value >> 8 : value);
}

void counter_latch(struct pit_counter *c, u64 now)
{
	/* A second latch before the first is read is ignored. */
	if (c->latched)
		return;
	c->latch = count(c, now);
	c->latched = c->access == ACCESS_BOTH ? 2 : 1;
	c->second_read = false;
}

void counter_latch_status(struct pit_counter *c, u64 now)
{
	if (c->status_latched)
		return;
	c->status_latched = true;
	c->status = (u8)((counter_out(c, now) ? STATUS_OUT : 0) | (c->loaded ? 0 : STATUS_NULL_COUNT) |
	        c->access << CONTROL_ACCESS_SHIFT | c->mode << CONTROL_MODE_SHIFT | (c->bcd ? CONTROL_BCD : 0));
}

void counter_set_gate(struct pit_counter *c, bool gate, u64 now)
{
	if (gate == c->gate)
		return;
	if (!is_triggered(c))
		c->before = elapsed(c, now);
	c->gate = gate;
	if (!gate)
		return;
	c->start = now;
	/* A rising gate starts a one-shot or a new period; in modes 0 and 4 the count goes on. */
	if (is_triggered(c) || is_periodic(c))
		c->before = 0;
}
