/*
 * What the stage needs of the machine it runs on: UEFI and BIOS each fill one table, and so does the simulator.
 * Trust: in the TCB.
 */
#ifndef SIGNET_SECUREBOOT_PLATFORM_H
#define SIGNET_SECUREBOOT_PLATFORM_H

#include "attest/event.h"
#include "lib/err.h"
#include "lib/tpm/tpm.h"
#include "lib/types.h"
#include "update/nv.h"

struct memory_entry {
	u64 base;
	u64 length;
	u32 type; /* docs/handoff.md */
	u32 zero;
};

enum memory_type { MEMORY_RAM = 1, MEMORY_RESERVED, MEMORY_ACPI, MEMORY_NVS, MEMORY_BAD, MEMORY_STAGE };

enum { MEMORY_MAP_MAX = 512 };

struct framebuffer {
	u64 base;
	u64 length;
	u32 width, height, stride, format;
};

struct blob {
	const u8 *bytes;
	u64 length;
};

/* What GRUB loaded: raw partitions, untrusted. length 0: not there. */
struct loaded {
	struct blob slot[SLOTS];
	struct blob authority;
};

struct platform {
	bool uefi;
	bool secure_boot;
	/* Time stamp counter when the stage was entered: what a boot took, and where. */
	u64 entered;
	const char *tpm_interface;
	struct loaded loaded;
	u64 rsdp;
	struct framebuffer framebuffer; /* base 0: none */

	/* Physically contiguous memory, listed as stage memory; at address unless 0, else aligned. ERR_BOOT_MEMORY. */
	enum err (*allocate)(u64 address, u64 length, u64 align, u8 **out);
	/* Gives back what a refused candidate occupied. */
	void (*release)(u8 *memory, u64 length);
	/* Extends and logs. */
	enum err (*measure)(u32 pcr, const struct event *event);
	/*
	 * Ends firmware's part: after success no firmware service is used. Fills map (returns its count) and log, both
	 * in stage memory. ERR_BOOT_FIRMWARE.
	 */
	enum err (*finish)(struct memory_entry *map, u32 *count, struct blob *log);
};

#endif
