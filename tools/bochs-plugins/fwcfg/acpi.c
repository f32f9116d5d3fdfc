/*
 * Tables as the ACPI specification has them (6.5, chapter 5.2), for a PIIX4 whose power management firmware puts at
 * B000h. Test bed only; pure.
 */
#include "tools/bochs-plugins/fwcfg/acpi.h"

#include "lib/bytes.h"

#include <string.h>

enum {
	HEADER = 36,
	HEADER_LENGTH = 4,
	HEADER_CHECKSUM = 9,
	FACS_SIZE = 64,
	FADT_SIZE = 244,
	RSDT_SIZE = HEADER + 2 * 4
};

/* Offsets in the FADT. */
enum { FADT_FACS = 36, FADT_DSDT = 40 };

enum {
	MADT_HEAD = HEADER + 8,
	LOCAL_APIC = 8,
	IO_APIC = 12,
	OVERRIDE = 10,
	NMI = 6,
	LEVEL_ACTIVE_HIGH = 0xD,
};

enum { PM_BASE = 0xB000, SMI_COMMAND = 0xB2, SCI = 9, RESET_PORT = 0xCF9, RESET_ALL = 6 };

static const struct {
	u8 irq;
	u8 gsi;
	u16 flags;
} overrides[] = {
	/* The timer arrives at input 2; SCI and PCI interrupts are levels. */
	{ 0, 2, 0 },
	{ SCI, SCI, LEVEL_ACTIVE_HIGH },
	{ 10, 10, LEVEL_ACTIVE_HIGH },
	{ 11, 11, LEVEL_ACTIVE_HIGH },
};

static u8 sum(const u8 *bytes, size_t n)
{
	u8 total = 0;
	for (size_t i = 0; i < n; i++)
		total = (u8)(total + bytes[i]);
	return total;
}

const u8 *acpi_find_dsdt(const u8 *rom, size_t rom_size, size_t *size)
{
	for (size_t at = 0; range_inside(at, HEADER, rom_size); at++) {
		if (memcmp(rom + at, "DSDT", 4) != 0)
			continue;
		*size = load_le32(rom + at + HEADER_LENGTH);
		if (*size > HEADER && range_inside(at, *size, rom_size) && sum(rom + at, *size) == 0)
			return rom + at;
	}
	return NULL;
}

/* Opens a table at the end. */
static struct writer open_table(struct acpi *a, const char *signature, u8 revision, u32 size)
{
	struct writer w = writer_on(a->tables + a->tables_size, size);
	write_bytes(&w, (const u8 *)signature, 4);
	write_le32(&w, size);
	write_u8(&w, revision);
	write_u8(&w, 0);
	write_bytes(&w, (const u8 *)"SIGNETTEST BED", 14);
	write_le32(&w, 1);
	write_bytes(&w, (const u8 *)"SGNT", 4);
	write_le32(&w, 1);
	a->tables_size += size;
	return w;
}

/* Firmware obeys in order, and a pointer changes the sum: the last command for a table. */
static void close_table(struct acpi *a, u32 table)
{
	u32 size = load_le32(a->tables + table + HEADER_LENGTH);
	loader_add_checksum(&a->loader, ACPI_TABLES_FILE, table + HEADER_CHECKSUM, table, size);
}

static void point(struct acpi *a, u32 at)
{
	loader_add_pointer(&a->loader, ACPI_TABLES_FILE, at, 4, ACPI_TABLES_FILE);
}

static void add_facs(struct acpi *a)
{
	struct writer w = writer_on(a->tables + a->tables_size, FACS_SIZE);
	write_bytes(&w, (const u8 *)"FACS", 4);
	write_le32(&w, FACS_SIZE);
	a->tables_size += FACS_SIZE;
}

/*
 * Of the root bridge's resources the 32-bit memory window (DWord Address Space Descriptor, 6.4.3.5.2): an operating
 * system would move what lies outside of it, which no hypervisor below it need allow.
 */
static void place_window(u8 *dsdt, size_t size, u32 window)
{
	static const u8 descriptor[] = { 0x87, 23, 0, 0 };
	enum { MIN = 10, MAX = 14, LENGTH = 22, DESCRIPTOR = 26, BIOS_WINDOW = 0xC0000000 };

	for (size_t at = HEADER; range_inside(at, DESCRIPTOR, size); at++) {
		u8 *d = dsdt + at;
		if (memcmp(d, descriptor, sizeof(descriptor)) != 0 || load_le32(d + MIN) != BIOS_WINDOW)
			continue;
		store_le32(d + MIN, window);
		store_le32(d + LENGTH, load_le32(d + MAX) - window + 1);
	}
	dsdt[HEADER_CHECKSUM] = 0;
	dsdt[HEADER_CHECKSUM] = (u8)-sum(dsdt, size);
}

static void add_dsdt(struct acpi *a, u32 window, const u8 *dsdt, size_t size)
{
	memcpy(a->tables + a->tables_size, dsdt, size);
	place_window(a->tables + a->tables_size, size, window);
	a->tables_size += size;
}

static void write_reset_register(struct writer *w)
{
	write_u8(w, 1); /* an I/O port, */
	write_u8(w, 8); /* eight bits from bit 0 on, by bytes */
	write_u8(w, 0);
	write_u8(w, 1);
	write_le64(w, RESET_PORT);
	write_u8(w, RESET_ALL);
}

/* facs and dsdt: offsets in the file, to which firmware adds the file's place. */
static void add_fadt(struct acpi *a, u32 facs, u32 dsdt)
{
	u32 table = (u32)a->tables_size;
	/* From the pointer addressing FACS on, in the order of the specification. */
	struct writer w = open_table(a, "FACP", 3, FADT_SIZE);
	write_le32(&w, facs);
	write_le32(&w, dsdt);
	write_zero(&w, 2); /* reserved, preferred profile: unspecified */
	write_le16(&w, SCI);
	write_le32(&w, SMI_COMMAND);
	write_u8(&w, 0xF1); /* ACPI_ENABLE */
	write_u8(&w, 0xF0); /* ACPI_DISABLE */
	write_zero(&w, 2);
	write_le32(&w, PM_BASE); /* PM1a event block */
	write_le32(&w, 0);
	write_le32(&w, PM_BASE + 4); /* PM1a control block */
	write_zero(&w, 8);
	write_le32(&w, PM_BASE + 8); /* PM timer */
	write_zero(&w, 8);
	write_u8(&w, 4); /* lengths of the blocks: event, control, PM2, timer, general-purpose events */
	write_u8(&w, 2);
	write_u8(&w, 0);
	write_u8(&w, 4);
	write_zero(&w, 4);
	write_le16(&w, 0xFFF); /* no C2, no C3 */
	write_le16(&w, 0xFFF);
	write_zero(&w, 9);
	write_le16(&w, BIT(0) | BIT(1)); /* legacy devices, keyboard controller */
	write_u8(&w, 0);
	/* WBINVD, C1, no power or sleep button, no RTC wake-up there, reset register */
	write_le32(&w, BIT(0) | BIT(2) | BIT(4) | BIT(5) | BIT(6) | BIT(10));
	write_reset_register(&w);
	point(a, table + FADT_FACS);
	point(a, table + FADT_DSDT);
	close_table(a, table);
}

static void write_processors(struct writer *w, u32 cpus)
{
	for (u32 i = 0; i < cpus; i++) {
		write_u8(w, 0);
		write_u8(w, LOCAL_APIC);
		write_u8(w, (u8)i);
		write_u8(w, (u8)i);
		write_le32(w, 1);
	}
	/* Bochs' I/O APIC has the number after the processors'. */
	write_u8(w, 1);
	write_u8(w, IO_APIC);
	write_u8(w, (u8)cpus);
	write_u8(w, 0);
	write_le32(w, 0xFEC00000);
	write_le32(w, 0);
}

static void add_madt(struct acpi *a, u32 cpus)
{
	u32 table = (u32)a->tables_size;
	u32 size = MADT_HEAD + cpus * LOCAL_APIC + IO_APIC + (u32)ARRAY_SIZE(overrides) * OVERRIDE + NMI;
	struct writer w = open_table(a, "APIC", 1, size);
	write_le32(&w, 0xFEE00000);
	write_le32(&w, 1); /* with the two old interrupt controllers */
	write_processors(&w, cpus);
	for (size_t i = 0; i < ARRAY_SIZE(overrides); i++) {
		write_u8(&w, 2);
		write_u8(&w, OVERRIDE);
		write_u8(&w, 0);
		write_u8(&w, overrides[i].irq);
		write_le32(&w, overrides[i].gsi);
		write_le16(&w, overrides[i].flags);
	}
	/* NMI at LINT1 of every processor. */
	write_u8(&w, 4);
	write_u8(&w, NMI);
	write_u8(&w, 0xFF);
	write_le16(&w, 0);
	write_u8(&w, 1);
	close_table(a, table);
}

static void add_rsdt(struct acpi *a, u32 fadt, u32 madt)
{
	u32 table = (u32)a->tables_size;
	struct writer w = open_table(a, "RSDT", 1, RSDT_SIZE);
	write_le32(&w, fadt);
	write_le32(&w, madt);
	point(a, table + HEADER);
	point(a, table + HEADER + 4);
	close_table(a, table);
}

static void add_rsdp(struct acpi *a, u32 rsdt)
{
	enum { RSDP_CHECKSUM = 8, RSDP_RSDT = 16 };
	struct writer w = writer_on(a->rsdp, sizeof(a->rsdp));
	write_bytes(&w, (const u8 *)"RSD PTR ", 8);
	write_u8(&w, 0);
	write_bytes(&w, (const u8 *)"SIGNET", 6);
	write_u8(&w, 0);
	write_le32(&w, rsdt);
	loader_add_pointer(&a->loader, ACPI_RSDP_FILE, RSDP_RSDT, 4, ACPI_TABLES_FILE);
	loader_add_checksum(&a->loader, ACPI_RSDP_FILE, RSDP_CHECKSUM, 0, ACPI_RSDP_SIZE);
}

bool acpi_build(struct acpi *a, u32 cpus, u32 window, const u8 *dsdt, size_t dsdt_size)
{
	memset(a, 0, sizeof(*a));
	if (cpus == 0 || cpus > ACPI_CPUS_MAX || dsdt_size > ACPI_TABLES_MAX / 2)
		return false;
	loader_allocate(&a->loader, ACPI_RSDP_FILE, 16, LOADER_F_SEGMENT);
	loader_allocate(&a->loader, ACPI_TABLES_FILE, 64, LOADER_ANYWHERE);
	add_facs(a);
	u32 dsdt_at = (u32)a->tables_size;
	add_dsdt(a, window, dsdt, dsdt_size);
	u32 fadt_at = (u32)a->tables_size;
	add_fadt(a, 0, dsdt_at);
	u32 madt_at = (u32)a->tables_size;
	add_madt(a, cpus);
	u32 rsdt_at = (u32)a->tables_size;
	add_rsdt(a, fadt_at, madt_at);
	add_rsdp(a, rsdt_at);
	return true;
}
