/*
 * ISA interrupt wiring. Trust: in the TCB; pure.
 */
#include "hv/dev/isa_irq.h"

static void set(void *controller, u32 irq, bool level)
{
	struct isa_irqs *irqs = controller;

	pic_set_line(irqs->pic, irq, level);
	ioapic_set_line(irqs->ioapic, irq == 0 ? ISA_TIMER_PIN : irq, level);
}

struct irq_line isa_irq(struct isa_irqs *irqs, u32 irq)
{
	return (struct irq_line){ set, irqs, irq };
}
