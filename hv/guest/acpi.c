/*
 * Guest ACPI tables (ACPI 6.4, chapter 5). Trust: in the TCB; pure.
 */
#include "hv/guest/acpi.h"

#include "hv/dev/ioapic.h"
#include "hv/dev/lapic.h"
#include "hv/dev/power.h"

#include <string.h>

enum { RSDP_CHECKSUM = 8, RSDP_REVISION = 15, RSDP_V1_SIZE = 20, RSDP_EXTENDED_CHECKSUM = 32 };
enum { HEADER_SIZE = 36, HEADER_LENGTH = 4, HEADER_CHECKSUM = 9, TABLE_ALIGN = 16 };
enum { FADT_REVISION = 6, FADT_SIZE = 276, MADT_REVISION = 5, DSDT_REVISION = 2 };

/* Offsets in the FADT (table "FADT Format"); what is not named stays zero, or is not there in reduced hardware. */
enum { FADT_DSDT = 40, FADT_BOOT_FLAGS = 109, FADT_FLAGS = 112, FADT_RESET_REGISTER = 116 };
enum { FADT_RESET_VALUE = 128, FADT_MINOR = 131, FADT_X_DSDT = 140, FADT_SLEEP_CONTROL = 244, FADT_SLEEP_STATUS = 256 };
enum {
	/* No keyboard controller, no VGA; a CMOS clock is there. */
	BOOT_FLAGS = BIT(2),
	/* WBINVD; power and sleep buttons, if any, are devices; RTC wakes nobody; reset register; reduced hardware. */
	FLAGS = BIT(0) | BIT(4) | BIT(5) | BIT(6) | BIT(10) | BIT(20),
	SPACE_IO = 1,
};
enum { MADT_LAPIC = 0, MADT_IOAPIC = 1, MADT_ENABLED = 1, MADT_NO_PIC = 0 };

static u8 checksum(const u8 *bytes, size_t n)
{
	u8 sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += bytes[i];
	return (u8)-sum;
}

void acpi_begin(struct acpi_maker *m, u64 at, u8 *out, size_t size)
{
	*m = (struct acpi_maker){ .w = writer_on(out, size), .at = at };
	memset(out, 0, size);
	write_zero(&m->w, ACPI_RSDP_SIZE);
}

void acpi_table_begin(struct acpi_maker *m, const char signature[static 4], u8 revision)
{
	static const char makers[] = "SIGNETGUEST   \1\0\0\0SGNT\1\0\0";

	write_zero(&m->w, align_up(m->w.used, TABLE_ALIGN) - m->w.used);
	m->table = m->w.used;
	write_bytes(&m->w, (const u8 *)signature, 4);
	write_le32(&m->w, 0);
	write_le16(&m->w, revision);
	write_bytes(&m->w, (const u8 *)makers, sizeof(makers));
}

u64 acpi_table_end(struct acpi_maker *m)
{
	u8 *table = m->w.start + m->table;
	size_t length = m->w.used - m->table;

	if (!m->w.failed) {
		store_le32(table + HEADER_LENGTH, (u32)length);
		table[HEADER_CHECKSUM] = checksum(table, length);
	}
	return m->at + m->table;
}

void acpi_list(struct acpi_maker *m, u64 table)
{
	m->w.failed |= m->roots == ACPI_ROOT_MAX;
	if (!m->w.failed)
		m->root[m->roots++] = table;
}

enum err acpi_end(struct acpi_maker *m)
{
	u8 *rsdp = m->w.start;

	acpi_table_begin(m, "XSDT", 1);
	for (u32 i = 0; i < m->roots; i++)
		write_le64(&m->w, m->root[i]);
	memcpy(rsdp, "RSD PTR \0SIGNET\2", RSDP_REVISION + 1);
	store_le32(rsdp + 20, ACPI_RSDP_SIZE);
	store_le64(rsdp + 24, acpi_table_end(m));
	rsdp[RSDP_CHECKSUM] = checksum(rsdp, RSDP_V1_SIZE);
	rsdp[RSDP_EXTENDED_CHECKSUM] = checksum(rsdp, ACPI_RSDP_SIZE);
	return m->w.failed ? ERR_RANGE : OK;
}

void acpi_madt_begin(struct acpi_maker *m, u32 flags, u32 vcpus)
{
	acpi_table_begin(m, "APIC", MADT_REVISION);
	write_le32(&m->w, LAPIC_BASE);
	write_le32(&m->w, flags);
	for (u32 i = 0; i < vcpus; i++)
		write_bytes(&m->w, (const u8[]){ MADT_LAPIC, 8, (u8)i, (u8)i, MADT_ENABLED, 0, 0, 0 }, 8);
}

void acpi_madt_ioapic(struct acpi_maker *m, u8 id, u32 base, u32 gsi_base)
{
	write_bytes(&m->w, (const u8[]){ MADT_IOAPIC, 12, id, 0 }, 4);
	write_le32(&m->w, base);
	write_le32(&m->w, gsi_base);
}

/* Generic address structure of a byte port; access size 0 is undefined, and so allowed to be anything. */
static void put_port(u8 *to, u16 port)
{
	to[0] = SPACE_IO;
	to[1] = 8;
	store_le64(to + 4, port);
}

static void fill_fadt(u8 *f, u64 dsdt)
{
	store_le32(f + FADT_DSDT, (u32)dsdt);
	store_le64(f + FADT_X_DSDT, dsdt);
	store_le16(f + FADT_BOOT_FLAGS, BOOT_FLAGS);
	store_le32(f + FADT_FLAGS, FLAGS);
	f[FADT_MINOR] = 4;
	put_port(f + FADT_RESET_REGISTER, POWER_PORT + POWER_RESET_CONTROL);
	f[FADT_RESET_VALUE] = POWER_RESET_VALUE;
	put_port(f + FADT_SLEEP_CONTROL, POWER_PORT + POWER_SLEEP_CONTROL);
	put_port(f + FADT_SLEEP_STATUS, POWER_PORT + POWER_SLEEP_STATUS);
}

static u64 build_fadt(struct acpi_maker *m, u64 dsdt)
{
	acpi_table_begin(m, "FACP", FADT_REVISION);
	write_zero(&m->w, FADT_SIZE - HEADER_SIZE);
	if (!m->w.failed)
		fill_fadt(m->w.start + m->table, dsdt);
	return acpi_table_end(m);
}

enum err guest_acpi_build(const struct guest_acpi *g, u64 at, u8 out[GUEST_ACPI_SIZE])
{
	struct acpi_maker m;

	if (g->vcpus == 0 || g->vcpus > GUEST_MOST_VCPUS || g->virtio_count > GUEST_VIRTIO_MAX)
		return ERR_RANGE;
	acpi_begin(&m, at, out, GUEST_ACPI_SIZE);
	acpi_table_begin(&m, "DSDT", DSDT_REVISION);
	aml_fixed_devices(&m.w);
	aml_virtio_devices(&m.w, g->virtio, g->virtio_count);
	acpi_list(&m, build_fadt(&m, acpi_table_end(&m)));
	acpi_madt_begin(&m, MADT_NO_PIC, g->vcpus);
	acpi_madt_ioapic(&m, g->ioapic_id, g->ioapic_base, 0);
	acpi_list(&m, acpi_table_end(&m));
	return acpi_end(&m);
}
