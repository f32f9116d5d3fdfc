/*
 * Memory maps as docs/handoff.md has them: sorted, without overlap, built from what a firmware claims.
 * Trust: pure; the firmware's entries may overlap, wrap or be empty.
 */
#ifndef SIGNET_SECUREBOOT_MEMORY_H
#define SIGNET_SECUREBOOT_MEMORY_H

#include "secureboot/platform.h"

enum { PAGE_SIZE = 4096 };

struct memory_map {
	struct memory_entry *entry;
	u32 count;
	u32 room;
};

/* What memory may not be handed out although the map calls it RAM. */
struct memory_range {
	u64 base;
	u64 length;
};

/*
 * Makes [base, base + length) of that type, whatever it was before, in whole pages: RAM shrinks to them, everything
 * else grows. What wraps is cut at the end of the address space. ERR_BOOT_MEMORY when the map has no room.
 */
enum err memory_map_set(struct memory_map *map, u64 base, u64 length, u32 type) MUST_CHECK;

/* One firmware entry, already translated. Adds it in the pass of its own type alone: see memory_map_passes. */
extern const u32 memory_map_passes[5];
enum { MEMORY_PASSES = 5 };

/* The type of the entry that holds all of [base, base + length); 0 when none does. */
u32 memory_map_type(const struct memory_map *map, u64 base, u64 length);

/* The end of the highest RAM, ACPI or stage memory. */
u64 memory_map_top(const struct memory_map *map);

/*
 * The lowest place for length bytes of RAM at or above floor, aligned, outside the busy ranges. ERR_BOOT_MEMORY.
 */
enum err memory_map_find(const struct memory_map *map, const struct memory_range *busy, u32 busy_count, u64 floor,
        u64 length, u64 align, u64 *base) MUST_CHECK;

/* [base, base + length) touches none of the ranges. */
bool memory_is_free(const struct memory_range *busy, u32 busy_count, u64 base, u64 length);

#endif
