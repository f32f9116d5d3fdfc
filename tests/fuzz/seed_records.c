/*
 * usage: seed_records DIRECTORY
 * Writes a boot state, a floor, a kernel's head and a partition table that are accepted, or fails.
 */
#include "hv/guest/bzimage.h"
#include "lib/bytes.h"
#include "tests/fuzz/seed.h"
#include "update/state.h"

#include <string.h>

static bool seed_state(void)
{
	struct boot_state s = { .slot = { { .state = SLOT_GOOD, .digest = { 1 } } } }, back;
	u8 state[STATE_RECORD_SIZE], floor[FLOOR_RECORD_SIZE];
	u64 value;

	s.slot[1] = s.slot[0];
	s.slot[1].state = SLOT_STAGED;
	boot_state_encode(&s, state);
	floor_encode(7, floor);
	seed("fuzz_state", "state", state, sizeof(state));
	seed("fuzz_state", "floor", floor, sizeof(floor));
	return !boot_state_decode(state, sizeof(state), &back) && !floor_decode(floor, sizeof(floor), &value);
}

/* Offsets and values of Documentation/arch/x86/boot.rst. */
static bool seed_kernel(void)
{
	enum { PREFIX = 24, SETUP_SECTORS = 3, PARAGRAPHS = 0x10000 };
	u8 bytes[PREFIX + BZIMAGE_HEAD] = { 0 }, *head = bytes + PREFIX;
	const u64 length = (SETUP_SECTORS + 1) * 512 + PARAGRAPHS * 16ull;
	struct bzimage_layout layout = { .ramdisk_length = 1 << 20 };
	struct bzimage image;

	store_le64(bytes, length);
	store_le64(bytes + 8, 0x8000000); /* RAM, and the ramdisk */
	store_le64(bytes + 16, 1 << 20);
	head[0x1F1] = SETUP_SECTORS;
	store_le32(head + 0x1F4, PARAGRAPHS);
	store_le16(head + 0x1FE, 0xAA55);
	head[0x201] = 0x6A;
	store_le32(head + 0x202, 0x53726448); /* HdrS */
	store_le16(head + 0x206, 0x20F);
	head[0x211] = 1;
	store_le32(head + 0x22C, 0x7FFFFFFF);
	store_le32(head + 0x230, 0x200000);
	head[0x234] = 1;
	store_le16(head + 0x236, 3);
	store_le32(head + 0x238, 2047);
	store_le64(head + 0x258, 0x1000000);
	store_le32(head + 0x260, 0x2000000);
	seed("fuzz_bzimage", "kernel", bytes, sizeof(bytes));
	return !bzimage_parse(head, length, &image) && !bzimage_place(&image, 0x8000000, &layout);
}

/* Our own table with nothing changed; and one whose first partition ends elsewhere. */
static void seed_partitions(void)
{
	u8 changes[128] = { 0 };

	seed("fuzz_gpt", "ours", changes, sizeof(changes));
	changes[41] = 1;
	seed("fuzz_gpt", "moved", changes, sizeof(changes));
}

int main(int count, char **arguments)
{
	if (count != 2)
		return 1;
	directory = arguments[1];
	seed_partitions();
	return seed_state() && seed_kernel() ? 0 : 1;
}
