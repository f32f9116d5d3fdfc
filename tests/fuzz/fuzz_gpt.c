/* The partition table: whatever its entries say, accepted partitions lie apart, in order and on the disk. */
#include "image/flash/gpt.h"
#include "lib/bytes.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const u8 *bytes, size_t n)
{
	static const u8 seed[32];
	static struct gpt_image ours, table;
	struct disk_layout layout, read;
	u8 *header = table.primary + SECTOR, *entries = table.primary + (size_t)2 * SECTOR;
	u64 end = GPT_PRIMARY_SIZE;

	if (ours.primary[SECTOR] == 0) {
		must(disk_layout_of(MIB(200), MIB(48), &layout) == OK);
		gpt_encode(&layout, seed, &ours);
	}
	table = ours;
	/* Checksums are made to hold, as somebody who writes the disk would. */
	for (size_t i = 0; i < n && i < (size_t)GPT_ENTRIES * GPT_ENTRY_SIZE; i++)
		entries[i] ^= bytes[i];
	store_le32(header + 88, crc32_of(entries, (size_t)GPT_ENTRIES * GPT_ENTRY_SIZE));
	store_le32(header + 16, 0);
	store_le32(header + 16, crc32_of(header, GPT_HEADER_SIZE));
	if (gpt_decode(table.primary, MIB(200), &read) != OK)
		return 0;
	for (size_t i = 0; i < PARTITIONS; i++) {
		must(read.partitions[i].start >= end && read.partitions[i].length > 0);
		must(range_inside(read.partitions[i].start, read.partitions[i].length, MIB(200)));
		end = read.partitions[i].start + read.partitions[i].length;
	}
	return 0;
}
