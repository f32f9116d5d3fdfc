/*
 * A VM's device bus: port and memory-mapped regions, and which device answers for each.
 * Trust: in the TCB; pure. Addresses and values are the guest's.
 */
#ifndef SIGNET_HV_DEV_BUS_H
#define SIGNET_HV_DEV_BUS_H

#include "lib/err.h"

enum bus_space { BUS_PORT, BUS_MMIO, BUS_SPACES };

enum { BUS_REGIONS_MAX = 32, BUS_PORTS_END = 0x10000 };

struct bus_ops {
	/* offset + size lies within the region and size is one of sizes; bits above size are ignored. */
	u64 (*read)(void *device, u64 offset, u32 size);
	void (*write)(void *device, u64 offset, u32 size, u64 value);
	u32 sizes; /* the access sizes in bytes that the device understands, OR-ed: of 1, 2, 4, 8 */
};

struct bus_region {
	u64 base, length;
	const struct bus_ops *ops;
	void *device;
};

struct bus {
	struct bus_region region[BUS_SPACES][BUS_REGIONS_MAX]; /* none over another */
	u32 count[BUS_SPACES];
	const struct bus_region *last[BUS_SPACES]; /* that was asked last: guests come back to it */
};

/* Writes of all VMs that came to nothing: no device took them, or the one that did refused. */
extern u32 bus_dropped;
static inline void bus_drop(void)
{
	__atomic_fetch_add(&bus_dropped, 1, __ATOMIC_RELAXED);
}

/* ERR_RANGE: empty, beyond the space, over another region, or no room. */
enum err bus_add(struct bus *bus, enum bus_space space, const struct bus_region *region) MUST_CHECK;
/* All of a table, or the first error. */
enum err bus_add_ports(struct bus *bus, const struct bus_region *region, u32 count) MUST_CHECK;

/*
 * size is 1, 2, 4 or 8. What nobody claims reads as ones and is dropped and counted on write. An MMIO access in a size
 * its device does not know, misaligned or over its end is unclaimed as a whole; a port access becomes bytes, each for
 * itself, as the bus of a PC does it.
 */
u64 bus_read(struct bus *bus, enum bus_space space, u64 address, u32 size);
void bus_write(struct bus *bus, enum bus_space space, u64 address, u32 size, u64 value);

#endif
