/*
 * Interrupt masks that mask nothing. Trust: in the TCB; pure.
 */
#include "hv/dev/pic.h"

enum { MASK_MASTER = 0x21, MASK_SLAVE = 0xA1 };

static u64 read(void *mask, u64 offset, u32 size)
{
	(void)offset;
	(void)size;
	return *(u8 *)mask;
}

static void write(void *mask, u64 offset, u32 size, u64 value)
{
	(void)offset;
	(void)size;
	*(u8 *)mask = (u8)value;
}

enum err pic_attach(struct pic *p, struct bus *bus)
{
	static const struct bus_ops ops = { read, write, 1 };
	enum err e = bus_add(bus, BUS_PORT, &(struct bus_region){ MASK_MASTER, 1, &ops, &p->mask[0] });

	return e ? e : bus_add(bus, BUS_PORT, &(struct bus_region){ MASK_SLAVE, 1, &ops, &p->mask[1] });
}
