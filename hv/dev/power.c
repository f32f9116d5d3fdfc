/*
 * Sleep, reset and button (ACPI 6.4, "Sleep Control and Status Registers"). Trust: in the TCB; pure.
 */
#include "hv/dev/power.h"

enum { SLEEP_TYPE_SHIFT = 2, SLEEP_ENABLE = BIT(5), SLEEP_S5 = SLEEP_ENABLE | POWER_SLEEP_TYPE << SLEEP_TYPE_SHIFT };

static u64 read(void *device, u64 offset, u32 size)
{
	struct power *p = device;
	bool pressed = p->pressed;

	(void)size;
	if (offset != POWER_BUTTON)
		return 0;
	p->pressed = false;
	return pressed;
}

static void write(void *device, u64 offset, u32 size, u64 value)
{
	const struct power *p = device;

	(void)size;
	if (offset == POWER_SLEEP_CONTROL && value == SLEEP_S5)
		p->ended(p->context, POWER_OFF);
	else if (offset == POWER_RESET_CONTROL && value == POWER_RESET_VALUE)
		p->ended(p->context, POWER_RESET);
}

const struct bus_ops power_ops = { read, write, 1 };

void power_press(struct power *p)
{
	p->pressed = true;
	irq_set(&p->line, true);
	irq_set(&p->line, false);
}
