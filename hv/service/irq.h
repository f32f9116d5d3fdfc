/*
 * The machine's interrupts for the service VM: its virtual I/O APICs say which pins it wants and how, each such pin
 * gets a vector of ours. A level stays masked at the machine from its arrival until the service VM has ended it, so
 * that a VM that does not serve its devices costs one interrupt. Trust: in the TCB; pure over struct irq_machine. What
 * the pins are programmed to is the service VM's. Lock held.
 */
#ifndef SIGNET_HV_SERVICE_IRQ_H
#define SIGNET_HV_SERVICE_IRQ_H

#include "hv/vm/vm.h"

enum { IRQ_IOAPICS_MAX = VM_IOAPICS_MAX - 1, IRQ_VECTOR_FIRST = 0x30, IRQ_VECTOR_END = 0xF0 };

/* One of the machine's I/O APICs; the service VM's has the same number, and up to IOAPIC_PINS_MAX of its pins. */
struct irq_ioapic {
	u64 address;
	u32 gsi_base, pins;
};

struct irq_machine {
	struct irq_ioapic ioapic[IRQ_IOAPICS_MAX];
	u32 ioapics;
	u8 destination; /* APIC id of the processor that takes them */
	void (*write)(u64 address, u32 pin, u64 entry);
};

/* The service VM has the I/O APICs of machine first, by vm_add_ioapic(), and all its pins are masked. machine stays. */
void service_irq_start(struct vm *vm, const struct irq_machine *machine);
/* Every pin is masked; vm is forgotten. */
void service_irq_stop(void);
/* For dispatch_on_interrupt(). */
void service_irq_take(u8 vector);

#endif
