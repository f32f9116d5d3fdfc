/*
 * A guest's power: the sleep and reset registers of hardware-reduced ACPI, and a power button.
 * Only S5 and reset do anything. Trust: in the TCB; pure.
 */
#ifndef SIGNET_HV_DEV_POWER_H
#define SIGNET_HV_DEV_POWER_H

#include "hv/dev/bus.h"
#include "hv/dev/irq.h"

/* Byte ports from POWER_PORT on, as the guest's FADT and DSDT tell them. */
enum power_register {
	POWER_SLEEP_CONTROL, /* S5 by POWER_SLEEP_TYPE */
	POWER_SLEEP_STATUS, /* reads 0 */
	POWER_RESET_CONTROL, /* reset by POWER_RESET_VALUE */
	POWER_BUTTON, /* reads 1 once when the button was pressed */
	POWER_PORTS,
};

enum {
	POWER_PORT = 0x600,
	POWER_GSI = 5, /* edge: the button */
	POWER_SLEEP_TYPE = 5, /* \_S5 */
	POWER_RESET_VALUE = 1,
};

enum power_event { POWER_OFF, POWER_RESET };

struct power {
	bool pressed;
	struct irq_line line;
	/* The VM ends after this exit; it may be called again before. */
	void (*ended)(void *context, enum power_event event);
	void *context;
};

extern const struct bus_ops power_ops;

/* What a person at the machine would do to shut the guest down in good order. */
void power_press(struct power *p);

#endif
