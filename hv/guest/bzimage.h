/*
 * Starting a Linux bzImage through its 64-bit entry (Documentation/arch/x86/boot.rst, "64-bit Boot Protocol").
 * Trust: in the TCB; pure. The image is the guest owner's: it is measured, never trusted.
 */
#ifndef SIGNET_HV_GUEST_BZIMAGE_H
#define SIGNET_HV_GUEST_BZIMAGE_H

#include "lib/err.h"

enum {
	/* The setup header and what precedes it lie within this much of the file. */
	BZIMAGE_HEAD = 0x400,
	ZERO_PAGE_SIZE = 4096,
	E820_MAX = 128,
	BZIMAGE_ENTRY_OFFSET = 0x200,
};

struct bzimage {
	u64 kernel_offset, kernel_length; /* what is loaded, within the file */
	u64 preferred; /* address the kernel was linked for */
	u64 init_size; /* memory it needs from its load address on, before it knows the map */
	u64 alignment; /* power of two */
	u64 ramdisk_limit; /* one past the highest address a ramdisk may have */
	u32 command_line_max; /* without the terminating NUL */
	u16 header_end; /* of the setup header, within the head */
};

/*
 * head: the first BZIMAGE_HEAD bytes of a file of length bytes. ERR_ARGUMENT: not a bzImage with a relocatable 64-bit
 * entry. ERR_RANGE: lengths that contradict each other.
 */
enum err bzimage_parse(const u8 head[BZIMAGE_HEAD], u64 length, struct bzimage *out) MUST_CHECK;

/* Where everything goes in a guest whose RAM reaches from 1 MiB to low_end without holes. */
struct bzimage_layout {
	u64 kernel, entry;
	u64 ramdisk, ramdisk_length; /* length 0: none */
	u64 command_line;
	u32 command_line_length; /* without the NUL */
};

/* Fills kernel, entry and ramdisk. ERR_NO_MEMORY: they do not fit. ERR_RANGE: the command line is too long. */
enum err bzimage_place(const struct bzimage *image, u64 low_end, struct bzimage_layout *layout) MUST_CHECK;

struct e820_entry {
	u64 address, length;
	u32 type; /* 1 RAM, 2 reserved, 3 ACPI */
};

/* The zero page. ERR_RANGE: more than E820_MAX entries. */
enum err bzimage_zero_page(const struct bzimage *image, const u8 head[BZIMAGE_HEAD],
        const struct bzimage_layout *layout, const struct e820_entry *map, u32 entries, u64 rsdp,
        u8 page[ZERO_PAGE_SIZE]) MUST_CHECK;

#endif
