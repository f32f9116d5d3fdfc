/*
 * Firmware's ACPI tables, and what the hypervisor itself takes from them: processors (MADT) and the PM timer (FADT).
 * Trust: in the TCB; pure over the read function. Tables are firmware's and may lie: every length is checked, and
 * nothing is read that the read function does not vouch for.
 */
#ifndef SIGNET_HV_BOOT_ACPI_H
#define SIGNET_HV_BOOT_ACPI_H

#include "lib/err.h"

/* Where physical memory is read: NULL when [address, address + length) is nothing to be read. */
struct acpi_source {
	const u8 *(*read)(void *context, u64 address, u64 length);
	void *context;
};

enum { PROCESSORS_MAX = 256, ACPI_IOAPICS_MAX = 8, ACPI_TABLES_MAX = 64, ACPI_HEADER_SIZE = 36 };

struct acpi_table {
	u64 address;
	const u8 *bytes;
	u32 length; /* at least ACPI_HEADER_SIZE; 0: no table */
};

struct processors {
	u32 count;
	u32 apic_id[PROCESSORS_MAX]; /* each once, usable by the MADT */
	bool parked[PROCESSORS_MAX];
	u32 left_out; /* beyond PROCESSORS_MAX */
};

struct pm_timer {
	u16 port; /* 0: none */
	u32 mask; /* of the bits that count: 24 or 32 */
};

/* Those beyond ACPI_IOAPICS_MAX are nobody's: firmware left their pins masked. */
struct acpi_ioapic {
	u64 address;
	u32 gsi_base;
};

struct acpi {
	struct processors processors;
	struct acpi_ioapic ioapic[ACPI_IOAPICS_MAX];
	u32 ioapics;
	struct pm_timer pm_timer;
	struct acpi_table table[ACPI_TABLES_MAX]; /* with a right checksum, that the root table names: not DSDT, FACS */
	u32 tables;
	struct acpi_table dsdt; /* by the FADT */
};

/* This machine's, once hv_main() has read it. Its tables' bytes stay where they are. */
extern struct acpi machine_acpi;

/* rsdp: physical address. ERR_ACPI when a table on the way, or the MADT, is missing or malformed. */
enum err acpi_read(struct acpi *acpi, const struct acpi_source *source, u64 rsdp) MUST_CHECK;

/* The first one with that signature; length 0: none. */
struct acpi_table acpi_find(const struct acpi_table *table, u32 count, const char *signature);

/*
 * Parks all but one processor a core: `own` stays, and of each other core the first. shift: bits of the APIC id that
 * tell the threads of a core (CPUID leaf 0Bh).
 */
void processors_park_siblings(struct processors *list, u32 shift, u32 own);

#endif
