/*
 * How devices interrupt: a line is one pin of a controller, a message goes to local APICs.
 * Trust: in the TCB; pure.
 */
#ifndef SIGNET_HV_DEV_IRQ_H
#define SIGNET_HV_DEV_IRQ_H

#include "lib/types.h"

/* One pin. Levels are logical: true is asserted, whatever polarity a guest programs. */
struct irq_line {
	void (*set)(void *controller, u32 pin, bool level);
	void *controller;
	u32 pin;
};

static inline void irq_set(const struct irq_line *line, bool level)
{
	line->set(line->controller, line->pin, level);
}

/* SDM volume 3, ICR "Delivery Mode"; the same encoding in LVT entries and I/O APIC redirections. */
enum apic_delivery {
	DELIVER_FIXED = 0,
	DELIVER_LOWEST = 1,
	DELIVER_SMI = 2,
	DELIVER_NMI = 4,
	DELIVER_INIT = 5,
	DELIVER_STARTUP = 6,
	DELIVER_EXTINT = 7,
};

#define APIC_BROADCAST UINT32_MAX

struct apic_message {
	u32 destination; /* APIC ID, or what is compared with the logical destination register */
	u8 vector;
	u8 delivery; /* enum apic_delivery */
	bool logical;
	bool level; /* trigger mode: EOI goes back to the I/O APICs */
	bool others_only; /* never to the sender */
};

/* Where messages go: the VM hands each to every local APIC that lapic_accepts() it. */
struct apic_sink {
	void (*send)(void *context, const struct apic_message *message);
	void *context;
};

#endif
