/*
 * Root page tables: every page of a small machine against what was asked for, and tables damaged by hand.
 * Trust: test code.
 */
#include "tests/vmx/audit/paging.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { TABLES = 32 };

static _Alignas(4096) u8 tables[TABLES][4096];
static u32 taken, room;
static struct tables paging;

static u64 take(void)
{
	return taken < room ? (u64)tables[taken++] : 0;
}

static const struct page_source source = { .take = take };

static void create(u32 levels, bool has_1g)
{
	memset(tables, 0, sizeof(tables));
	taken = 0;
	room = TABLES;
	assert_int_equal(paging_create(&paging, &source, levels, has_1g), OK);
}

static void set(u64 base, u64 length, enum paging_access access)
{
	assert_int_equal(paging_set(&paging, base, length, access), OK);
}

/* A machine of 8 MiB with an image and guards in it. */
static void build(u32 levels)
{
	create(levels, true);
	set(0, MIB(8), PAGING_WRITE);
	set(0, PAGING_PAGE, PAGING_NONE);
	set(MIB(3), 0x6000, PAGING_EXECUTE);
	set(MIB(3) + 0x6000, 0x3000, PAGING_READ);
	set(MIB(3) + 0xA000, PAGING_PAGE, PAGING_NONE);
	set(0xFEE00000, PAGING_PAGE, PAGING_DEVICE);
}

static enum paging_access wanted(u64 at)
{
	if (at == 0 || at == MIB(3) + 0xA000)
		return PAGING_NONE;
	if (at >= MIB(3) && at < MIB(3) + 0x9000)
		return at < MIB(3) + 0x6000 ? PAGING_EXECUTE : PAGING_READ;
	return PAGING_WRITE;
}

static void assert_page(u32 levels, u64 at, enum paging_access access)
{
	u64 size, entry = paging_lookup(paging.root, levels, at, &size);

	assert_int_equal(entry != 0, access != PAGING_NONE);
	if (!entry)
		return;
	assert_int_equal(entry & 0x000FFFFFFFFFF000ull, at & ~(size - 1));
	assert_int_equal((entry & PAGING_ENTRY_WRITE) != 0, access == PAGING_WRITE || access == PAGING_DEVICE);
	assert_int_equal((entry & PAGING_ENTRY_NO_EXECUTE) == 0, access == PAGING_EXECUTE);
	assert_int_equal((entry & 0x18) != 0, access == PAGING_DEVICE);
}

static void maps_each_page_as_asked(void **state)
{
	(void)state;
	for (u32 levels = 4; levels <= 5; levels++) {
		build(levels);
		for (u64 at = 0; at < MIB(8); at += PAGING_PAGE)
			assert_page(levels, at, wanted(at));
		assert_page(levels, MIB(8), PAGING_NONE);
		assert_page(levels, 0xFEE00000, PAGING_DEVICE);
		assert_page(levels, 0xFEE01000, PAGING_NONE);
	}
}

static void uses_large_pages(void **state)
{
	(void)state;
	u64 size;

	create(4, true);
	set(MIB(1022), MIB(2050), PAGING_WRITE);
	assert_int_equal(taken, 3); /* root, the 1 GiB level, and one of 2 MiB pages */
	assert_int_not_equal(paging_lookup(paging.root, 4, MIB(1500), &size), 0);
	assert_int_equal(size, MIB(1024));
	create(4, false);
	set(0, MIB(2048), PAGING_WRITE);
	assert_int_not_equal(paging_lookup(paging.root, 4, MIB(1500), &size), 0);
	assert_int_equal(size, MIB(2));
	/* One page out of a large one: the others keep what they had. */
	create(4, true);
	set(0, MIB(1024), PAGING_READ);
	set(MIB(512) + 0x5000, PAGING_PAGE, PAGING_WRITE);
	assert_page(4, MIB(512) + 0x4000, PAGING_READ);
	assert_page(4, MIB(512) + 0x5000, PAGING_WRITE);
	assert_page(4, MIB(512) + 0x6000, PAGING_READ);
	assert_page(4, MIB(1022), PAGING_READ);
}

static void audit_passes_what_was_built(void **state)
{
	(void)state;
	struct paging_audit audit;

	build(4);
	paging_audit(paging.root, 4, &audit);
	assert_int_equal(audit.broken, 0);
	assert_int_equal(audit.executable, 0x6000);
	assert_int_equal(audit.writable, MIB(8) - 0x1000 - 0xA000 + 0x1000);
	build(5);
	paging_audit(paging.root, 5, &audit);
	assert_int_equal(audit.broken, 0);
}

/* The entry of a page, by hand. */
static u64 *entry_of(u64 address, u32 level)
{
	u64 *entry = (u64 *)paging.root + (address >> 39 & 511);

	for (u32 l = 3; l >= level; l--)
		entry = (u64 *)(*entry & 0x000FFFFFFFFFF000ull) + (address >> (12 + 9 * (l - 1)) & 511);
	return entry;
}

static void expect_broken(u64 address)
{
	struct paging_audit audit;

	paging_audit(paging.root, 4, &audit);
	assert_int_equal(audit.broken, 1);
	assert_int_equal(audit.first_broken, address);
}

static void audit_finds_damage(void **state)
{
	(void)state;
	build(4);
	*entry_of(MIB(3) + 0x1000, 1) |= PAGING_ENTRY_WRITE;
	expect_broken(MIB(3) + 0x1000);
	build(4);
	*entry_of(MIB(6), 2) &= ~PAGING_ENTRY_NO_EXECUTE;
	expect_broken(MIB(6));
	build(4);
	*entry_of(MIB(3) + 0x7000, 1) += 0x1000;
	expect_broken(MIB(3) + 0x7000);
	build(4);
	*entry_of(MIB(4), 2) |= 4; /* user */
	expect_broken(MIB(4));
}

static void refuses_ranges_and_runs_out(void **state)
{
	(void)state;
	create(4, true);
	assert_int_equal(paging_set(&paging, 1, PAGING_PAGE, PAGING_READ), ERR_RANGE);
	assert_int_equal(paging_set(&paging, 0, 1, PAGING_READ), ERR_RANGE);
	assert_int_equal(paging_set(&paging, 1ull << 47, PAGING_PAGE, PAGING_READ), ERR_RANGE);
	assert_int_equal(paging_set(&paging, PAGING_PAGE, ~0ull - 4095, PAGING_READ), ERR_RANGE);
	set((1ull << 47) - PAGING_PAGE, PAGING_PAGE, PAGING_READ);
	room = taken + 2;
	assert_int_equal(paging_set(&paging, MIB(1), PAGING_PAGE, PAGING_READ), ERR_NO_MEMORY);
	room = 0;
	assert_int_equal(paging_create(&paging, &source, 4, true), ERR_NO_MEMORY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(maps_each_page_as_asked),
		cmocka_unit_test(uses_large_pages),
		cmocka_unit_test(audit_passes_what_was_built),
		cmocka_unit_test(audit_finds_damage),
		cmocka_unit_test(refuses_ranges_and_runs_out),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
