/*
 * ACPI tables of Bochs' i440FX machine: FACS, DSDT, FADT, MADT, RSDT, RSDP, and the commands that place them.
 * Test bed only; pure.
 */
#ifndef SIGNET_TOOLS_BOCHS_PLUGINS_FWCFG_ACPI_H
#define SIGNET_TOOLS_BOCHS_PLUGINS_FWCFG_ACPI_H

#include "tools/bochs-plugins/fwcfg/loader.h"

#define ACPI_TABLES_FILE "etc/acpi/tables"
#define ACPI_RSDP_FILE "etc/acpi/rsdp"
#define ACPI_LOADER_FILE "etc/table-loader"

enum { ACPI_TABLES_MAX = 16384, ACPI_RSDP_SIZE = 20, ACPI_CPUS_MAX = 64 };

struct acpi {
	u8 tables[ACPI_TABLES_MAX];
	size_t tables_size;
	u8 rsdp[ACPI_RSDP_SIZE];
	struct loader loader;
};

/*
 * The DSDT within the ROM image of Bochs' own BIOS: it describes the very devices that we have, and is not ours to
 * copy. NULL: none that is whole. *size: its length.
 */
const u8 *acpi_find_dsdt(const u8 *rom, size_t rom_size, size_t *size);

/*
 * window: where firmware begins to place devices' memory; the DSDT's own BIOS begins elsewhere, and is corrected.
 * False: too many processors, or a DSDT too large.
 */
bool acpi_build(struct acpi *a, u32 cpus, u32 window, const u8 *dsdt, size_t dsdt_size);

#endif
