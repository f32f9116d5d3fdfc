/*
 * Self-relocation: GRUB puts the stage anywhere and leaves its pointers as linked.
 * Trust: in the TCB. Runs before any pointer in memory is right, so it uses none and has no stack protector.
 */
#include "secureboot/relocate.h"

#include <assert.h>

enum { LINK_BASE = 0x200000, R_X86_64_RELATIVE = 8 }; /* the linker script asserts this address */

struct relocation {
	u64 offset;
	u64 info;
	u64 addend;
};
static_assert(sizeof(struct relocation) == 24, "Elf64_Rela");

extern u8 image_start[];
extern const struct relocation relocations_start[], relocations_end[];

__attribute__((no_stack_protector)) bool relocate_self(void)
{
	u64 moved = (u64)image_start - LINK_BASE;

	for (const struct relocation *r = relocations_start; r < relocations_end; r++) {
		/* The linker promised (-z text, static-pie) that there is no other kind. */
		if (r->info != R_X86_64_RELATIVE)
			return false;
		*(u64 *)(r->offset + moved) = r->addend + moved;
	}
	return true;
}
