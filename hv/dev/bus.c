/*
 * Finding the device that answers. Trust: in the TCB; pure.
 */
#include "hv/dev/bus.h"

u32 bus_dropped;

static u64 space_end(enum bus_space space)
{
	return space == BUS_PORT ? BUS_PORTS_END : UINT64_MAX;
}

static bool overlap(const struct bus_region *a, const struct bus_region *b)
{
	return a->base - b->base < b->length || b->base - a->base < a->length;
}

enum err bus_add(struct bus *bus, enum bus_space space, const struct bus_region *region)
{
	u32 count = bus->count[space];

	if (region->length == 0 || !range_inside(region->base, region->length, space_end(space)) ||
	        count == BUS_REGIONS_MAX)
		return ERR_RANGE;
	for (u32 i = 0; i < count; i++)
		if (overlap(&bus->region[space][i], region))
			return ERR_RANGE;
	bus->region[space][bus->count[space]++] = *region;
	return OK;
}

enum err bus_add_ports(struct bus *bus, const struct bus_region *region, u32 count)
{
	enum err e = OK;

	for (u32 i = 0; !e && i < count; i++)
		e = bus_add(bus, BUS_PORT, &region[i]);
	return e;
}

static bool answers(const struct bus_region *r, enum bus_space space, u64 address, u32 size)
{
	return range_inside(address - r->base, size, r->length) && r->ops->sizes & size &&
	        (space == BUS_PORT || is_aligned(address, size));
}

static const struct bus_region *claim(struct bus *bus, enum bus_space space, u64 address, u32 size)
{
	for (u32 i = 0; i < bus->count[space]; i++)
		if (answers(&bus->region[space][i], space, address, size))
			return bus->last[space] = &bus->region[space][i];
	return NULL;
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

/* The last one that answered is asked whether this is its own too. */
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
