/*
 * 8254: ports, and the interrupt of counter 0. Trust: in the TCB; pure.
 */
#include "hv/dev/pit.h"

#include "hv/dev/pit_counter.h"

#include <string.h>

enum {
	PORT_COUNTERS = 0x40,
	PORT_CONTROL = 3,
	PORT_B = 0x61,
	CONTROL_SELECT_SHIFT = 6,
	CONTROL_READ_BACK = 3,
	CONTROL_ACCESS_MASK = 0x30,
	READ_BACK_NO_COUNT = BIT(5),
	READ_BACK_NO_STATUS = BIT(4),
	READ_BACK_COUNTER_SHIFT = 1,
	B_GATE = BIT(0),
	B_SPEAKER = BIT(1),
	B_REFRESH = BIT(4),
	B_OUT = BIT(5),
	/* The refresh request toggled every 15 us, and old code counts on it. */
	REFRESH_NS = 15085,
};

static void arm(struct pit *p, u64 earliest)
{
	u64 rise = counter_next_rise(&p->counter[0], clock_now(p->clock));

	if (rise == CLOCK_NEVER)
		timer_cancel(p->clock, &p->timer);
	else
		timer_arm(p->clock, &p->timer, rise > earliest ? rise : earliest);
}

static void expired(void *device)
{
	struct pit *p = device;

	irq_pulse(&p->irq);
	arm(p, clock_now(p->clock) + CLOCK_PERIOD_MIN);
}

static void read_back(struct pit *p, u8 word)
{
	u64 now = clock_now(p->clock);

	for (u32 i = 0; i < PIT_COUNTERS; i++) {
		if (!(word >> READ_BACK_COUNTER_SHIFT & BIT(i)))
			continue;
		if (!(word & READ_BACK_NO_COUNT))
			counter_latch(&p->counter[i], now);
		if (!(word & READ_BACK_NO_STATUS))
			counter_latch_status(&p->counter[i], now);
	}
}

static void control(struct pit *p, u8 word)
{
	u32 i = word >> CONTROL_SELECT_SHIFT;

	if (i == CONTROL_READ_BACK)
		read_back(p, word);
	else if (word & CONTROL_ACCESS_MASK)
		counter_control(&p->counter[i], word);
	else
		counter_latch(&p->counter[i], clock_now(p->clock));
}

static u64 read(void *device, u64 offset, u32 size)
{
	struct pit *p = device;

	(void)size;
	return offset == PORT_CONTROL ? 0xFF : counter_read(&p->counter[offset], clock_now(p->clock));
}

static void write(void *device, u64 offset, u32 size, u64 value)
{
	struct pit *p = device;

	(void)size;
	if (offset == PORT_CONTROL)
		control(p, (u8)value);
	else
		counter_write(&p->counter[offset], (u8)value, clock_now(p->clock));
	arm(p, 0);
}

static u64 port_b_read(void *device, u64 offset, u32 size)
{
	const struct pit *p = device;
	u64 now = clock_now(p->clock);

	(void)offset;
	(void)size;
	return (p->counter[2].gate ? B_GATE : 0) | (p->speaker ? B_SPEAKER : 0) |
	        (now / REFRESH_NS % 2 ? B_REFRESH : 0) | (counter_out(&p->counter[2], now) ? B_OUT : 0);
}

static void port_b_write(void *device, u64 offset, u32 size, u64 value)
{
	struct pit *p = device;

	(void)offset;
	(void)size;
	p->speaker = value & B_SPEAKER;
	counter_set_gate(&p->counter[2], value & B_GATE, clock_now(p->clock));
}

enum err pit_init(struct pit *p, struct clock *clock, struct irq_line irq)
{
	memset(p, 0, sizeof(*p));
	p->clock = clock;
	p->irq = irq;
	p->counter[0].gate = p->counter[1].gate = true;
	return timer_init(clock, &p->timer, expired, p);
}

enum err pit_attach(struct pit *p, struct bus *bus)
{
	static const struct bus_ops counters = { read, write, 1 };
	static const struct bus_ops port_b = { port_b_read, port_b_write, 1 };
	enum err e = bus_add(bus, BUS_PORT, &(struct bus_region){ PORT_COUNTERS, 4, &counters, p });

	return e ? e : bus_add(bus, BUS_PORT, &(struct bus_region){ PORT_B, 1, &port_b, p });
}
