/*
 * What is left of the two 8259A for the service VM: their mask registers, by which Linux finds them and then lets the
 * sixteen ISA interrupts, which only ever come through the I/O APIC, exist. Trust: in the TCB; pure.
 */
#ifndef SIGNET_HV_DEV_PIC_H
#define SIGNET_HV_DEV_PIC_H

#include "hv/dev/bus.h"

struct pic {
	u8 mask[2];
};

enum err pic_attach(struct pic *p, struct bus *bus) MUST_CHECK;

#endif
