/*
 * The 8254 timer of a PC: counter 0 on IRQ 0, counter 2 behind port 61h. Counter 1 refreshed memory long ago and only
 * counts.
 * Trust: in the TCB; pure. Everything written to it is the guest's.
 */
#ifndef SIGNET_HV_DEV_PIT_H
#define SIGNET_HV_DEV_PIT_H

#include "hv/dev/bus.h"
#include "hv/dev/clock.h"
#include "hv/dev/irq.h"

enum { PIT_HZ = 1193182, PIT_COUNTERS = 3 };

struct pit_counter {
	u64 start; /* ns at which the count was loaded, or counting went on after a pause */
	u64 before; /* ticks counted before that */
	u16 reload; /* as written: 0 is the largest */
	u16 latch;
	u8 mode; /* 0-5 */
	u8 access; /* RW bits: 1 low byte, 2 high byte, 3 low then high */
	u8 low; /* first byte of two, kept until the second comes */
	u8 status;
	u8 latched; /* bytes of the latch still to be read */
	bool status_latched;
	bool bcd, gate, loaded;
	bool second_write, second_read;
};

struct pit {
	struct pit_counter counter[PIT_COUNTERS];
	struct clock *clock;
	struct timer timer;
	struct irq_line irq;
	bool speaker;
};

enum err pit_init(struct pit *p, struct clock *clock, struct irq_line irq) MUST_CHECK;
enum err pit_attach(struct pit *p, struct bus *bus) MUST_CHECK;

#endif
