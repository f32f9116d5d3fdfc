/*
 * The service VM's kernel in its RAM: where everything goes, and the state of its first instruction.
 * Trust: in the TCB; pure. Kernel and initramfs are measured; memory is reached through `at`.
 */
#ifndef SIGNET_HV_SERVICE_LOAD_H
#define SIGNET_HV_SERVICE_LOAD_H

#include "hv/guest/bzimage.h"
#include "hv/service/memory.h"

/* One piece of its RAM, kept from it by the map it is told: what it starts from. Offsets. */
enum {
	SERVICE_BLOCK_SIZE = 0x10000,
	BLOCK_ACPI = 0x0000, /* SERVICE_ACPI_SIZE */
	BLOCK_GDT = 0x2000,
	BLOCK_ZERO_PAGE = 0x3000,
	BLOCK_TABLES = 0x4000,
	BLOCK_COMMAND_LINE = 0xA000,
	SERVICE_COMMAND_LINE_SIZE = 1024,
};

struct service_load {
	const u8 *kernel, *initramfs;
	u64 kernel_length, initramfs_length;
	const char *command_line;
	u8 *(*at)(u64 address); /* root mode's pointer to the service VM's RAM */
	/* Found: */
	struct bzimage image;
	struct bzimage_layout layout;
	u64 block;
};

/*
 * Chooses places in the plan's RAM below 4 GiB and takes the block out of it. bzimage.h's errors; ERR_NO_MEMORY: no
 * piece of RAM holds it all.
 */
enum err service_load_place(struct service_load *load, struct service_memory *plan) MUST_CHECK;
/* Fills it in: kernel, initramfs, command line, zero page, page tables, descriptors. ERR_RANGE: the map is too long. */
enum err service_load_fill(const struct service_load *load, const struct service_memory *plan) MUST_CHECK;

#endif
