/* The service VM's memory plan. Trust: in the TCB; pure. */
#include "hv/service/memory.h"

enum { ROMS = 0xC0000, LOW_MEMORY = 0x100000 };

#define FOUR_GIB (1ull << 32)

/* On every machine, whatever its tables say. */
static const struct memory_range always_denied[] = {
	{ 0, 0x1000 }, /* root mode has no page 0 to reach it by: another page is put there */
	{ 0xA0000, 0x20000 }, /* the screen, and what SMM hides behind it */
	{ 0xFEC00000, 0x1000 }, /* an I/O APIC */
	{ 0xFED40000, 0x5000 }, /* TPM */
	{ 0xFEE00000, 0x100000 }, /* local APIC, interrupt messages */
};

/* What a type gives: as EPT has it, and as the E820 map calls it. */
static const struct {
	u8 access;
	u8 e820;
} gives[] = {
	[MEMORY_RAM] = { EPT_RWX, 1 },
	[MEMORY_RESERVED] = { EPT_READ | EPT_WRITE, 2 },
	/* A VM that comes back must find the tables as firmware made them. */
	[MEMORY_ACPI] = { EPT_READ, 3 },
	[MEMORY_NVS] = { EPT_READ | EPT_WRITE, 4 },
	[MEMORY_BAD] = { 0, 2 },
	[MEMORY_STAGE] = { 0, 2 },
};

static enum err deny(struct service_memory *plan, const struct memory_range *range, u32 count)
{
	enum err e = OK;

	for (u32 i = 0; !e && i < count; i++)
		e = memory_map_set(&plan->map, range[i].base, range[i].length, MEMORY_BAD);
	return e;
}

enum err service_memory_plan(
        struct service_memory *plan, const struct memory_map *machine, const struct memory_range *denied, u32 count)
{
	enum err e;

	if (machine->count > MAP_ROOM || count > SERVICE_DENIED_MAX)
		return ERR_BOOT_MEMORY;
	plan->map = (struct memory_map){ plan->entries, 0, SERVICE_MAP_ROOM };
	plan->low_end = 0;
	/* ROMs of a PC, which firmware's maps leave out and kernels search through. */
	e = memory_map_set(&plan->map, ROMS, LOW_MEMORY - ROMS, MEMORY_RESERVED);
	for (u32 i = 0; !e && i < machine->count; i++) {
		const struct memory_entry *m = &machine->entry[i];

		e = memory_map_set(&plan->map, m->base, m->length, m->type);
		if (m->base < FOUR_GIB && m->type != MEMORY_RESERVED && m->type != MEMORY_BAD)
			plan->low_end = m->base + m->length;
	}
	if (!e)
		e = deny(plan, always_denied, ARRAY_SIZE(always_denied));
	return e ? e : deny(plan, denied, count);
}

bool service_memory_mapping(const struct service_memory *plan, u32 i, struct ept_mapping *m)
{
	const struct memory_entry *entry = &plan->map.entry[i];
	bool device = entry->type == MEMORY_RESERVED && entry->base >= plan->low_end;

	*m = (struct ept_mapping){ entry->base, entry->base, entry->length, gives[entry->type].access, EPT_WB };
	return m->access && !device;
}

/* What the plan calls NVS may be RAM, the block that it starts from, or firmware's, which root mode only reads. */
bool service_memory_is_ram(const struct service_memory *plan, const struct memory_map *machine, u32 i)
{
	const struct memory_entry *entry = &plan->map.entry[i];

	return memory_map_type(machine, entry->base, entry->length) == MEMORY_RAM;
}

bool service_device_mapping(const struct service_memory *plan, u64 base, u64 length, struct ept_mapping *m)
{
	u64 start = base & ~(EPT_PAGE - 1);

	if (!length || !range_inside(base, length, EPT_END - EPT_PAGE))
		return false;
	*m = (struct ept_mapping){ start, start, align_up(base + length, EPT_PAGE) - start, EPT_READ | EPT_WRITE,
		EPT_UC };
	for (u32 i = 0; i < plan->map.count; i++) {
		const struct memory_entry *entry = &plan->map.entry[i];
		struct ept_mapping other;
		/* Firmware may call a range reserved and place a device there; nobody else has it. */
		bool theirs = entry->type == MEMORY_RESERVED && !service_memory_mapping(plan, i, &other);

		if (!theirs && m->host < entry->base + entry->length && entry->base < m->host + m->length)
			return false;
	}
	return true;
}

u32 service_e820(const struct service_memory *plan, struct e820_entry *map, u32 room)
{
	u32 count = plan->map.count;

	for (u32 i = 0; i < count && i < room; i++) {
		const struct memory_entry *m = &plan->map.entry[i];

		map[i] = (struct e820_entry){ m->base, m->length, gives[m->type].e820 };
	}
	return count <= room ? count : 0;
}
