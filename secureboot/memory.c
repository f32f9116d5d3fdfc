/*
 * Memory maps by painting: a later range hides what lies under it, so that overlaps cannot survive.
 * Trust: pure.
 */
#include "secureboot/memory.h"

#include <string.h>

/*
 * Where a firmware contradicts itself, the later pass wins: never believe that something is RAM which another entry
 * calls something else.
 */
const u32 memory_map_passes[MEMORY_PASSES] = { MEMORY_RAM, MEMORY_ACPI, MEMORY_NVS, MEMORY_RESERVED, MEMORY_BAD };

struct span {
	u64 base;
	u64 end;
};

static u64 end_of(const struct memory_entry *e)
{
	return e->base + e->length;
}

/* Whole pages below the address space's last one, so that no end ever wraps. */
static struct span page_span(u64 base, u64 length, u32 type)
{
	const u64 last = ~(u64)(PAGE_SIZE - 1);
	u64 end = length > last - base ? last : base + length;
	struct span s;

	if (base >= last)
		return (struct span){ 0, 0 };
	s.base = type == MEMORY_RAM ? align_up(base, PAGE_SIZE) : base & last;
	s.end = type == MEMORY_RAM ? end & last : align_up(end, PAGE_SIZE);
	return s;
}

static void insert(struct memory_map *map, u32 at, u64 base, u64 end, u32 type)
{
	memmove(&map->entry[at + 1], &map->entry[at], (map->count - at) * sizeof(map->entry[0]));
	map->entry[at] = (struct memory_entry){ .base = base, .length = end - base, .type = type };
	map->count++;
}

static void drop(struct memory_map *map, u32 at)
{
	map->count--;
	memmove(&map->entry[at], &map->entry[at + 1], (map->count - at) * sizeof(map->entry[0]));
}

/* Takes s out of the map: entries are cut, split or dropped. Needs room for one more. */
static void clear(struct memory_map *map, struct span s)
{
	for (u32 i = 0; i < map->count;) {
		struct memory_entry *e = &map->entry[i];
		u64 end = end_of(e);

		if (end <= s.base || e->base >= s.end) {
			i++;
		} else if (e->base < s.base && end > s.end) {
			insert(map, i + 1, s.end, end, e->type);
			e->length = s.base - e->base;
			return;
		} else if (e->base < s.base) {
			e->length = s.base - e->base;
			i++;
		} else if (end > s.end) {
			e->base = s.end;
			e->length = end - s.end;
			return;
		} else {
			drop(map, i);
		}
	}
}

static void merge_around(struct memory_map *map, u32 at)
{
	u32 i = at ? at - 1 : 0;

	while (i + 1 < map->count && i <= at) {
		struct memory_entry *e = &map->entry[i], *next = e + 1;

		if (e->type == next->type && end_of(e) == next->base) {
			e->length += next->length;
			drop(map, i + 1);
		} else {
			i++;
		}
	}
}

enum err memory_map_set(struct memory_map *map, u64 base, u64 length, u32 type)
{
	struct span s = page_span(base, length, type);
	u32 at = 0;

	if (s.base >= s.end)
		return OK;
	/* A split makes one entry more, the new one another. */
	if (map->room - map->count < 2)
		return ERR_BOOT_MEMORY;
	clear(map, s);
	while (at < map->count && map->entry[at].base < s.base)
		at++;
	insert(map, at, s.base, s.end, type);
	merge_around(map, at);
	return OK;
}

u32 memory_map_type(const struct memory_map *map, u64 base, u64 length)
{
	for (u32 i = 0; i < map->count; i++) {
		const struct memory_entry *e = &map->entry[i];

		if (base >= e->base && range_inside(base - e->base, length, e->length))
			return e->type;
	}
	return 0;
}

u64 memory_map_top(const struct memory_map *map)
{
	u64 top = 0;

	for (u32 i = 0; i < map->count; i++) {
		u32 type = map->entry[i].type;

		if (type == MEMORY_RAM || type == MEMORY_ACPI || type == MEMORY_NVS || type == MEMORY_STAGE)
			top = end_of(&map->entry[i]);
	}
	return top;
}

/* The first busy range that [base, base + length) touches. */
static const struct memory_range *in_the_way(const struct memory_range *busy, u32 count, u64 base, u64 length)
{
	for (u32 i = 0; i < count; i++) {
		if (base < busy[i].base + busy[i].length && busy[i].base < base + length)
			return &busy[i];
	}
	return NULL;
}

bool memory_is_free(const struct memory_range *busy, u32 busy_count, u64 base, u64 length)
{
	return !in_the_way(busy, busy_count, base, length);
}

static bool find_inside(const struct memory_entry *e, const struct memory_range *busy, u32 count, u64 floor, u64 length,
        u64 align, u64 *base)
{
	const struct memory_range *obstacle;
	u64 at = align_up(e->base > floor ? e->base : floor, align);

	while (at >= e->base && range_inside(at - e->base, length, e->length)) {
		obstacle = in_the_way(busy, count, at, length);
		if (!obstacle) {
			*base = at;
			return true;
		}
		at = align_up(obstacle->base + obstacle->length, align);
	}
	return false;
}

enum err memory_map_find(const struct memory_map *map, const struct memory_range *busy, u32 busy_count, u64 floor,
        u64 length, u64 align, u64 *base)
{
	for (u32 i = 0; i < map->count; i++) {
		const struct memory_entry *e = &map->entry[i];

		if (e->type == MEMORY_RAM && find_inside(e, busy, busy_count, floor, length, align, base))
			return OK;
	}
	return ERR_BOOT_MEMORY;
}
