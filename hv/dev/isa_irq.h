/*
 * How the ISA interrupts of a PC are wired: to the PIC, and to the first I/O APIC, where IRQ 0 is pin 2 (the MADT
 * tells). Trust: in the TCB; pure.
 */
#ifndef SIGNET_HV_DEV_ISA_IRQ_H
#define SIGNET_HV_DEV_ISA_IRQ_H

#include "hv/dev/ioapic.h"
#include "hv/dev/pic.h"

enum { ISA_TIMER_PIN = 2 };

struct isa_irqs {
	struct pic *pic;
	struct ioapic *ioapic;
};

/* Line irq (0-15) of a PC; irqs outlives it. */
struct irq_line isa_irq(struct isa_irqs *irqs, u32 irq);

#endif
