/*
 * What of a machine's memory the service VM gets: walked as EPT, and audited.
 * Trust: test code.
 */
#include "hv/service/memory.h"

#include "tests/vmx/audit/ept.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HYPERVISOR 0x4400000ull
#define CARVE 0x10800000ull

static struct memory_entry entries[] = {
	{ 0, 0x9F000, MEMORY_RAM, 0 },
	{ 0x9F000, 0x1000, MEMORY_RESERVED, 0 },
	{ 0xE8000, 0x18000, MEMORY_RESERVED, 0 },
	{ 0x100000, HYPERVISOR - 0x100000, MEMORY_RAM, 0 },
	{ HYPERVISOR, 0x1000000, MEMORY_STAGE, 0 },
	{ 0x5400000, CARVE - 0x5400000, MEMORY_RAM, 0 },
	{ CARVE, 0xF600000, MEMORY_RESERVED, 0 },
	{ 0x1FE00000, 0x1E0000, MEMORY_RAM, 0 },
	{ 0x1FFE0000, 0x10000, MEMORY_NVS, 0 },
	{ 0x1FFF0000, 0x10000, MEMORY_ACPI, 0 },
	{ 0x20000000, 0x800000, MEMORY_RESERVED, 0 }, /* stolen by firmware, above all RAM */
	{ 0xB0000000, 0x10000000, MEMORY_RESERVED, 0 }, /* configuration space */
	{ 0xFED00000, 0x100000, MEMORY_RESERVED, 0 },
	{ 0x100000000, 0x40000000, MEMORY_RAM, 0 },
};
static const struct memory_map machine = { entries, ARRAY_SIZE(entries), ARRAY_SIZE(entries) };
static const struct memory_range denied[] = { { CARVE, 0xF600000 }, { 0x8000, 0x2000 }, { 0xFEC01000, 0x1000 } };

static struct service_memory plan;
static struct ept ept;

static u64 take(void)
{
	u64 page = (u64)aligned_alloc(4096, 4096);

	memset((void *)page, 0, 4096);
	return page;
}

static void give(u64 page)
{
	free((void *)page);
}

static const struct page_source source = { take, give };

static int setup(void **state)
{
	struct ept_mapping m;

	(void)state;
	assert_int_equal(service_memory_plan(&plan, &machine, denied, ARRAY_SIZE(denied)), OK);
	assert_int_equal(ept_create(&ept, &source, 40, true), OK);
	for (u32 i = 0; i < plan.map.count; i++)
		if (service_memory_mapping(&plan, i, &m))
			assert_int_equal(ept_map(&ept, &m), OK);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	tables_destroy(&ept.tables);
	return 0;
}

/* Identity, with just this access; 0: not there. */
static void reaches(u64 address, u8 access)
{
	struct ept_mapping page;
	bool found = ept_next(&ept, address, &page) && page.guest <= address;

	assert_int_equal(found, access != 0);
	if (found) {
		assert_int_equal(page.guest, page.host);
		assert_int_equal(page.access, access);
		assert_int_equal(page.memory, EPT_WB);
	}
}

static void ram_and_firmwares_memory_are_there(void **state)
{
	(void)state;
	reaches(0x1000, EPT_RWX);
	reaches(0x9E000, EPT_RWX);
	reaches(0x9F000, EPT_READ | EPT_WRITE);
	reaches(0xC0000, EPT_READ | EPT_WRITE); /* ROMs that the map does not tell */
	reaches(0xFF000, EPT_READ | EPT_WRITE);
	reaches(HYPERVISOR - 1, EPT_RWX);
	reaches(0x1FFE0000, EPT_READ | EPT_WRITE);
	reaches(0x1FFF0000, EPT_READ); /* tables stay as firmware made them */
	reaches(0x13FFFFFFF, EPT_RWX);
}

static void nothing_else_is(void **state)
{
	static const u64 absent[] = { 0, 0x8000, 0x9000, 0xA0000, 0xBFFFF, HYPERVISOR, 0x53FFFFF, CARVE, 0x1FDFFFFF,
		0x20000000, 0xB0000000, 0xFEC00000, 0xFEC01000, 0xFED40000, 0xFED44FFF, 0xFEE00000, 0xFED00000,
		0x140000000 };

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(absent); i++)
		reaches(absent[i], 0);
}

static void the_audit_finds_it_apart_from_root_mode(void **state)
{
	static const struct audit_range root[] = { { HYPERVISOR, 0x1000000 }, { CARVE, 0xF600000 } };
	struct audit_range own[64];
	struct audit_vm vm = { &ept, own, 0 };
	struct audit_finding finding;
	struct ept_mapping m;
	u64 pages = 0;

	(void)state;
	for (u32 i = 0; i < plan.map.count; i++)
		if (service_memory_mapping(&plan, i, &m))
			own[vm.own_count++] = (struct audit_range){ m.host, m.length };
	assert_int_equal(ept_audit(&vm, 1, root, ARRAY_SIZE(root), &finding, &pages), OK);
	assert_true(pages > 10);
	/* One page of the carve-out would be found. */
	assert_int_equal(ept_map(&ept, &(struct ept_mapping){ CARVE, CARVE, 0x1000, EPT_READ, EPT_WB }), OK);
	assert_int_equal(ept_audit(&vm, 1, root, ARRAY_SIZE(root), &finding, &pages), ERR_EPT_SHARED);
}

static void devices_are_where_nothing_else_is(void **state)
{
	struct ept_mapping m;

	(void)state;
	assert_true(service_device_mapping(&plan, 0xFEB80010, 0x20, &m));
	assert_true(m.guest == 0xFEB80000 && m.host == m.guest && m.length == 0x1000 && m.memory == EPT_UC);
	assert_int_equal(m.access, EPT_READ | EPT_WRITE);
	/* In what firmware reserved above all RAM there may be devices; in denied memory or RAM there are none. */
	assert_true(service_device_mapping(&plan, 0xFED00000, 0x1000, &m));
	assert_false(service_device_mapping(&plan, 0xFED3F000, 0x2000, &m));
	assert_false(service_device_mapping(&plan, 0xFED44F00, 0x10, &m));
	assert_false(service_device_mapping(&plan, 0xFEE00000, 0x1000, &m));
	assert_false(service_device_mapping(&plan, CARVE, 0x1000, &m));
	assert_false(service_device_mapping(&plan, HYPERVISOR, 0x1000, &m));
	assert_false(service_device_mapping(&plan, 0x1000, 0x1000, &m));
	assert_false(service_device_mapping(&plan, 0xF0000000, 0x20000000, &m)); /* over the TPM and on */
	assert_false(service_device_mapping(&plan, UINT64_MAX - 10, 100, &m));
	assert_false(service_device_mapping(&plan, 0xFEB00000, 0, &m));
}

/* Root mode has firmware's NVS for reading alone; of what the plan calls so, the block in RAM is the service VM's. */
static void root_mode_writes_to_ram_alone(void **state)
{
	struct ept_mapping mapping;
	u32 blocks = 0;

	(void)state;
	assert_int_equal(memory_map_set(&plan.map, CARVE - 0x10000, 0x10000, MEMORY_NVS), OK);
	for (u32 i = 0; i < plan.map.count; i++) {
		const struct memory_entry *m = &plan.map.entry[i];
		bool block = m->base == CARVE - 0x10000;

		if (!service_memory_mapping(&plan, i, &mapping))
			continue;
		blocks += block;
		assert_int_equal(service_memory_is_ram(&plan, &machine, i), m->type == MEMORY_RAM || block);
	}
	assert_int_equal(blocks, 1);
}

static void the_map_it_is_told_agrees(void **state)
{
	struct e820_entry map[E820_MAX];
	u32 n = service_e820(&plan, map, E820_MAX);

	(void)state;
	assert_true(n > ARRAY_SIZE(entries));
	for (u32 i = 0; i < n; i++) {
		struct ept_mapping page;

		if (map[i].type == 1)
			for (u64 at = 0; at < map[i].length; at += 0x1000)
				assert_true(ept_next(&ept, map[i].address + at, &page) &&
				        page.guest <= map[i].address + at && page.access == EPT_RWX);
	}
	assert_int_equal(service_e820(&plan, map, 3), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(ram_and_firmwares_memory_are_there, setup, teardown),
		cmocka_unit_test_setup_teardown(nothing_else_is, setup, teardown),
		cmocka_unit_test_setup_teardown(the_audit_finds_it_apart_from_root_mode, setup, teardown),
		cmocka_unit_test_setup_teardown(devices_are_where_nothing_else_is, setup, teardown),
		cmocka_unit_test_setup_teardown(root_mode_writes_to_ram_alone, setup, teardown),
		cmocka_unit_test_setup_teardown(the_map_it_is_told_agrees, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
