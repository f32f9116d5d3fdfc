/*
 * The memory map: entries in order, apart from each other, and what was handed over lies in stage memory.
 * Trust: test code only.
 */
#include "tests/payload/report.h"
#include "tests/payload/tree.h"

#include "lib/bytes.h"
#include "lib/print.h"

#include <libfdt.h>

enum { ENTRY_SIZE = 24, TYPE_RAM = 1, TYPE_STAGE = 6, TYPES = 7 };

struct entry {
	u64 base, length;
	u32 type, zero;
};

struct map {
	const u8 *bytes;
	size_t count;
};

static struct map map_of(const void *tree)
{
	int length = 0;
	int node = tree_need(tree, "/memory");
	const u8 *bytes = node < 0 ? NULL : fdt_getprop(tree, node, "map", &length);
	if (!bytes || length <= 0 || length % ENTRY_SIZE) {
		fault("no", "memory map");
		return (struct map){ NULL, 0 };
	}
	return (struct map){ bytes, (size_t)length / ENTRY_SIZE };
}

static struct entry entry_at(const struct map *m, size_t i)
{
	const u8 *p = m->bytes + i * ENTRY_SIZE;
	return (struct entry){ load_be64(p), load_be64(p + 8), load_be32(p + 16), load_be32(p + 20) };
}

bool memory_is_stage(const void *tree, u64 base, u64 length)
{
	struct map m = map_of(tree);
	for (size_t i = 0; i < m.count; i++) {
		struct entry e = entry_at(&m, i);
		if (e.type == TYPE_STAGE && base >= e.base && range_inside(base - e.base, length, e.length))
			return true;
	}
	return false;
}

static void check_entry(const struct entry *e, u64 end_before)
{
	if (!e->length || e->length > ~e->base)
		fault("memory map entry", "empty or wraps");
	if (e->base < end_before)
		fault("memory map entry", "overlaps or is out of order");
	if (!e->type || e->type >= TYPES || e->zero)
		fault("memory map entry", "of unknown type");
}

/* ACPI's signature, and the checksum of version 1's 20 bytes. */
static void report_rsdp(const void *tree)
{
	u64 address = tree_u64(tree, tree_need(tree, "/acpi"), "rsdp");
	const u8 *p = (const u8 *)(uintptr_t)address;
	u8 sum = 0;
	for (size_t i = 0; address && i < 20; i++)
		sum = (u8)(sum + p[i]);
	bool good = address && load_le64(p) == 0x2052545020445352 && !sum;
	say("payload: rsdp address=0x%lx %s", address, good ? "good" : "bad");
	if (!good)
		fault("no", "RSDP");
}

void report_memory(const void *tree, u64 tree_length)
{
	struct map m = map_of(tree);
	u64 total[TYPES] = { 0 }, end = 0;
	for (size_t i = 0; i < m.count; i++) {
		struct entry e = entry_at(&m, i);
		check_entry(&e, end);
		end = e.base + e.length;
		total[e.type < TYPES ? e.type : 0] += e.length;
	}
	say("payload: memory entries=%zu ram=%lu stage=%lu end=0x%lx", m.count, total[TYPE_RAM], total[TYPE_STAGE],
	        end);
	if (!memory_is_stage(tree, (u64)(uintptr_t)tree, tree_length))
		fault("outside stage memory:", "tree");
	report_rsdp(tree);
}
