/*
 * ACPI fixed hardware: PM1a event and control blocks, PM timer; and the ports through which PCs are reset.
 * Only S5 and reset do anything, by request to the VM; S3 and S4 are counted and ignored.
 * Trust: in the TCB; pure.
 */
#ifndef SIGNET_HV_DEV_ACPI_PM_H
#define SIGNET_HV_DEV_ACPI_PM_H

#include "hv/dev/bus.h"
#include "hv/dev/clock.h"
#include "hv/dev/irq.h"

/* As the FADT tells it. */
enum {
	PM_PORT = 0x600,
	PM1_EVENT_PORT = PM_PORT,
	PM1_CONTROL_PORT = PM_PORT + 4,
	PM_TIMER_PORT = PM_PORT + 8,
	PM_PORTS = 12,
	PM_TIMER_HZ = 3579545,
	PM_SLEEP_TYPE_S5 = 5,
	RESET_PORT = 0xCF9,
	RESET_VALUE = 6,
	PM_SCI = 9,
};

enum power_request { POWER_OFF, POWER_RESET };

struct acpi_pm {
	u16 status, enable, control;
	u64 seen; /* half turns of the timer, as last put into status */
	u64 ignored_sleeps;
	u8 reset_control;
	struct clock *clock;
	struct timer timer;
	struct irq_line sci; /* level */
	/* The VM ends after this exit; it may be called again before. */
	void (*request)(void *context, enum power_request request);
	void *context;
};

enum err acpi_pm_init(struct acpi_pm *p, struct clock *clock, struct irq_line sci,
        void (*request)(void *context, enum power_request request), void *context) MUST_CHECK;
enum err acpi_pm_attach(struct acpi_pm *p, struct bus *bus) MUST_CHECK;

/* What a person at the machine would do to shut the guest down in good order. */
void acpi_pm_power_button(struct acpi_pm *p);

#endif
