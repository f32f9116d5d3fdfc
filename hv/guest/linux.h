/*
 * A Linux guest's memory at its first instruction: boot protocol, ACPI tables, page tables; where each thing is.
 * Trust: in the TCB; pure.
 */
#ifndef SIGNET_HV_GUEST_LINUX_H
#define SIGNET_HV_GUEST_LINUX_H

#include "hv/guest/acpi.h"
#include "lib/control/wire.h"

/* Guest addresses. RAM begins at 0 and leaves out LINUX_HOLE to LINUX_HIGH, which is for devices. */
enum {
	LINUX_GDT = 0x6000,
	LINUX_ZERO_PAGE = 0x7000,
	LINUX_TABLES = 0x10000, /* six pages, for an identity map of 4 GiB */
	LINUX_COMMAND_LINE = 0x20000,
	LINUX_COMMAND_LINE_MAX = 4095,
	LINUX_BIOS_DATA = 0x9F000,
	LINUX_ACPI = 0xE0000,
	LINUX_RESET_VECTOR = 0xFFFF0,
	LINUX_LOW_END = 0x100000, /* what stands above comes from the guest's own parts */
	LINUX_GDT_LIMIT = 4 * 8 - 1,
};
/* For a kernel at its preferred address, as much as it takes before it reads the map, and more. */
#define LINUX_ROOM MIB(128)
#define LINUX_RAMDISK_END (2ull << 30)
#define LINUX_HOLE (3ull << 30)
#define LINUX_HIGH (4ull << 30)

/* Where a part is loaded, in the piece of RAM that begins at 0. */
struct guest_part {
	u64 at, length, loaded;
};

struct linux_boot {
	u8 *ram; /* the piece that begins at 0 */
	u64 ram_length, memory; /* of that piece, and in all */
	const struct guest_part *part; /* by enum control_part; the command line is at LINUX_COMMAND_LINE */
	const struct guest_acpi *acpi;
};

/* Moves kernel and initramfs to their places and fills the rest in. Errors: those of bzimage.h and acpi.h. */
enum err linux_prepare(const struct linux_boot *b, u64 *entry) MUST_CHECK;

/* An identity map of 4 GiB in six pages at `at`, which the VM has at address; descriptors for its start. */
void linux_build_tables(u8 *at, u64 address);
extern const u64 linux_gdt[(LINUX_GDT_LIMIT + 1) / 8];

#endif
