/*
 * Where the service VM's kernel goes, and the MSRs it finds.
 * Trust: test code.
 */
#include "hv/guest/msr.h"
#include "hv/service/load.h"
#include "hv/service/service.h"

#include "lib/bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { KERNEL_SIZE = 0x5000, INIT_SIZE = 0x400000, MEMORY = 0x2000000 };
#define BASE 0x5400000ull

static u8 kernel[KERNEL_SIZE], initramfs[100];
static u8 memory[MEMORY]; /* what the VM has from BASE on */
static struct memory_entry entries[] = { { 0x1000, 0x9E000, MEMORY_RAM, 0 },
	{ BASE - 0x1000000, 0x1000000, MEMORY_STAGE, 0 }, { BASE, MEMORY, MEMORY_RAM, 0 } };
static const struct memory_map machine = { entries, ARRAY_SIZE(entries), ARRAY_SIZE(entries) };
static struct service_memory plan;
static struct service_load load;

static u8 *at(u64 address)
{
	assert_in_range(address, BASE, BASE + MEMORY - 1);
	return memory + (address - BASE);
}

static int setup(void **state)
{
	(void)state;
	memset(kernel, 0xAA, sizeof(kernel));
	memset(kernel, 0, 0x400);
	kernel[0x1F1] = 3;
	store_le32(kernel + 0x1F4, (KERNEL_SIZE - 0x800) / 16);
	store_le16(kernel + 0x1FE, 0xAA55);
	kernel[0x201] = 0x6A;
	store_le32(kernel + 0x202, 0x53726448); /* "HdrS" */
	store_le16(kernel + 0x206, 0x20F);
	kernel[0x211] = 1;
	store_le32(kernel + 0x22C, 0x7FFFFFFF);
	store_le32(kernel + 0x230, 0x200000);
	kernel[0x234] = 1;
	store_le16(kernel + 0x236, 3);
	store_le32(kernel + 0x238, 2047);
	store_le64(kernel + 0x258, 0x1000000);
	store_le32(kernel + 0x260, INIT_SIZE);
	memset(initramfs, 0x55, sizeof(initramfs));
	load = (struct service_load){ .kernel = kernel,
		.initramfs = initramfs,
		.kernel_length = sizeof(kernel),
		.initramfs_length = sizeof(initramfs),
		.command_line = "console=ttyS0",
		.at = at };
	assert_int_equal(service_memory_plan(&plan, &machine, NULL, 0), OK);
	return 0;
}

static void everything_has_its_place(void **state)
{
	(void)state;
	assert_int_equal(service_load_place(&load, &plan), OK);
	assert_int_equal(load.layout.kernel, 0x5400000);
	assert_int_equal(load.block, BASE + MEMORY - SERVICE_BLOCK_SIZE);
	assert_int_equal(memory_map_type(&plan.map, load.block, SERVICE_BLOCK_SIZE), MEMORY_NVS);
	assert_int_equal(service_load_fill(&load, &plan), OK);
	assert_memory_equal(at(load.layout.kernel), kernel + 0x800, KERNEL_SIZE - 0x800);
	assert_memory_equal(at(load.layout.ramdisk), initramfs, sizeof(initramfs));
	const u8 *zero_page = at(load.block + BLOCK_ZERO_PAGE);
	assert_int_equal(load_le32(zero_page + 0x218), load.layout.ramdisk);
	assert_int_equal(load_le64(zero_page + 0x70), load.block + BLOCK_ACPI);
	assert_string_equal((const char *)at(load_le32(zero_page + 0x228)), "console=ttyS0");
	assert_int_equal(load_le64(at(load.block + BLOCK_TABLES)) & ~0xFFFull, load.block + BLOCK_TABLES + 0x1000);
}

static void the_linked_address_is_taken_where_it_can_be(void **state)
{
	(void)state;
	store_le64(kernel + 0x258, 0x6000000);
	assert_int_equal(service_load_place(&load, &plan), OK);
	assert_int_equal(load.layout.kernel, 0x6000000);
}

static void what_does_not_fit_is_refused(void **state)
{
	(void)state;
	store_le32(kernel + 0x260, MEMORY);
	assert_int_equal(service_load_place(&load, &plan), ERR_NO_MEMORY);
	store_le32(kernel + 0x260, INIT_SIZE);
	load.kernel_length = 100;
	assert_int_equal(service_load_place(&load, &plan), ERR_ARGUMENT);
	load.kernel_length = sizeof(kernel);
	kernel[0x202] = 0;
	assert_int_equal(service_load_place(&load, &plan), ERR_ARGUMENT);
}

static void msrs_tell_and_take_nothing(void **state)
{
	static const u32 refused[] = { 0x480, 0x610, 0xC0010015, 0x38F, 0x277 + 0x1000 };
	static const u32 ignored[] = { 0x79, 0x150, 0x199, 0x19A, 0x200, 0x213, 0x250, 0x26F, 0x2FF };
	u64 value;

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(refused); i++)
		assert_false(service_msr_read(refused[i], &value) || service_msr_may_write(refused[i]));
	for (u32 i = 0; i < ARRAY_SIZE(ignored); i++)
		assert_true(service_msr_may_write(ignored[i]) && service_msr_read(ignored[i], &value) && value == 0);
	/* FEATURE_CONTROL is locked and offers nothing; it cannot be written. */
	assert_true(service_msr_read(0x3A, &value) && value == 1);
	assert_false(service_msr_may_write(0x3A));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(everything_has_its_place, setup),
		cmocka_unit_test_setup(the_linked_address_is_taken_where_it_can_be, setup),
		cmocka_unit_test_setup(what_does_not_fit_is_refused, setup),
		cmocka_unit_test(msrs_tell_and_take_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
