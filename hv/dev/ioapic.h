/*
 * I/O APIC (82093AA, with the EOI register of version 20h). Several may serve one VM, each with its own first GSI.
 * Trust: in the TCB; pure. Registers are the guest's.
 */
#ifndef SIGNET_HV_DEV_IOAPIC_H
#define SIGNET_HV_DEV_IOAPIC_H

#include "hv/dev/bus.h"
#include "hv/dev/irq.h"

enum { IOAPIC_PINS_MAX = 64, IOAPIC_SIZE = 0x1000 };

/* Bits of a redirection entry that more than the model looks at. */
enum { IOAPIC_LOW = BIT(13), IOAPIC_REMOTE_IRR = BIT(14), IOAPIC_LEVEL = BIT(15), IOAPIC_MASKED = BIT(16) };

#define IOAPIC_BASE 0xFEC00000u

struct ioapic {
	u64 redirection[IOAPIC_PINS_MAX];
	u64 lines; /* one bit a pin: asserted */
	u32 pins;
	u8 id;
	u8 select;
	struct apic_sink sink;
	/* May be NULL. A pin's entry was written or its level ended: called before what the line is now is acted on. */
	void (*changed)(struct ioapic *a, u32 pin);
};

/* pins: 1 to IOAPIC_PINS_MAX. */
enum err ioapic_init(struct ioapic *a, u32 pins, u8 id, struct apic_sink sink) MUST_CHECK;
enum err ioapic_attach(struct ioapic *a, struct bus *bus, u64 base) MUST_CHECK;

/* A struct irq_line's set with a as controller; pins that are not there are ignored. */
void ioapic_set_line(void *a, u32 pin, bool level);
/* A local APIC ended a level-triggered interrupt. */
void ioapic_eoi(struct ioapic *a, u8 vector);

#endif
