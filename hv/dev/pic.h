/*
 * The pair of 8259A interrupt controllers of a PC, with the edge/level registers of later chipsets.
 * Trust: in the TCB; pure. Everything written to it is the guest's.
 */
#ifndef SIGNET_HV_DEV_PIC_H
#define SIGNET_HV_DEV_PIC_H

#include "hv/dev/bus.h"
#include "hv/dev/irq.h"

struct pic_chip {
	u8 lines; /* levels at the pins */
	u8 irr, isr, imr;
	u8 level_triggered; /* ELCR */
	u8 base; /* ICW2: vector of request 0 */
	u8 lowest; /* the request of lowest priority; the next one has the highest */
	u8 next_icw; /* 0: initialized */
	bool single, wants_icw4;
	bool auto_eoi, rotate_in_auto_eoi, special_mask, special_nested;
	bool read_isr, poll;
};

struct pic {
	struct pic_chip master, slave;
	struct irq_line output; /* INTR: level, to LINT0 */
	bool asserted;
};

void pic_init(struct pic *p, struct irq_line output);
enum err pic_attach(struct pic *p, struct bus *bus) MUST_CHECK;

/* irq 0-15; a struct irq_line's set with p as controller. Others are ignored. */
void pic_set_line(void *p, u32 irq, bool level);
/* The processor's INTA cycles: the vector, spurious (request 7) when nothing is pending any more. */
u8 pic_acknowledge(struct pic *p);

#endif
