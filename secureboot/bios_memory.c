/*
 * Handing out memory under BIOS.
 * Trust: pure.
 */
#include "secureboot/bios_memory.h"

#include "lib/bytes.h"

enum {
	/* No BIOS tells of more than 128 ranges; allocations, mostly side by side, split a few. */
	ENTRIES_MAX = 160,
	BUSY_MAX = MULTIBOOT2_MODULES_MAX + 1,
	/* Below lie the BIOS's own data, and the loader's. */
	LOWEST = 1 << 20,
};

static struct memory_entry entries[ENTRIES_MAX];
static struct memory_map map = { .entry = entries, .room = ENTRIES_MAX };
/* What the loader left: RAM again for the hypervisor, but not ours to overwrite. */
static struct memory_range busy[BUSY_MAX];
static u32 busy_count;

/* ACPI and Multiboot2 share the numbers but for ours, 6: whatever is unknown is reserved. */
static u32 type_of(u32 loader_type)
{
	static const u8 types[] = { [1] = MEMORY_RAM, [3] = MEMORY_ACPI, [4] = MEMORY_NVS, [5] = MEMORY_BAD };

	return loader_type < ARRAY_SIZE(types) && types[loader_type] ? types[loader_type] : MEMORY_RESERVED;
}

static enum err convert_type(const struct multiboot2 *info, u32 type)
{
	for (u32 i = 0; i < info->map_count; i++) {
		const u8 *p = info->map + i * MULTIBOOT2_MAP_ENTRY;
		enum err e = OK;

		if (type_of(load_le32(p + 16)) == type)
			e = memory_map_set(&map, load_le64(p), load_le64(p + 8), type);
		if (e)
			return e;
	}
	return OK;
}

static void add_busy(u64 base, u64 length)
{
	if (length)
		busy[busy_count++] = (struct memory_range){ .base = base, .length = length };
}

enum err bios_memory_init(const struct multiboot2 *info, struct memory_range information, struct memory_range image)
{
	map.count = 0;
	busy_count = 0;
	for (u32 pass = 0; pass < MEMORY_PASSES; pass++) {
		enum err e = convert_type(info, memory_map_passes[pass]);

		if (e)
			return e;
	}
	add_busy(information.base, information.length);
	for (u32 i = 0; i < info->module_count; i++)
		add_busy(info->module[i].start, info->module[i].length);
	if (memory_map_type(&map, image.base, image.length) != MEMORY_RAM)
		return ERR_BOOT_LOADER;
	return memory_map_set(&map, image.base, image.length, MEMORY_STAGE);
}

enum err bios_allocate(u64 address, u64 length, u64 align, u8 **out)
{
	u64 size = align_up(length, PAGE_SIZE), base = address;
	enum err e = OK;

	if (address == 0)
		e = memory_map_find(&map, busy, busy_count, LOWEST, size, align < PAGE_SIZE ? PAGE_SIZE : align, &base);
	else if (!is_aligned(address, PAGE_SIZE) || address < LOWEST ||
	        memory_map_type(&map, address, size) != MEMORY_RAM || !memory_is_free(busy, busy_count, address, size))
		e = ERR_BOOT_MEMORY;
	if (!e)
		e = memory_map_set(&map, base, size, MEMORY_STAGE);
	if (!e)
		*out = (u8 *)base;
	return e;
}

void bios_release(u8 *memory, u64 length)
{
	u64 size = align_up(length, PAGE_SIZE);

	/* Where the map has no room for the split, it stays ours, which harms nobody. */
	if (memory_map_type(&map, (u64)memory, size) == MEMORY_STAGE &&
	        memory_map_set(&map, (u64)memory, size, MEMORY_RAM) != OK)
		return;
}

const struct memory_map *bios_memory_map(void)
{
	return &map;
}
