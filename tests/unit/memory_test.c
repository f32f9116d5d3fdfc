/* Memory maps from firmwares that contradict themselves, handing out memory, and identity page tables. */
#include "secureboot/bios_memory.h"
#include "secureboot/efi.h"
#include "secureboot/efi_memory.h"
#include "secureboot/identity.h"

#include "lib/bytes.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

enum { ROOM = 16, PAGES = 64 };

static struct memory_entry entries[ROOM];
static struct memory_map map;

static int set_up(void **state)
{
	(void)state;
	memset(entries, 0xFF, sizeof(entries));
	map = (struct memory_map){ .entry = entries, .room = ROOM };
	return 0;
}

static void put(u64 first_page, u64 pages, u32 type)
{
	assert_int_equal(memory_map_set(&map, first_page * PAGE_SIZE, pages * PAGE_SIZE, type), OK);
}

static void assert_entry(u32 i, u64 first_page, u64 pages, u32 type)
{
	assert_in_range(i, 0, map.count - 1);
	assert_int_equal(entries[i].base, first_page * PAGE_SIZE);
	assert_int_equal(entries[i].length, pages * PAGE_SIZE);
	assert_int_equal(entries[i].type, type);
	assert_int_equal(entries[i].zero, 0);
}

static void what_is_set_later_hides_what_lies_under_it(void **state)
{
	(void)state;
	put(10, 10, MEMORY_RAM);
	put(12, 2, MEMORY_RESERVED);
	put(18, 4, MEMORY_ACPI);
	assert_int_equal(map.count, 4);
	assert_entry(0, 10, 2, MEMORY_RAM);
	assert_entry(1, 12, 2, MEMORY_RESERVED);
	assert_entry(2, 14, 4, MEMORY_RAM);
	assert_entry(3, 18, 4, MEMORY_ACPI);
	put(0, 100, MEMORY_BAD);
	assert_int_equal(map.count, 1);
	assert_entry(0, 0, 100, MEMORY_BAD);
}

static void neighbours_of_a_type_become_one(void **state)
{
	(void)state;
	put(4, 2, MEMORY_RAM);
	put(0, 2, MEMORY_RAM);
	put(2, 2, MEMORY_STAGE);
	assert_int_equal(map.count, 3);
	put(2, 2, MEMORY_RAM);
	assert_int_equal(map.count, 1);
	assert_entry(0, 0, 6, MEMORY_RAM);
}

/* Against a plain array of pages, on every pair of overlapping ranges there is. */
static void agrees_with_painting_pages(void **state)
{
	(void)state;
	unsigned seed = 1;

	for (u32 round = 0; round < 2000; round++) {
		u8 page[PAGES] = { 0 };

		set_up(NULL);
		for (u32 i = 0; i < 7; i++) {
			u64 at = (u64)rand_r(&seed) % PAGES, n = (u64)rand_r(&seed) % (PAGES - at);
			u32 type = 1 + (u32)rand_r(&seed) % 6;

			put(at, n, type);
			memset(page + at, (int)type, n);
		}
		for (u32 i = 0; i < map.count; i++) {
			if (i)
				assert_true(entries[i].base >= entries[i - 1].base + entries[i - 1].length);
			for (u64 p = 0; p < entries[i].length / PAGE_SIZE; p++) {
				assert_int_equal(page[entries[i].base / PAGE_SIZE + p], entries[i].type);
				page[entries[i].base / PAGE_SIZE + p] = 0;
			}
		}
		assert_true(bytes_are_zero(page, PAGES));
	}
}

static void ram_shrinks_and_the_rest_grows_to_pages(void **state)
{
	(void)state;
	assert_int_equal(memory_map_set(&map, 0x1234, 0x3000, MEMORY_RAM), OK);
	assert_entry(0, 2, 2, MEMORY_RAM);
	assert_int_equal(memory_map_set(&map, 0x2FFF, 2, MEMORY_RESERVED), OK);
	assert_int_equal(map.count, 1);
	assert_entry(0, 2, 2, MEMORY_RESERVED);
	assert_int_equal(memory_map_set(&map, 0x9001, 0x100, MEMORY_RAM), OK);
	assert_int_equal(map.count, 1);
}

static void what_wraps_is_cut(void **state)
{
	(void)state;
	assert_int_equal(memory_map_set(&map, 0x5000, ~0ULL, MEMORY_RAM), OK);
	assert_int_equal(map.count, 1);
	assert_int_equal(entries[0].base, 0x5000);
	assert_int_equal(entries[0].base + entries[0].length, ~0ULL - 0xFFF);
	assert_int_equal(memory_map_set(&map, ~0ULL, 1, MEMORY_RAM), OK);
	assert_int_equal(map.count, 1);
}

static void a_full_map_is_an_error(void **state)
{
	(void)state;
	for (u64 i = 0; i + 1 < ROOM; i++)
		put(2 * i, 1, MEMORY_RAM);
	assert_int_equal(memory_map_set(&map, 0x100000, PAGE_SIZE, MEMORY_RAM), ERR_BOOT_MEMORY);
	assert_int_equal(map.count, ROOM - 1);
}

static void finds_around_what_is_busy(void **state)
{
	(void)state;
	static const struct memory_range busy[] = { { 0x4000, 0x1800 }, { 0x8000, 0x1000 } };
	u64 base;

	put(2, 8, MEMORY_RAM); /* pages 2..9; 4, 5 and 8 are busy */
	put(32, 64, MEMORY_RAM);
	assert_int_equal(memory_map_find(&map, busy, 2, 0, 0x2000, PAGE_SIZE, &base), OK);
	assert_int_equal(base, 0x2000);
	assert_int_equal(memory_map_find(&map, busy, 2, 0x3000, 0x2000, PAGE_SIZE, &base), OK);
	assert_int_equal(base, 0x6000);
	assert_int_equal(memory_map_find(&map, busy, 2, 0, 0x3000, PAGE_SIZE, &base), OK);
	assert_int_equal(base, 0x20000);
	assert_int_equal(memory_map_find(&map, busy, 2, 0, 0x1000, 0x40000, &base), OK);
	assert_int_equal(base, 0x40000);
	assert_int_equal(memory_map_find(&map, busy, 2, 0, 65 * PAGE_SIZE, PAGE_SIZE, &base), ERR_BOOT_MEMORY);
}

static void only_ram_is_handed_out(void **state)
{
	(void)state;
	u64 base;

	for (u32 type = MEMORY_RESERVED; type <= MEMORY_STAGE; type++)
		put(16 * type, 8, type);
	assert_int_equal(memory_map_find(&map, NULL, 0, 0, PAGE_SIZE, PAGE_SIZE, &base), ERR_BOOT_MEMORY);
	put(256, 1, MEMORY_RAM);
	assert_int_equal(memory_map_find(&map, NULL, 0, 0, PAGE_SIZE, PAGE_SIZE, &base), OK);
	assert_int_equal(base, 0x100000);
}

/* What the page tables must reach; a device's window far up is not among it. */
static void the_top_is_that_of_memory(void **state)
{
	static const struct {
		u32 type;
		bool counts;
	} rows[] = { { MEMORY_RAM, true }, { MEMORY_RESERVED, false }, { MEMORY_ACPI, true }, { MEMORY_NVS, true },
		{ MEMORY_BAD, false }, { MEMORY_STAGE, true } };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		set_up(state);
		assert_int_equal(memory_map_top(&map), 0);
		put(1, 2, rows[i].type);
		assert_int_equal(memory_map_top(&map), rows[i].counts ? 3 * PAGE_SIZE : 0);
	}
}

static void efi_maps_have_their_limits(void **state)
{
	static u8 wide[PAGE_SIZE + 8];
	struct efi_memory_descriptor d[ROOM + 1] = { { 0 } };
	u64 n = sizeof(d);

	(void)state;
	for (u64 i = 0; i <= ROOM; i++)
		d[i] = (struct efi_memory_descriptor){
			.type = EFI_ACPI_NVS, .physical = 2 * i * PAGE_SIZE, .pages = 1
		};
	assert_int_equal(efi_memory_convert((const u8 *)d, n, sizeof(d[0]), &map), ERR_BOOT_MEMORY);
	n -= 3 * sizeof(d[0]);
	assert_int_equal(efi_memory_convert((const u8 *)d, n, sizeof(d[0]), &map), OK);
	assert_int_equal(map.count, ROOM - 2);
	memcpy(wide, d, sizeof(d[0]));
	assert_int_equal(efi_memory_convert(wide, sizeof(wide), PAGE_SIZE, &map), OK);
	assert_int_equal(map.count, 1);
	assert_int_equal(efi_memory_convert(wide, sizeof(wide), PAGE_SIZE + 8, &map), ERR_BOOT_FIRMWARE);
}

static void efi_types_and_contradictions(void **state)
{
	(void)state;
	struct efi_memory_descriptor d[] = {
		{ .type = EFI_RESERVED, .physical = 0x5000, .pages = 1 },
		{ .type = EFI_CONVENTIONAL, .physical = 0x1000, .pages = 16 },
		{ .type = EFI_BOOT_DATA, .physical = 0x11000, .pages = 1 },
		{ .type = EFI_RUNTIME_DATA, .physical = 0x12000, .pages = 1 },
		{ .type = EFI_ACPI_RECLAIM, .physical = 0x13000, .pages = 1 },
		{ .type = EFI_ACPI_NVS, .physical = 0x14000, .pages = 1 },
		{ .type = 0x80000001, .physical = 0x15000, .pages = 1 },
		{ .type = EFI_MMIO, .physical = 0xFEE00000, .pages = ~0ULL },
	};

	assert_int_equal(efi_memory_convert((const u8 *)d, sizeof(d), sizeof(d[0]), &map), OK);
	assert_int_equal(map.count, 8);
	/* Reserved inside what is called RAM stays reserved, although it was told first. */
	assert_entry(0, 1, 4, MEMORY_RAM);
	assert_entry(1, 5, 1, MEMORY_RESERVED);
	assert_entry(2, 6, 12, MEMORY_RAM);
	assert_entry(3, 18, 1, MEMORY_RESERVED);
	assert_entry(4, 19, 1, MEMORY_ACPI);
	assert_entry(5, 20, 1, MEMORY_NVS);
	assert_entry(6, 21, 1, MEMORY_RESERVED);
	assert_int_equal(memory_map_top(&map), 0x15000);
	assert_int_equal(efi_memory_convert((const u8 *)d, sizeof(d), 39, &map), ERR_BOOT_FIRMWARE);
	assert_int_equal(efi_memory_convert((const u8 *)d, sizeof(d), 0, &map), ERR_BOOT_FIRMWARE);
}

static void bios_entry(u8 *at, u64 base, u64 length, u32 type)
{
	store_le64(at, base);
	store_le64(at + 8, length);
	store_le32(at + 16, type);
}

static void bios_memory_is_handed_out_and_taken_back(void **state)
{
	(void)state;
	u8 raw[3 * MULTIBOOT2_MAP_ENTRY] = { 0 };
	struct multiboot2 info = { .map = raw, .map_count = 3, .module_count = 1 };
	const struct memory_range information = { 0x101000, 0x800 }, image = { 0x200000, 0x30000 };
	u8 *a, *b;

	bios_entry(raw, 0, 0x9F000, 1);
	bios_entry(raw + MULTIBOOT2_MAP_ENTRY, 0x100000, MIB(15), 1);
	bios_entry(raw + 2 * MULTIBOOT2_MAP_ENTRY, MIB(15), MIB(1), 2);
	info.module[0] = (struct multiboot2_module){ .start = 0x110000, .length = 0x20000 };
	assert_int_equal(bios_memory_init(&info, information, image), OK);
	assert_int_equal(bios_allocate(0, 0xF000, 1, &a), OK);
	assert_int_equal((u64)a, 0x130000);
	assert_int_equal(bios_allocate(0, MIB(2), MIB(2), &b), OK);
	assert_int_equal((u64)b, MIB(4));
	assert_int_equal(memory_map_type(bios_memory_map(), MIB(4), MIB(2)), MEMORY_STAGE);
	assert_int_equal(memory_map_type(bios_memory_map(), 0x200000, 0x30000), MEMORY_STAGE);
	bios_release(b, MIB(2));
	assert_int_equal(memory_map_type(bios_memory_map(), MIB(4), MIB(2)), MEMORY_RAM);
	/* A place of the caller's choice: free RAM only. */
	assert_int_equal(bios_allocate(MIB(8), 0x1000, 1, &a), OK);
	assert_int_equal(bios_allocate(MIB(8), 0x1000, 1, &a), ERR_BOOT_MEMORY);
	assert_int_equal(bios_allocate(0x110000, 0x1000, 1, &a), ERR_BOOT_MEMORY);
	assert_int_equal(bios_allocate(0x101000, 0x1000, 1, &a), ERR_BOOT_MEMORY);
	assert_int_equal(bios_allocate(0x7000, 0x1000, 1, &a), ERR_BOOT_MEMORY);
	assert_int_equal(bios_allocate(MIB(15) - 0x1000, 0x2000, 1, &a), ERR_BOOT_MEMORY);
	assert_int_equal(bios_allocate(MIB(9) + 1, 0x1000, 1, &a), ERR_BOOT_MEMORY);
	assert_int_equal(bios_allocate(0, MIB(32), 1, &a), ERR_BOOT_MEMORY);
}

static void bios_memory_that_is_not_ours_stays_as_it_is(void **state)
{
	(void)state;
	u8 raw[3 * MULTIBOOT2_MAP_ENTRY] = { 0 };
	struct multiboot2 info = { .map = raw, .map_count = 3 };
	const struct memory_range information = { 0x101000, 0x800 }, image = { 0x200000, 0x30000 };

	/* Types of which we know nothing. */
	bios_entry(raw, 0x100000, MIB(15), 1);
	bios_entry(raw + MULTIBOOT2_MAP_ENTRY, MIB(32), MIB(1), 6);
	bios_entry(raw + 2 * MULTIBOOT2_MAP_ENTRY, MIB(64), MIB(1), ~0u);
	assert_int_equal(bios_memory_init(&info, information, image), OK);
	assert_int_equal(memory_map_type(bios_memory_map(), MIB(32), MIB(1)), MEMORY_RESERVED);
	assert_int_equal(memory_map_type(bios_memory_map(), MIB(64), MIB(1)), MEMORY_RESERVED);
	bios_release((u8 *)MIB(32), MIB(1));
	assert_int_equal(memory_map_type(bios_memory_map(), MIB(32), MIB(1)), MEMORY_RESERVED);
}

/* As many entries as there is room for, but for the two that the stage's own needs. */
static void a_bios_map_has_its_limits(void **state)
{
	(void)state;
	enum { MOST = 160 };
	static u8 raw[MOST * MULTIBOOT2_MAP_ENTRY];
	struct multiboot2 info = { .map = raw };
	const struct memory_range information = { 0x101000, 0x800 }, image = { 0x200000, 0x30000 };

	bios_entry(raw, 0x100000, MIB(15), 1);
	for (u64 i = 1; i < MOST; i++)
		bios_entry(raw + i * MULTIBOOT2_MAP_ENTRY, MIB(16) + i * 0x2000, PAGE_SIZE, 2);
	for (u32 count = MOST - 3; count <= MOST; count++) {
		info.map_count = count;
		assert_int_equal(bios_memory_init(&info, information, image), count <= MOST - 2 ? OK : ERR_BOOT_MEMORY);
	}
}

static void a_bios_map_without_the_stage_is_refused(void **state)
{
	(void)state;
	u8 raw[MULTIBOOT2_MAP_ENTRY] = { 0 };
	struct multiboot2 info = { .map = raw, .map_count = 1 };
	const struct memory_range information = { 0x101000, 0x800 }, image = { 0x200000, 0x30000 };

	bios_entry(raw, 0x100000, 0x120000, 1);
	assert_int_equal(bios_memory_init(&info, information, image), ERR_BOOT_LOADER);
	info.map_count = 0;
	assert_int_equal(bios_memory_init(&info, information, image), ERR_BOOT_LOADER);
	info.map_count = 1;
	bios_entry(raw, 0x100000, 0x130000, 1);
	assert_int_equal(bios_memory_init(&info, information, image), OK);
}

/* Walks tables as a processor does; the answer is where an address leads. */
static u64 walk(u64 root, u64 address, struct paging_features f)
{
	u64 table = root;

	for (u32 shift = f.five_levels ? 48 : 39; shift >= 21; shift -= 9) {
		u64 entry = ((const u64 *)table)[address >> shift & 511];
		u64 mask = (1ULL << shift) - 1;

		if (!(entry & 1))
			return ~0ULL;
		/* A processor without pages of 1 GiB takes the bit there for reserved. */
		if (entry & 0x80 && shift > 21 && !(shift == 30 && f.giant_pages))
			return ~0ULL;
		if (entry & 0x80)
			return (entry & ~mask & ~0xFFFULL) | (address & mask);
		table = entry & ~0xFFFULL;
	}
	return ~0ULL;
}

static void identity_maps_are_the_identity(void **state)
{
	(void)state;
	const u64 gib = 1ULL << 30;
	const u64 tops[] = { MIB(512), 4 * gib, 4 * gib + 1, 5 * gib, 700 * gib };

	for (u32 kind = 0; kind < 4; kind++) {
		struct paging_features f = { .giant_pages = kind & 1, .five_levels = kind & 2 };

		for (size_t i = 0; i < ARRAY_SIZE(tops); i++) {
			u64 size = identity_size(tops[i], f), root, end = tops[i] < 4 * gib ? 4 * gib : tops[i];
			u8 *tables = aligned_alloc(PAGE_SIZE, size);

			assert_non_null(tables);
			memset(tables, 0xFF, size);
			root = identity_build(tables, tops[i], f);
			for (u64 at = 0; at < end; at += 511 * MIB(1) + 0x1234)
				assert_int_equal(walk(root, at, f), at);
			assert_int_equal(walk(root, end - 1, f), end - 1);
			assert_int_equal(walk(root, end + gib, f), ~0ULL);
			free(tables);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(what_is_set_later_hides_what_lies_under_it, set_up),
		cmocka_unit_test_setup(neighbours_of_a_type_become_one, set_up),
		cmocka_unit_test_setup(agrees_with_painting_pages, set_up),
		cmocka_unit_test_setup(ram_shrinks_and_the_rest_grows_to_pages, set_up),
		cmocka_unit_test_setup(what_wraps_is_cut, set_up),
		cmocka_unit_test_setup(a_full_map_is_an_error, set_up),
		cmocka_unit_test_setup(finds_around_what_is_busy, set_up),
		cmocka_unit_test_setup(only_ram_is_handed_out, set_up),
		cmocka_unit_test_setup(the_top_is_that_of_memory, set_up),
		cmocka_unit_test_setup(efi_types_and_contradictions, set_up),
		cmocka_unit_test_setup(efi_maps_have_their_limits, set_up),
		cmocka_unit_test_setup(bios_memory_that_is_not_ours_stays_as_it_is, set_up),
		cmocka_unit_test_setup(a_bios_map_has_its_limits, set_up),
		cmocka_unit_test_setup(bios_memory_is_handed_out_and_taken_back, set_up),
		cmocka_unit_test_setup(a_bios_map_without_the_stage_is_refused, set_up),
		cmocka_unit_test_setup(identity_maps_are_the_identity, set_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
