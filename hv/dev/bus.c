/*
 * Finding the device that answers. Trust: in the TCB; pure.
 */
#include "hv/dev/bus.h"

#include <string.h>

static u64 space_end(enum bus_space space)
{
	return space == BUS_PORT ? BUS_PORTS_END : UINT64_MAX;
}

/* How many regions begin at or below address. */
static u32 below(const struct bus *bus, enum bus_space space, u64 address)
{
	u32 low = 0, high = bus->count[space];

	while (low < high) {
		u32 middle = (low + high) / 2;
		if (bus->region[space][middle].base <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool overlaps(const struct bus *bus, enum bus_space space, u32 at, const struct bus_region *new)
{
	const struct bus_region *region = bus->region[space];

	if (at > 0 && new->base - region[at - 1].base < region[at - 1].length)
		return true;
	return at < bus->count[space] && region[at].base - new->base < new->length;
}

enum err bus_add(struct bus *bus, enum bus_space space, const struct bus_region *region)
{
	if (region->length == 0 || !range_inside(region->base, region->length, space_end(space)))
		return ERR_RANGE;
	u32 at = below(bus, space, region->base);
	if (bus->count[space] == BUS_REGIONS_MAX || overlaps(bus, space, at, region))
		return ERR_RANGE;
	struct bus_region *slot = &bus->region[space][at];
	memmove(slot + 1, slot, (bus->count[space] - at) * sizeof(*slot));
	*slot = *region;
	bus->count[space]++;
	return OK;
}

static const struct bus_region *claim(const struct bus *bus, enum bus_space space, u64 address, u32 size)
{
	u32 n = below(bus, space, address);

	if (n == 0)
		return NULL;
	const struct bus_region *r = &bus->region[space][n - 1];
	if (!range_inside(address - r->base, size, r->length) || !(r->ops->sizes & size))
		return NULL;
	return space == BUS_PORT || is_aligned(address, size) ? r : NULL;
}

static u64 ones(u32 size)
{
	return size >= sizeof(u64) ? UINT64_MAX : ((u64)1 << (8 * size)) - 1;
}

static bool read_whole(struct bus *bus, enum bus_space space, u64 address, u32 size, u64 *value)
{
	const struct bus_region *r = claim(bus, space, address, size);

	if (!r)
		return false;
	*value = r->ops->read(r->device, address - r->base, size) & ones(size);
	return true;
}

static bool write_whole(struct bus *bus, enum bus_space space, u64 address, u32 size, u64 value)
{
	const struct bus_region *r = claim(bus, space, address, size);

	if (!r)
		return false;
	r->ops->write(r->device, address - r->base, size, value & ones(size));
	return true;
}

static u64 read_bytes_of(struct bus *bus, u64 port, u32 size)
{
	u64 all = 0;

	for (u32 i = 0; i < size; i++) {
		u64 byte;
		if (!read_whole(bus, BUS_PORT, port + i, 1, &byte)) {
			bus->unclaimed_reads[BUS_PORT]++;
			byte = 0xFF;
		}
		all |= byte << (8 * i);
	}
	return all;
}

static void write_bytes_of(struct bus *bus, u64 port, u32 size, u64 value)
{
	for (u32 i = 0; i < size; i++)
		if (!write_whole(bus, BUS_PORT, port + i, 1, value >> (8 * i)))
			bus->unclaimed_writes[BUS_PORT]++;
}

u64 bus_read(struct bus *bus, enum bus_space space, u64 address, u32 size)
{
	u64 value;

	if (read_whole(bus, space, address, size, &value))
		return value;
	if (space == BUS_PORT)
		return read_bytes_of(bus, address, size);
	bus->unclaimed_reads[space]++;
	return ones(size);
}

void bus_write(struct bus *bus, enum bus_space space, u64 address, u32 size, u64 value)
{
	if (write_whole(bus, space, address, size, value))
		return;
	if (space == BUS_PORT)
		write_bytes_of(bus, address, size, value);
	else
		bus->unclaimed_writes[space]++;
}
