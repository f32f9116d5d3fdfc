/*
 * What GRUB tells by Multiboot2 (specification 2.0, section 3.6), as one plain struct.
 * Trust: pure; reads what a loader left in memory and believes no size in it.
 */
#ifndef SIGNET_SECUREBOOT_MULTIBOOT2_H
#define SIGNET_SECUREBOOT_MULTIBOOT2_H

#include "lib/err.h"
#include "lib/types.h"

enum {
	MULTIBOOT2_MAGIC = 0x36D76289,
	MULTIBOOT2_SIZE_MAX = 1 << 20,
	MULTIBOOT2_MODULES_MAX = 8,
	MULTIBOOT2_MAP_ENTRY = 24,
	RSDP_SIZE_MAX = 36,
};

struct multiboot2_module {
	u64 start;
	u64 length;
	const char *name; /* its command line, NUL-terminated within the information */
};

struct multiboot2_framebuffer {
	bool present;
	u8 kind; /* 1 direct colour, 2 text */
	u8 bits;
	u64 address;
	u32 pitch, width, height;
};

struct multiboot2 {
	struct multiboot2_module module[MULTIBOOT2_MODULES_MAX];
	u32 module_count;
	/* Entries of 24 bytes: base u64, length u64, type u32, zero u32. */
	const u8 *map;
	u32 map_count;
	struct multiboot2_framebuffer framebuffer;
	/* Copy of the ACPI root pointer: the new one where there are both. */
	const u8 *rsdp;
	u32 rsdp_length;
	u64 efi_system_table;
	u64 efi_image_handle;
	bool boot_services;
	u64 load_base;
};

/*
 * Parses n readable bytes. Text and pointers of out stay within them. ERR_BOOT_LOADER for anything malformed: two
 * memory maps, too many modules, a module that ends before it starts, a tag that leaves the information.
 */
enum err multiboot2_parse(const u8 *bytes, size_t n, struct multiboot2 *out) MUST_CHECK;

/* The module of that name; NULL when there is none. ERR_BOOT_LOADER in *e when the name stands twice. */
const struct multiboot2_module *multiboot2_find(const struct multiboot2 *info, const char *name, enum err *e);

#endif
