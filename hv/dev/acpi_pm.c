/*
 * ACPI 6.4, section 4.8 (fixed hardware registers). Trust: in the TCB; pure.
 */
#include "hv/dev/acpi_pm.h"

#include <string.h>

enum {
	STATUS_TIMER = BIT(0),
	STATUS_POWER_BUTTON = BIT(8),
	STATUS_WRITABLE = 0x8721,
	ENABLE_WRITABLE = 0x0521,
	CONTROL_SCI = BIT(0),
	CONTROL_BUS_MASTER_RELOAD = BIT(1),
	CONTROL_SLEEP_TYPE_SHIFT = 10,
	CONTROL_SLEEP_TYPE_MASK = 7,
	CONTROL_SLEEP_TYPE = CONTROL_SLEEP_TYPE_MASK << CONTROL_SLEEP_TYPE_SHIFT,
	CONTROL_SLEEP = BIT(13),
	TIMER_HALF_TURN_SHIFT = 31,
	/* PIIX and ICH: the second bit decides what a rising third one does; both kinds are one to a guest. */
	RESET_NOW = BIT(2),
	RESET_WRITABLE = BIT(1) | BIT(3),
	PORT_92 = 0x92,
	PORT_92_RESET = BIT(0),
	PORT_92_A20 = BIT(1),
	KEYBOARD_PORT = 0x64,
	KEYBOARD_PULSE_RESET = 0xFE,
};

static u64 ticks(const struct acpi_pm *p)
{
	return ticks_in(clock_now(p->clock), PM_TIMER_HZ);
}

/* TMR_STS rises whenever the timer's top bit changes; an interrupt is due only for those enabled. */
static void update(struct acpi_pm *p)
{
	u64 half_turns = ticks(p) >> TIMER_HALF_TURN_SHIFT;

	if (half_turns != p->seen)
		p->status |= STATUS_TIMER;
	p->seen = half_turns;
	irq_set(&p->sci, p->status & p->enable);
	if (p->enable & STATUS_TIMER)
		timer_arm(p->clock, &p->timer, ns_of((half_turns + 1) << TIMER_HALF_TURN_SHIFT, PM_TIMER_HZ));
	else
		timer_cancel(p->clock, &p->timer);
}

static void expired(void *device)
{
	update(device);
}

static void control(struct acpi_pm *p, u16 value)
{
	p->control = CONTROL_SCI | (value & (CONTROL_BUS_MASTER_RELOAD | CONTROL_SLEEP_TYPE));
	if (!(value & CONTROL_SLEEP))
		return;
	if ((value >> CONTROL_SLEEP_TYPE_SHIFT & CONTROL_SLEEP_TYPE_MASK) == PM_SLEEP_TYPE_S5)
		p->request(p->context, POWER_OFF);
	else
		p->ignored_sleeps++;
}

static u64 pm1_read(void *device, u64 offset, u32 size)
{
	struct acpi_pm *p = device;

	(void)size;
	update(p);
	switch (offset) {
	case 0:
		return p->status;
	case 2:
		return p->enable;
	case PM1_CONTROL_PORT - PM_PORT:
		return p->control;
	default:
		return 0;
	}
}

static void pm1_write(void *device, u64 offset, u32 size, u64 value)
{
	struct acpi_pm *p = device;

	(void)size;
	if (offset == 0)
		p->status &= (u16) ~(value & STATUS_WRITABLE);
	else if (offset == 2)
		p->enable = value & ENABLE_WRITABLE;
	else if (offset == PM1_CONTROL_PORT - PM_PORT)
		control(p, (u16)value);
	update(p);
}

static u64 timer_read(void *device, u64 offset, u32 size)
{
	const struct acpi_pm *p = device;

	(void)size;
	return offset ? 0 : (u32)ticks(p);
}

static void ignore_write(void *device, u64 offset, u32 size, u64 value)
{
	(void)device;
	(void)offset;
	(void)size;
	(void)value;
}

static u64 reset_read(void *device, u64 offset, u32 size)
{
	const struct acpi_pm *p = device;

	(void)offset;
	(void)size;
	return p->reset_control;
}

static void reset_write(void *device, u64 offset, u32 size, u64 value)
{
	struct acpi_pm *p = device;

	(void)offset;
	(void)size;
	p->reset_control = value & RESET_WRITABLE;
	if (value & RESET_NOW)
		p->request(p->context, POWER_RESET);
}

static u64 port_92_read(void *device, u64 offset, u32 size)
{
	(void)device;
	(void)offset;
	(void)size;
	return PORT_92_A20;
}

static void port_92_write(void *device, u64 offset, u32 size, u64 value)
{
	struct acpi_pm *p = device;

	(void)offset;
	(void)size;
	if (value & PORT_92_RESET)
		p->request(p->context, POWER_RESET);
}

/* There is no keyboard controller, but its reset is the first that many kernels try. */
static u64 keyboard_read(void *device, u64 offset, u32 size)
{
	(void)device;
	(void)offset;
	(void)size;
	return 0xFF;
}

static void keyboard_write(void *device, u64 offset, u32 size, u64 value)
{
	struct acpi_pm *p = device;

	(void)offset;
	(void)size;
	if (value == KEYBOARD_PULSE_RESET)
		p->request(p->context, POWER_RESET);
}

void acpi_pm_power_button(struct acpi_pm *p)
{
	p->status |= STATUS_POWER_BUTTON;
	update(p);
}

enum err acpi_pm_init(struct acpi_pm *p, struct clock *clock, struct irq_line sci,
        void (*request)(void *context, enum power_request request), void *context)
{
	memset(p, 0, sizeof(*p));
	p->clock = clock;
	p->sci = sci;
	p->request = request;
	p->context = context;
	/* Always in ACPI mode: there is no SMI command port to switch with. */
	p->control = CONTROL_SCI;
	p->seen = ticks(p) >> TIMER_HALF_TURN_SHIFT;
	return timer_init(clock, &p->timer, expired, p);
}

enum err acpi_pm_attach(struct acpi_pm *p, struct bus *bus)
{
	static const struct bus_ops pm1 = { pm1_read, pm1_write, 2 };
	static const struct bus_ops timer = { timer_read, ignore_write, 4 };
	static const struct bus_ops reset = { reset_read, reset_write, 1 };
	static const struct bus_ops port_92 = { port_92_read, port_92_write, 1 };
	static const struct bus_ops keyboard = { keyboard_read, keyboard_write, 1 };
	const struct bus_region region[] = {
		{ PM_PORT, PM_TIMER_PORT - PM_PORT, &pm1, p },
		{ PM_TIMER_PORT, 4, &timer, p },
		{ RESET_PORT, 1, &reset, p },
		{ PORT_92, 1, &port_92, p },
		{ KEYBOARD_PORT, 1, &keyboard, p },
	};
	enum err e = OK;

	for (size_t i = 0; i < ARRAY_SIZE(region) && !e; i++)
		e = bus_add(bus, BUS_PORT, &region[i]);
	return e;
}
