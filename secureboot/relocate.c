/*
 * Self-relocation: GRUB puts the stage anywhere and leaves its pointers as linked.
 * Trust: in the TCB. Runs before any pointer in memory is right, so it uses none and has no stack protector.
 */
#include "secureboot/relocate.h"

enum {
	LINK_BASE = 0x200000, /* the linker script asserts this address */
	BITMAP_BITS = 63,
};

extern u8 image_start[];
/* Packed relative relocations (ELF gABI, SHT_RELR): the linker script asserts that there are no others. */
extern const u64 relocations_start[], relocations_end[];

__attribute__((no_stack_protector)) void relocate_self(void)
{
	u64 moved = (u64)image_start - LINK_BASE;
	u64 *next = (u64 *)(u64)image_start; /* the first entry is an address */
	u64 count = ((u64)relocations_end - (u64)relocations_start) / sizeof(u64);

	for (const u64 *r = relocations_start; count--; r++) {
		if ((*r & 1) == 0) {
			/* The address of one word; bitmaps go on behind it. */
			next = (u64 *)(*r + moved);
			*next++ += moved;
			continue;
		}
		for (u32 i = 0; i < BITMAP_BITS; i++) {
			if (*r >> (i + 1) & 1)
				next[i] += moved;
		}
		next += BITMAP_BITS;
	}
}
