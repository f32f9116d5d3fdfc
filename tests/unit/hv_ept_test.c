/* EPTs against a plain array of pages under random operations, their limits, and the audit that reads them. */
#include "hv/mem/ept.h"
#include "tests/vmx/audit/ept.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <string.h>

enum { POOL = 64, PAGES = 3 * 512 };

static _Alignas(4096) u64 pool[POOL][512];
static bool taken[POOL];
static u32 taken_count, limit;

static u64 alloc(void)
{
	for (u32 i = 0; i < POOL && taken_count < limit; i++)
		if (!taken[i]) {
			taken[i] = true;
			taken_count++;
			memset(pool[i], 0, sizeof(pool[i]));
			return (u64)(uintptr_t)pool[i];
		}
	return 0;
}

static void give_back(u64 page)
{
	u64 i = (page - (u64)(uintptr_t)pool) / EPT_PAGE;

	assert_true(i < POOL && page == (u64)(uintptr_t)pool[i] && taken[i]);
	taken[i] = false;
	taken_count--;
}

static const struct page_source source = { alloc, give_back };
static struct ept ept;

static int set_up(void **state)
{
	(void)state;
	memset(taken, 0, sizeof(taken));
	taken_count = 0;
	limit = POOL;
	return ept_create(&ept, &source, 46, true);
}

static int tear_down(void **state)
{
	(void)state;
	tables_destroy(&ept.tables);
	assert_int_equal(taken_count, 0);
	return 0;
}

static enum err map(u64 guest, u64 host, u64 length)
{
	return ept_map(&ept, &(struct ept_mapping){ guest, host, length, EPT_RWX, EPT_WB });
}

/* The page that holds guest. */
static bool lookup(u64 guest, struct ept_mapping *page)
{
	return ept_next(&ept, guest, page) && page->guest <= guest;
}

static u64 random_state = 0x5EED;
static u64 random_below(u64 n)
{
	random_state = random_state * 6364136223846793005ull + 1442695040888963407ull;
	return (random_state >> 33) % n;
}

/* What page of 4 KiB lies where, and with which rights. */
struct naive {
	u64 host; /* 0: not mapped */
	u8 access, memory;
};

static void assert_same(const struct naive *naive, u64 base)
{
	struct ept_mapping page;

	for (u64 i = 0; i < PAGES; i++) {
		u64 guest = base + i * EPT_PAGE;
		bool there = lookup(guest + random_below(EPT_PAGE), &page);
		bool same = there == (naive[i].host != 0);
		if (there)
			same = same && page.host + (guest - page.guest) == naive[i].host &&
			        page.access == naive[i].access && page.memory == naive[i].memory;
		if (!same)
			fail_msg("page %#lx differs", (unsigned long)guest);
	}
}

static bool naive_free(const struct naive *naive, u64 n)
{
	for (u64 i = 0; i < n; i++)
		if (naive[i].host)
			return false;
	return true;
}

static void naive_map(struct naive *naive, u64 n, const struct ept_mapping *m)
{
	enum err e = ept_map(&ept, m);

	if (!naive_free(naive, n)) {
		assert_int_equal(e, ERR_EPT_PRESENT);
		return;
	}
	assert_true(e == OK || (e == ERR_NO_MEMORY && limit < POOL));
	for (u64 i = 0; !e && i < n; i++)
		naive[i] = (struct naive){ m->host + i * EPT_PAGE, m->access, m->memory };
}

static void one_operation(struct naive *naive, u64 base)
{
	static const u8 rights[] = { EPT_READ, EPT_READ | EPT_WRITE, EPT_READ | EPT_EXECUTE, EPT_RWX };
	static const u8 types[] = { EPT_UC, EPT_WC, EPT_WT, EPT_WP, EPT_WB };
	bool whole = random_below(2);
	u64 first = whole ? random_below(3) * 512 : random_below(PAGES);
	u64 n = whole ? (1 + random_below(3 - first / 512)) * 512 : 1 + random_below(random_below(8) ? 32 : PAGES);
	u64 guest = base + first * EPT_PAGE;

	n = n < PAGES - first ? n : PAGES - first;
	naive_map(naive + first, n,
	        &(struct ept_mapping){ guest,
	                MIB(64) + (whole ? random_below(8) * MIB(2) : random_below(4096) * EPT_PAGE), n * EPT_PAGE,
	                rights[random_below(4)], types[random_below(5)] });
}

static void agrees_with_an_array_of_pages(void **state)
{
	static struct naive naive[PAGES];
	/* Inside one table, over the edges of the next levels, and at the very end. */
	static const u64 bases[] = { 0, (1ull << 30) - MIB(2), (1ull << 39) - MIB(4), EPT_END - MIB(6) };

	(void)state;
	for (u32 round = 0; round < 8 * ARRAY_SIZE(bases); round++) {
		u64 base = bases[round % ARRAY_SIZE(bases)];

		memset(naive, 0, sizeof(naive));
		for (u32 turn = 0; turn < 20; turn++) {
			limit = random_below(4) ? POOL : taken_count + (u32)random_below(2);
			one_operation(naive, base);
			assert_same(naive, base);
		}
		limit = POOL;
		tables_destroy(&ept.tables);
		assert_int_equal(taken_count, 0);
		assert_int_equal(ept_create(&ept, &source, 46, true), OK);
	}
}

static void the_largest_pages_that_fit_are_used(void **state)
{
	struct ept_mapping page;

	(void)state;
	assert_int_equal(map(0, 1ull << 30, 3ull << 30), OK);
	assert_int_equal(taken_count, 2);
	assert_true(lookup(0x7FFFFFFF, &page));
	assert_int_equal(page.length, 1ull << 30);
	assert_int_equal(map((3ull << 30) + MIB(1022), (5ull << 30) - MIB(2), MIB(2) + KIB(4)), OK);
	assert_int_equal(taken_count, 5);
	assert_true(lookup((4ull << 30) - 1, &page));
	assert_int_equal(page.length, MIB(2));
	assert_true(lookup(4ull << 30, &page));
	assert_int_equal(page.length, EPT_PAGE);
	assert_int_equal(page.host, 5ull << 30);
}

static void without_1g_pages_the_largest_are_2m(void **state)
{
	struct ept_mapping page;

	(void)state;
	tables_destroy(&ept.tables);
	assert_int_equal(ept_create(&ept, &source, 46, false), OK);
	assert_int_equal(map(0, 0, 1ull << 30), OK);
	assert_true(lookup(0, &page));
	assert_int_equal(page.length, MIB(2));
}

static void code_lies_in_small_pages_where_large_ones_are_a_risk(void **state)
{
	struct ept_mapping data = { MIB(64), MIB(64), MIB(2), EPT_READ | EPT_WRITE, EPT_WB }, page;

	(void)state;
	ept.small_code = true;
	assert_int_equal(map(KIB(4), MIB(32) + KIB(4), MIB(6)), OK);
	assert_int_equal(taken_count, 1 + 2 + 4);
	for (u64 at = KIB(4); at < MIB(6) + KIB(4); at += EPT_PAGE) {
		assert_true(lookup(at, &page));
		assert_true(page.length == EPT_PAGE && page.host == MIB(32) + at && page.access == EPT_RWX);
	}
	assert_false(lookup(0, &page) || lookup(MIB(6) + KIB(4), &page));
	/* What is not executable may be large, and stays what it is. */
	assert_int_equal(ept_map(&ept, &data), OK);
	assert_true(lookup(MIB(64), &page));
	assert_int_equal(page.length, MIB(2));
}

static void what_the_processor_would_not_take_is_refused(void **state)
{
	static const struct {
		struct ept_mapping m;
		enum err e;
	} cases[] = {
		{ { 0, 0, 0, EPT_RWX, EPT_WB }, ERR_RANGE },
		{ { 1, 0, 4096, EPT_RWX, EPT_WB }, ERR_RANGE },
		{ { 0, 0x800, 4096, EPT_RWX, EPT_WB }, ERR_RANGE },
		{ { 0, 0, 4095, EPT_RWX, EPT_WB }, ERR_RANGE },
		{ { EPT_END, 0, 4096, EPT_RWX, EPT_WB }, ERR_RANGE },
		{ { EPT_END - 4096, 0, 8192, EPT_RWX, EPT_WB }, ERR_RANGE },
		{ { 0xFFFFFFFFFFFFF000, 0, 4096, EPT_RWX, EPT_WB }, ERR_RANGE },
		{ { 4096, 0, 0xFFFFFFFFFFFFF000, EPT_RWX, EPT_WB }, ERR_RANGE },
		{ { 0, 1ull << 46, 4096, EPT_RWX, EPT_WB }, ERR_RANGE },
		{ { 0, (1ull << 46) - 4096, 8192, EPT_RWX, EPT_WB }, ERR_RANGE },
		{ { 0, 0xFFFFFFFFFFFFF000, 4096, EPT_RWX, EPT_WB }, ERR_RANGE },
		{ { 0, 0, 4096, 0, EPT_WB }, ERR_ARGUMENT },
		{ { 0, 0, 4096, EPT_WRITE, EPT_WB }, ERR_ARGUMENT },
		{ { 0, 0, 4096, EPT_WRITE | EPT_EXECUTE, EPT_WB }, ERR_ARGUMENT },
		{ { 0, 0, 4096, 8 | EPT_READ, EPT_WB }, ERR_ARGUMENT },
		{ { 0, 0, 4096, EPT_RWX, 2 }, ERR_ARGUMENT },
		{ { 0, 0, 4096, EPT_RWX, 7 }, ERR_ARGUMENT },
		{ { 0, 0, 4096, EPT_RWX, 0x46 }, ERR_ARGUMENT },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(ept_map(&ept, &cases[i].m), cases[i].e);
	assert_int_equal(taken_count, 1);
	assert_int_equal(map(EPT_END - 4096, (1ull << 46) - 4096, 4096), OK);
	assert_int_equal(map(EPT_END - 4096, 0, 4096), ERR_EPT_PRESENT);
}

static void when_tables_run_out_nothing_has_changed(void **state)
{
	struct ept_mapping page;

	(void)state;
	for (limit = 1; limit < 5; limit++) {
		assert_int_equal(map((1ull << 39) - MIB(2), 0, MIB(2) + KIB(4)), ERR_NO_MEMORY);
		assert_false(ept_next(&ept, 0, &page));
	}
	limit = POOL;
	assert_int_equal(map((1ull << 39) - MIB(2), 0, MIB(2) + KIB(4)), OK);
	assert_true(lookup((1ull << 39) - MIB(2), &page));
	assert_int_equal(page.length, MIB(2));
	tables_destroy(&ept.tables);
	limit = 0;
	assert_int_equal(ept_create(&ept, &source, 46, true), ERR_NO_MEMORY);
	limit = POOL;
	assert_int_equal(ept_create(&ept, &source, 46, true), OK);
}

static void addresses_beyond_the_end_are_not_mapped(void **state)
{
	struct ept_mapping page;

	(void)state;
	assert_int_equal(map(0, 0, 4096), OK);
	assert_false(lookup(EPT_END, &page));
	assert_false(lookup(UINT64_MAX, &page));
	assert_true(lookup(4095, &page));
	assert_int_equal(ept_pointer(&ept), ept.tables.root | 0x1E);
}

static void the_audit_finds_foreign_and_shared_memory(void **state)
{
	static const struct audit_range hypervisor = { MIB(16), MIB(16) }, own_b[] = { { MIB(96), MIB(32) } };
	static const struct audit_range next_door[] = { { MIB(126), MIB(4) } }, inside[] = { { MIB(31), MIB(4) } };
	/* Side by side and out of order: a large page lies over the seam. */
	static const struct audit_range own_a[] = { { MIB(65), MIB(31) }, { MIB(64), MIB(1) } };
	struct audit_finding f;
	struct ept other;
	u64 pages;
	struct audit_vm vms[] = { { &ept, own_a, 2 }, { &other, own_b, 1 } };

	(void)state;
	assert_int_equal(ept_create(&other, &source, 46, true), OK);
	assert_int_equal(map(0, MIB(64), MIB(4)), OK);
	assert_int_equal(ept_map(&other, &(struct ept_mapping){ 0, MIB(96), MIB(32), EPT_RWX, EPT_WB }), OK);
	assert_int_equal(ept_audit(vms, 2, &hypervisor, 1, &f, &pages), OK);
	assert_int_equal(pages, 18);
	/* One page of the other VM, of the hypervisor, of nobody. */
	static const u64 foreign[] = { MIB(96), MIB(16), MIB(32) - KIB(4), MIB(256), 0 };
	for (size_t i = 0; i < ARRAY_SIZE(foreign); i++) {
		tables_destroy(&ept.tables);
		assert_int_equal(ept_create(&ept, &source, 46, true), OK);
		assert_int_equal(map(0, MIB(64), MIB(4)), OK);
		assert_int_equal(map(MIB(512), foreign[i], KIB(4)), OK);
		assert_int_equal(ept_audit(vms, 2, &hypervisor, 1, &f, &pages), ERR_EPT_SHARED);
		assert_true(f.vm == 0 && f.guest == MIB(512) && f.host == foreign[i] && f.length == KIB(4));
	}
	tables_destroy(&ept.tables);
	assert_int_equal(ept_create(&ept, &source, 46, true), OK);
	assert_int_equal(map(0, MIB(64), MIB(4)), OK);
	assert_int_equal(map(MIB(512), MIB(64), KIB(4)), OK);
	assert_int_equal(ept_audit(vms, 2, &hypervisor, 1, &f, &pages), OK);
	vms[0] = (struct audit_vm){ &ept, next_door, 1 };
	assert_int_equal(ept_audit(vms, 2, &hypervisor, 1, &f, &pages), ERR_EPT_SHARED);
	assert_true(f.vm == 1 && f.other == 0 && f.host == MIB(96));
	vms[0] = (struct audit_vm){ &ept, inside, 1 };
	assert_int_equal(ept_audit(vms, 2, &hypervisor, 1, &f, &pages), ERR_EPT_SHARED);
	assert_true(f.vm == 0 && f.other == 0 && f.host == MIB(31));
	tables_destroy(&other.tables);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(agrees_with_an_array_of_pages, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_largest_pages_that_fit_are_used, set_up, tear_down),
		cmocka_unit_test_setup_teardown(without_1g_pages_the_largest_are_2m, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		        code_lies_in_small_pages_where_large_ones_are_a_risk, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_the_processor_would_not_take_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(when_tables_run_out_nothing_has_changed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(addresses_beyond_the_end_are_not_mapped, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_audit_finds_foreign_and_shared_memory, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
