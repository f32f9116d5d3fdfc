/*
 * Guest ACPI tables (ACPI 6.4, chapter 5). Trust: in the TCB; pure.
 */
#include "hv/guest/acpi.h"

#include "hv/dev/ioapic.h"
#include "hv/dev/lapic.h"
#include "hv/dev/power.h"
#include "hv/dev/rtc.h"

#include <string.h>

enum { RSDP_CHECKSUM = 8, RSDP_REVISION = 15, RSDP_V1_SIZE = 20, RSDP_EXTENDED_CHECKSUM = 32 };
enum { HEADER_SIZE = 36, HEADER_LENGTH = 4, HEADER_CHECKSUM = 9, TABLE_ALIGN = 16, MIB_1 = 0x100000 };
enum { FADT_REVISION = 6, FADT_SIZE = 276, MADT_REVISION = 5, DSDT_REVISION = 2 };

/* Offsets in the FADT (table "FADT Format"); what is not named stays zero, or is not there in reduced hardware. */
enum { FADT_DSDT = 40, FADT_CENTURY = 108, FADT_BOOT_FLAGS = 109, FADT_FLAGS = 112, FADT_RESET_REGISTER = 116 };
enum { FADT_RESET_VALUE = 128, FADT_MINOR = 131, FADT_X_DSDT = 140, FADT_SLEEP_CONTROL = 244, FADT_SLEEP_STATUS = 256 };
enum {
	/* No keyboard controller, no VGA; a CMOS clock is there. */
	BOOT_FLAGS = BIT(2),
	/* WBINVD; power and sleep buttons, if any, are devices; RTC wakes nobody; reset register; reduced hardware. */
	FLAGS = BIT(0) | BIT(4) | BIT(5) | BIT(6) | BIT(10) | BIT(20),
	SPACE_IO = 1,
};
enum { MADT_LAPIC = 0, MADT_IOAPIC = 1, MADT_ENABLED = 1 };

static u8 checksum(const u8 *bytes, size_t n)
{
	u8 sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += bytes[i];
	return (u8)-sum;
}

size_t acpi_table_begin(struct writer *w, const char signature[static 4], u8 revision)
{
	static const char makers[] = "SIGNETGUEST   \1\0\0\0SGNT\1\0\0";

	write_zero(w, align_up(w->used, TABLE_ALIGN) - w->used);
	size_t start = w->used;
	write_bytes(w, (const u8 *)signature, 4);
	write_le32(w, 0);
	write_le16(w, revision);
	write_bytes(w, (const u8 *)makers, sizeof(makers));
	return start;
}

void acpi_table_end(struct writer *w, size_t start)
{
	if (w->failed)
		return;
	u8 *table = w->start + start;
	store_le32(table + HEADER_LENGTH, (u32)(w->used - start));
	table[HEADER_CHECKSUM] = checksum(table, w->used - start);
}

static size_t build_dsdt(struct writer *w, const struct guest_acpi *g)
{
	size_t start = acpi_table_begin(w, "DSDT", DSDT_REVISION);

	aml_fixed_devices(w);
	aml_virtio_devices(w, g->virtio, g->virtio_count);
	acpi_table_end(w, start);
	return start;
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
	f[FADT_CENTURY] = RTC_CENTURY;
	store_le16(f + FADT_BOOT_FLAGS, BOOT_FLAGS);
	store_le32(f + FADT_FLAGS, FLAGS);
	f[FADT_MINOR] = 4;
	put_port(f + FADT_RESET_REGISTER, POWER_PORT + POWER_RESET_CONTROL);
	f[FADT_RESET_VALUE] = POWER_RESET_VALUE;
	put_port(f + FADT_SLEEP_CONTROL, POWER_PORT + POWER_SLEEP_CONTROL);
	put_port(f + FADT_SLEEP_STATUS, POWER_PORT + POWER_SLEEP_STATUS);
}

static size_t build_fadt(struct writer *w, u64 dsdt)
{
	size_t start = acpi_table_begin(w, "FACP", FADT_REVISION);

	write_zero(w, FADT_SIZE - HEADER_SIZE);
	if (!w->failed)
		fill_fadt(w->start + start, dsdt);
	acpi_table_end(w, start);
	return start;
}

static size_t build_madt(struct writer *w, const struct guest_acpi *g)
{
	size_t start = acpi_table_begin(w, "APIC", MADT_REVISION);

	write_le32(w, LAPIC_BASE);
	write_le32(w, 0); /* no PIC */
	for (u32 i = 0; i < g->vcpus; i++)
		write_bytes(w, (const u8[]){ MADT_LAPIC, 8, (u8)i, (u8)i, MADT_ENABLED, 0, 0, 0 }, 8);
	write_bytes(w, (const u8[]){ MADT_IOAPIC, 12, g->ioapic_id, 0 }, 4);
	write_le32(w, g->ioapic_base);
	write_le32(w, 0);
	acpi_table_end(w, start);
	return start;
}

void acpi_rsdp_fill(u8 rsdp[ACPI_RSDP_SIZE], u64 xsdt)
{
	memcpy(rsdp, "RSD PTR \0SIGNET\2", RSDP_REVISION + 1);
	store_le32(rsdp + 20, ACPI_RSDP_SIZE);
	store_le64(rsdp + 24, xsdt);
	rsdp[RSDP_CHECKSUM] = checksum(rsdp, RSDP_V1_SIZE);
	rsdp[RSDP_EXTENDED_CHECKSUM] = checksum(rsdp, ACPI_RSDP_SIZE);
}

enum err guest_acpi_build(const struct guest_acpi *g, u64 at, u8 out[GUEST_ACPI_SIZE])
{
	if (g->vcpus == 0 || g->vcpus > GUEST_VCPUS_MAX || g->virtio_count > GUEST_VIRTIO_MAX)
		return ERR_RANGE;
	if (!is_aligned(at, TABLE_ALIGN) || !range_inside(at, GUEST_ACPI_SIZE, MIB_1))
		return ERR_RANGE;
	memset(out, 0, GUEST_ACPI_SIZE);
	struct writer w = writer_on(out, GUEST_ACPI_SIZE);
	write_zero(&w, ACPI_RSDP_SIZE);
	size_t dsdt = build_dsdt(&w, g), fadt = build_fadt(&w, at + dsdt), madt = build_madt(&w, g);
	size_t xsdt = acpi_table_begin(&w, "XSDT", 1);
	write_le64(&w, at + fadt);
	write_le64(&w, at + madt);
	acpi_table_end(&w, xsdt);
	acpi_rsdp_fill(out, at + xsdt);
	return w.failed ? ERR_INTERNAL : OK;
}
