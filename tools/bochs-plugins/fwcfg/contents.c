/*
 * Items and files of the firmware configuration.
 * Test bed only; pure.
 */
#include "tools/bochs-plugins/fwcfg/contents.h"

#include "lib/bytes.h"

enum { ID_PORTS = BIT(0), ID_DMA = BIT(1), E820_RAM = 1 };

/* IA32_FEATURE_CONTROL as firmware of a server leaves it: locked, VMX outside SMX allowed. */
enum { FEATURE_CONTROL = BIT(0) | BIT(2) };

static const u8 signature[] = { 'Q', 'E', 'M', 'U' };

static void write_e820(u8 *entry, u64 ram)
{
	store_le64(entry, 0);
	store_le64(entry + 8, ram);
	store_le32(entry + 16, E820_RAM);
}

/* OVMF gives devices memory from here on, or from the end of RAM when that is above (PlatformPei,
 * MemMapInitialization). */
#define OVMF_WINDOW 0x80000000u

bool contents_fill(struct contents *c, struct fwcfg *f, u64 ram, u32 cpus, const u8 *dsdt, size_t dsdt_size)
{
	if (ram > RAM_MAX || !acpi_build(&c->acpi, cpus, ram > OVMF_WINDOW ? (u32)ram : OVMF_WINDOW, dsdt, dsdt_size))
		return false;
	store_le32(c->id, ID_PORTS | ID_DMA);
	store_le64(c->ram_size, ram);
	store_le16(c->cpus, (u16)cpus);
	store_le64(c->feature_control, FEATURE_CONTROL);
	write_e820(c->e820, ram);
	return fwcfg_add(f, FWCFG_SIGNATURE, signature, sizeof(signature)) &&
	        fwcfg_add(f, FWCFG_ID, c->id, sizeof(c->id)) &&
	        fwcfg_add(f, FWCFG_RAM_SIZE, c->ram_size, sizeof(c->ram_size)) &&
	        fwcfg_add(f, FWCFG_CPUS, c->cpus, sizeof(c->cpus)) &&
	        fwcfg_add(f, FWCFG_MAX_CPUS, c->cpus, sizeof(c->cpus)) &&
	        fwcfg_add_file(f, "etc/e820", c->e820, sizeof(c->e820)) &&
	        fwcfg_add_file(f, "etc/msr_feature_control", c->feature_control, sizeof(c->feature_control)) &&
	        fwcfg_add_file(f, ACPI_TABLES_FILE, c->acpi.tables, c->acpi.tables_size) &&
	        fwcfg_add_file(f, ACPI_RSDP_FILE, c->acpi.rsdp, sizeof(c->acpi.rsdp)) &&
	        fwcfg_add_file(f, ACPI_LOADER_FILE, c->acpi.loader.bytes, c->acpi.loader.size);
}
