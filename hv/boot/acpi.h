/*
 * What the hypervisor itself takes from firmware's ACPI tables: the processors (MADT) and the PM timer (FADT).
 * Trust: in the TCB; pure over the read function. Tables are firmware's and may lie: every length is checked, and
 * nothing is read that the read function does not vouch for.
 */
#ifndef SIGNET_HV_BOOT_ACPI_H
#define SIGNET_HV_BOOT_ACPI_H

#include "lib/err.h"
#include "lib/types.h"

/* Where physical memory is read: NULL when [address, address + length) is nothing to be read. */
struct acpi_source {
	const u8 *(*read)(void *context, u64 address, u64 length);
	void *context;
};

enum { PROCESSORS_MAX = 256 };

struct processors {
	u32 count;
	u32 apic_id[PROCESSORS_MAX]; /* each once, usable by the MADT */
	u32 left_out; /* beyond PROCESSORS_MAX */
};

struct pm_timer {
	u16 port; /* 0: none */
	u32 mask; /* of the bits that count: 24 or 32 */
};

struct acpi {
	struct processors processors;
	struct pm_timer pm_timer;
};

/* rsdp: physical address. ERR_ACPI when a table on the way, or the MADT, is missing or malformed. */
enum err acpi_read(struct acpi *acpi, const struct acpi_source *source, u64 rsdp) MUST_CHECK;

/*
 * Leaves one processor a core: `own` stays, and of each other core the first. shift: bits of the APIC id that tell the
 * threads of a core (CPUID leaf 0Bh). The others' ids go to parked; returns their number.
 */
u32 processors_park_siblings(struct processors *list, u32 shift, u32 own, u32 parked[PROCESSORS_MAX]);

#endif
