/*
 * Finding the device that answers. Trust: in the TCB; pure.
 */
#include "hv/dev/bus.h"

#include <string.h>

u32 bus_dropped;

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

static bool answers(const struct bus_region *r, enum bus_space space, u64 address, u32 size)
{
	return range_inside(address - r->base, size, r->length) && r->ops->sizes & size &&
	        (space == BUS_PORT || is_aligned(address, size));
}

static const struct bus_region *claim(struct bus *bus, enum bus_space space, u64 address, u32 size)
{
	u32 n = below(bus, space, address);

	if (n == 0 || !answers(&bus->region[space][n - 1], space, address, size))
		return NULL;
	bus->last[space] = &bus->region[space][n - 1];
	return bus->last[space];
}

static u64 ones(u32 size)
{
	return UINT64_MAX >> (64 - 8 * size);
}

static u64 read_from(const struct bus_region *r, u64 address, u32 size)
{
	return r->ops->read(r->device, address - r->base, size) & ones(size);
}

static void write_to(const struct bus_region *r, u64 address, u32 size, u64 value)
{
	r->ops->write(r->device, address - r->base, size, value & ones(size));
}

/* What is not taken whole comes to bytes on ports, and to nothing elsewhere. */
static u32 piece_of(struct bus *bus, enum bus_space space, u64 address, u32 size)
{
	return space != BUS_PORT || claim(bus, space, address, size) ? size : 1;
}

__attribute__((noinline)) static u64 find_and_read(struct bus *bus, enum bus_space space, u64 address, u32 size)
{
	u32 piece = piece_of(bus, space, address, size);
	u64 all = 0;

	for (u32 i = 0; i < size; i += piece) {
		const struct bus_region *r = claim(bus, space, address + i, piece);

		all |= (r ? read_from(r, address + i, piece) : ones(piece)) << (8 * i);
	}
	return all;
}

__attribute__((noinline)) static void find_and_write(
        struct bus *bus, enum bus_space space, u64 address, u32 size, u64 value)
{
	u32 piece = piece_of(bus, space, address, size);

	for (u32 i = 0; i < size; i += piece) {
		const struct bus_region *r = claim(bus, space, address + i, piece);

		if (r)
			write_to(r, address + i, piece, value >> (8 * i));
		else
			bus_drop();
	}
}

/* Whatever was added since, the last one that answered is still one of the table, and is asked whether this is its own.
 */
u64 bus_read(struct bus *bus, enum bus_space space, u64 address, u32 size)
{
	const struct bus_region *r = bus->last[space];

	return r && answers(r, space, address, size) ? read_from(r, address, size)
	                                             : find_and_read(bus, space, address, size);
}

void bus_write(struct bus *bus, enum bus_space space, u64 address, u32 size, u64 value)
{
	const struct bus_region *r = bus->last[space];

	if (r && answers(r, space, address, size))
		write_to(r, address, size, value);
	else
		find_and_write(bus, space, address, size, value);
}
