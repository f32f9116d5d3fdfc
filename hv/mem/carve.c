/*
 * Choosing the carve-out.
 * Trust: in the TCB; pure.
 */
#include "hv/mem/carve.h"

/* Where 32-bit devices end. */
#define LOW_END (1ull << 32)

/* The part of e between floor and ceiling, in whole large pages, at most `most`, from its upper end. */
static struct memory_range part_of(const struct memory_entry *e, u64 floor, u64 ceiling, u64 most)
{
	u64 base = e->base > floor ? e->base : floor;
	u64 end = e->base + e->length < ceiling ? e->base + e->length : ceiling;

	base = align_up(base, CARVE_ALIGN);
	end &= ~(CARVE_ALIGN - 1);
	if (e->type != MEMORY_RAM || base >= end)
		return (struct memory_range){ 0, 0 };
	u64 length = end - base < most ? end - base : most;
	return (struct memory_range){ end - length, length };
}

static struct memory_range largest(const struct memory_entry *map, u32 count, u64 floor, u64 ceiling, u64 most)
{
	struct memory_range best = { 0, 0 };

	for (u32 i = 0; i < count; i++) {
		struct memory_range c = part_of(&map[i], floor, ceiling, most);

		/* Of equal ones the higher: low memory is what others need. */
		if (c.length && c.length >= best.length)
			best = c;
	}
	return best;
}

enum err carve_choose(const struct memory_entry *map, u32 count, u64 least, u64 most, struct memory_range *out)
{
	*out = largest(map, count, LOW_END, ~0ull, most);
	if (out->length < least)
		*out = largest(map, count, 0, LOW_END, most);
	return out->length < least ? ERR_BOOT_MEMORY : OK;
}
