/* The partition table: what is written reads back, and no damaged table is believed. */
#include "image/flash/gpt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct gpt_image table;
static struct disk_layout layout;

static int make(void **state)
{
	static const u8 seed[32] = { 1, 2, 3 };

	(void)state;
	assert_int_equal(disk_layout_of(MIB(200), MIB(48), &layout), OK);
	gpt_encode(&layout, seed, &table);
	return 0;
}

static void crc_is_the_usual_one(void **state)
{
	(void)state;
	assert_int_equal(crc32_of((const u8 *)"123456789", 9), 0xCBF43926);
}

static void what_is_written_reads_back(void **state)
{
	struct disk_layout read;

	(void)state;
	assert_int_equal(gpt_decode(table.primary, MIB(200), &read), OK);
	assert_memory_equal(&read, &layout, sizeof(read));
	assert_int_equal(gpt_decode(table.primary, layout.partitions[PARTITION_DATA].start, &read), ERR_DEVICE);
}

static void every_flipped_bit_is_noticed(void **state)
{
	struct disk_layout read;

	(void)state;
	for (size_t at = SECTOR; at < sizeof(table.primary); at++) {
		/* What follows the header's 92 bytes in its sector belongs to nobody. */
		if (at >= SECTOR + GPT_HEADER_SIZE && at < (size_t)2 * SECTOR)
			continue;
		table.primary[at] ^= 4;
		assert_int_equal(gpt_decode(table.primary, MIB(200), &read), ERR_DEVICE);
		table.primary[at] ^= 4;
	}
}

static void seeds_tell_disks_apart(void **state)
{
	static const u8 other[32] = { 3, 2, 1 };
	struct gpt_image second;

	(void)state;
	gpt_encode(&layout, other, &second);
	assert_memory_not_equal(second.primary + SECTOR + 56, table.primary + SECTOR + 56, GUID_SIZE);
	for (size_t i = 0; i < PARTITIONS; i++) {
		const u8 *entry = table.primary + (size_t)2 * SECTOR + i * GPT_ENTRY_SIZE;

		assert_memory_not_equal(
		        entry + GUID_SIZE, second.primary + (entry - table.primary) + GUID_SIZE, GUID_SIZE);
		assert_memory_not_equal(entry + GUID_SIZE, table.primary + SECTOR + 56, GUID_SIZE);
	}
}

static void layouts_that_do_not_fit(void **state)
{
	struct disk_layout l;
	u64 least = disk_size_needed(MIB(48), 0);

	(void)state;
	assert_int_equal(disk_layout_of(least, MIB(48), &l), OK);
	assert_int_equal(l.partitions[PARTITION_DATA].length, MIB(1));
	assert_int_equal(disk_layout_of(least - SECTOR, MIB(48), &l), ERR_RANGE);
	assert_int_equal(disk_layout_of(least + 1, MIB(48), &l), ERR_RANGE);
	assert_int_equal(disk_layout_of(MIB(500), 0, &l), ERR_RANGE);
	assert_int_equal(disk_layout_of(MIB(500), MIB(48) + 4096, &l), ERR_RANGE);
	assert_int_equal(disk_layout_of(UINT64_MAX - SECTOR + 1, SLOT_SIZE_MAX + MIB(1), &l), ERR_RANGE);
	assert_int_equal(disk_layout_of(MIB(1) << 23, SLOT_SIZE_MAX, &l), OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(crc_is_the_usual_one),
		cmocka_unit_test(what_is_written_reads_back),
		cmocka_unit_test(every_flipped_bit_is_noticed),
		cmocka_unit_test(seeds_tell_disks_apart),
		cmocka_unit_test(layouts_that_do_not_fit),
	};

	return cmocka_run_group_tests(tests, make, NULL);
}
