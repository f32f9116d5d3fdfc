/* Machine interrupts for the service VM. Trust: in the TCB; pure over struct irq_machine. */
#include "hv/service/irq.h"

#include "hv/dev/irq.h"

#include <string.h>

enum { DELIVERY_SHIFT = 8, DELIVERY_MASK = 7, DESTINATION_SHIFT = 56, VECTORS = IRQ_VECTOR_END - IRQ_VECTOR_FIRST };

struct pin {
	u8 ioapic, number;
};

static struct {
	struct vm *vm;
	const struct irq_machine *machine;
	struct pin pin[VECTORS]; /* by vector */
	u32 vectors; /* given out */
	u8 vector[IRQ_IOAPICS_MAX][IOAPIC_PINS_MAX]; /* 0: none yet */
	u64 held[IRQ_IOAPICS_MAX]; /* a bit a pin: arrived, not ended */
} irq;

/* A pin keeps its vector once it has one; 0 when all are given out. */
static u8 vector_of(u32 n, u32 pin)
{
	u8 *vector = &irq.vector[n][pin];

	if (!*vector && irq.vectors < VECTORS) {
		irq.pin[irq.vectors] = (struct pin){ (u8)n, (u8)pin };
		*vector = (u8)(IRQ_VECTOR_FIRST + irq.vectors++);
	}
	return *vector;
}

static void program(u32 n, u32 pin)
{
	u64 entry = irq.vm->ioapic[n].redirection[pin], level = entry & IOAPIC_LEVEL;
	u8 delivery = entry >> DELIVERY_SHIFT & DELIVERY_MASK;
	bool wanted = !(entry & IOAPIC_MASKED) && (delivery == DELIVER_FIXED || delivery == DELIVER_LOWEST);
	u8 vector = wanted ? vector_of(n, pin) : irq.vector[n][pin];
	u64 machine = vector | level | (entry & IOAPIC_LOW) | (u64)irq.machine->destination << DESTINATION_SHIFT;

	/* Vector and trigger mode stay: by them its end finds the pin, and the line's fall is not lost while it is
	 * masked. */
	if (!wanted || !vector || irq.held[n] >> pin & 1)
		machine |= IOAPIC_MASKED;
	irq.machine->write(irq.machine->ioapic[n].address, pin, machine);
}

/* Called for what the service VM writes, and when a level has ended: then the device may ask again. */
static void changed(struct ioapic *a, u32 pin)
{
	u32 n = (u32)(a - irq.vm->ioapic);
	u64 bit = 1ull << pin;

	if (irq.held[n] & bit && !(a->redirection[pin] & IOAPIC_REMOTE_IRR)) {
		irq.held[n] &= ~bit;
		a->lines &= ~bit;
	}
	program(n, pin);
}

void service_irq_start(struct vm *vm, const struct irq_machine *machine)
{
	memset(&irq, 0, sizeof(irq));
	irq.vm = vm;
	irq.machine = machine;
	for (u32 n = 0; n < machine->ioapics; n++)
		vm->ioapic[n].changed = changed;
}

void service_irq_stop(void)
{
	for (u32 n = 0; irq.vm && n < irq.machine->ioapics; n++) {
		for (u32 pin = 0; pin < irq.vm->ioapic[n].pins; pin++)
			irq.machine->write(irq.machine->ioapic[n].address, pin, IOAPIC_MASKED);
	}
	irq.vm = NULL;
}

void service_irq_take(u8 vector)
{
	u32 i = (u32)vector - IRQ_VECTOR_FIRST;

	/* One that was on its way when the VM ended. */
	if (!irq.vm || i >= irq.vectors)
		return;
	struct pin p = irq.pin[i];
	struct ioapic *a = &irq.vm->ioapic[p.ioapic];
	if (a->redirection[p.number] & IOAPIC_LEVEL) {
		irq.held[p.ioapic] |= 1ull << p.number;
		program(p.ioapic, p.number);
		ioapic_set_line(a, p.number, true);
	} else {
		ioapic_set_line(a, p.number, true);
		ioapic_set_line(a, p.number, false);
	}
}
