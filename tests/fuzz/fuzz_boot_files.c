/* PE and ELF tables of boot files: what they point at lies in the file. */
#include "image/boot/stage_elf.h"
#include "image/host/authenticode.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const u8 *bytes, size_t n)
{
	static struct hashed_ranges ranges;
	u64 offset;

	if (authenticode_ranges(bytes, n, &ranges) == OK) {
		must(ranges.count <= HASHED_RANGES_MAX);
		for (u32 i = 0; i < ranges.count; i++)
			must(range_inside(ranges.ranges[i].offset, ranges.ranges[i].length, n));
	}
	if (stage_anchor_place(bytes, n, &offset) == OK)
		must(range_inside(offset, ANCHOR_SIZE, n) && memcmp(bytes + offset, ANCHOR_MAGIC, MAGIC_SIZE) == 0);
	return 0;
}
