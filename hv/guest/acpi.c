/*
 * Guest ACPI tables (ACPI 6.4, chapter 5). Trust: in the TCB; pure.
 */
#include "hv/guest/acpi.h"

#include "hv/dev/acpi_pm.h"
#include "hv/dev/ioapic.h"
#include "hv/dev/isa_irq.h"
#include "hv/dev/lapic.h"
#include "hv/dev/rtc.h"
#include "hv/guest/aml.h"

#include <string.h>

enum {
	RSDP_SIZE = 36,
	RSDP_CHECKSUM = 8,
	RSDP_V1_SIZE = 20,
	RSDP_EXTENDED_CHECKSUM = 32,
	HEADER_SIZE = 36,
	HEADER_LENGTH = 4,
	HEADER_CHECKSUM = 9,
	TABLE_ALIGN = 16,
	FADT_REVISION = 6,
	FADT_SIZE = 276,
	MADT_REVISION = 5,
	DSDT_REVISION = 2,
	MIB_1 = 0x100000,
};

/* Offsets in the FADT (table "FADT Format"); what is not named stays zero. */
enum {
	FADT_DSDT = 40,
	FADT_SCI = 46,
	FADT_PM1_EVENT = 56,
	FADT_PM1_CONTROL = 64,
	FADT_PM_TIMER = 76,
	FADT_PM1_EVENT_LENGTH = 88,
	FADT_PM1_CONTROL_LENGTH = 89,
	FADT_PM_TIMER_LENGTH = 91,
	FADT_C2_LATENCY = 96,
	FADT_C3_LATENCY = 98,
	FADT_CENTURY = 108,
	FADT_BOOT_FLAGS = 109,
	FADT_FLAGS = 112,
	FADT_RESET_REGISTER = 116,
	FADT_RESET_VALUE = 128,
	FADT_MINOR_REVISION = 131,
	FADT_X_DSDT = 140,
	FADT_X_PM1_EVENT = 148,
	FADT_X_PM1_CONTROL = 172,
	FADT_X_PM_TIMER = 208,
	/* Legacy devices, but no keyboard controller, no VGA; a CMOS clock is there. */
	BOOT_FLAGS = BIT(0) | BIT(2),
	/* WBINVD, C1 everywhere, no sleep button, RTC wakes nobody, 32-bit timer, reset register. */
	FLAGS = BIT(0) | BIT(2) | BIT(5) | BIT(6) | BIT(8) | BIT(10),
	/* Larger than what OSes take for a usable C2 or C3. */
	NO_C2 = 0xFFF,
	NO_C3 = 0xFFF,
	SPACE_IO = 1,
};

enum {
	MADT_LAPIC = 0,
	MADT_IOAPIC = 1,
	MADT_OVERRIDE = 2,
	MADT_LAPIC_NMI = 4,
	MADT_PCAT_COMPATIBLE = 1,
	MADT_ENABLED = 1,
	/* Active high (1), level (3 << 2). */
	MADT_LEVEL_HIGH = 0xD,
	MADT_ALL_PROCESSORS = 0xFF,
	MADT_LINT1 = 1,
};

static u8 checksum(const u8 *bytes, size_t n)
{
	u8 sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += bytes[i];
	return (u8)-sum;
}

/* Starts a table; its length and checksum come when it is finished. */
static size_t begin(struct writer *w, const char signature[static 4], u8 revision)
{
	write_zero(w, align_up(w->used, TABLE_ALIGN) - w->used);
	size_t start = w->used;
	write_bytes(w, (const u8 *)signature, 4);
	write_le32(w, 0);
	write_u8(w, revision);
	write_u8(w, 0);
	write_bytes(w, (const u8 *)"SIGNET", 6);
	write_bytes(w, (const u8 *)"GUEST   ", 8);
	write_le32(w, 1);
	write_bytes(w, (const u8 *)"SGNT", 4);
	write_le32(w, 1);
	return start;
}

static void finish(struct writer *w, size_t start)
{
	if (w->failed)
		return;
	u8 *table = w->start + start;
	store_le32(table + HEADER_LENGTH, (u32)(w->used - start));
	table[HEADER_CHECKSUM] = checksum(table, w->used - start);
}

static size_t build_dsdt(struct writer *w, const struct guest_acpi *g)
{
	size_t start = begin(w, "DSDT", DSDT_REVISION);

	aml_sleep_s5(w, PM_SLEEP_TYPE_S5);
	aml_virtio_devices(w, g->virtio, g->virtio_count);
	finish(w, start);
	return start;
}

/* Generic address structure; access size 0 is undefined, and so allowed to be anything. */
static void put_port(u8 *to, u16 port, u8 bytes)
{
	to[0] = SPACE_IO;
	to[1] = (u8)(bytes * 8);
	store_le64(to + 4, port);
}

static void fill_fadt(u8 *f, u64 dsdt)
{
	store_le32(f + FADT_DSDT, (u32)dsdt);
	store_le16(f + FADT_SCI, PM_SCI);
	store_le32(f + FADT_PM1_EVENT, PM1_EVENT_PORT);
	store_le32(f + FADT_PM1_CONTROL, PM1_CONTROL_PORT);
	store_le32(f + FADT_PM_TIMER, PM_TIMER_PORT);
	f[FADT_PM1_EVENT_LENGTH] = 4;
	f[FADT_PM1_CONTROL_LENGTH] = 2;
	f[FADT_PM_TIMER_LENGTH] = 4;
	store_le16(f + FADT_C2_LATENCY, NO_C2);
	store_le16(f + FADT_C3_LATENCY, NO_C3);
	f[FADT_CENTURY] = RTC_CENTURY;
	store_le16(f + FADT_BOOT_FLAGS, BOOT_FLAGS);
	store_le32(f + FADT_FLAGS, FLAGS);
	put_port(f + FADT_RESET_REGISTER, RESET_PORT, 1);
	f[FADT_RESET_VALUE] = RESET_VALUE;
	f[FADT_MINOR_REVISION] = 4;
	store_le64(f + FADT_X_DSDT, dsdt);
	put_port(f + FADT_X_PM1_EVENT, PM1_EVENT_PORT, 4);
	put_port(f + FADT_X_PM1_CONTROL, PM1_CONTROL_PORT, 2);
	put_port(f + FADT_X_PM_TIMER, PM_TIMER_PORT, 4);
}

static size_t build_fadt(struct writer *w, u64 dsdt)
{
	size_t start = begin(w, "FACP", FADT_REVISION);

	write_zero(w, FADT_SIZE - HEADER_SIZE);
	if (!w->failed)
		fill_fadt(w->start + start, dsdt);
	finish(w, start);
	return start;
}

static void madt_override(struct writer *w, u8 irq, u32 gsi, u16 flags)
{
	write_u8(w, MADT_OVERRIDE);
	write_u8(w, 10);
	write_u8(w, 0);
	write_u8(w, irq);
	write_le32(w, gsi);
	write_le16(w, flags);
}

static void madt_processors(struct writer *w, u32 vcpus)
{
	for (u32 i = 0; i < vcpus; i++) {
		write_u8(w, MADT_LAPIC);
		write_u8(w, 8);
		write_u8(w, (u8)i);
		write_u8(w, (u8)i);
		write_le32(w, MADT_ENABLED);
	}
	write_u8(w, MADT_LAPIC_NMI);
	write_u8(w, 6);
	write_u8(w, MADT_ALL_PROCESSORS);
	write_le16(w, 0);
	write_u8(w, MADT_LINT1);
}

static size_t build_madt(struct writer *w, const struct guest_acpi *g)
{
	size_t start = begin(w, "APIC", MADT_REVISION);

	write_le32(w, LAPIC_BASE);
	write_le32(w, MADT_PCAT_COMPATIBLE);
	madt_processors(w, g->vcpus);
	write_u8(w, MADT_IOAPIC);
	write_u8(w, 12);
	write_u8(w, g->ioapic_id);
	write_u8(w, 0);
	write_le32(w, g->ioapic_base);
	write_le32(w, 0);
	madt_override(w, 0, ISA_TIMER_PIN, 0);
	madt_override(w, PM_SCI, PM_SCI, MADT_LEVEL_HIGH);
	finish(w, start);
	return start;
}

static void fill_rsdp(u8 *rsdp, u64 xsdt)
{
	static const u8 signature[8] = { 'R', 'S', 'D', ' ', 'P', 'T', 'R', ' ' };
	static const u8 oem[6] = { 'S', 'I', 'G', 'N', 'E', 'T' };

	memcpy(rsdp, signature, sizeof(signature));
	memcpy(rsdp + 9, oem, sizeof(oem));
	rsdp[15] = 2;
	store_le32(rsdp + 20, RSDP_SIZE);
	store_le64(rsdp + 24, xsdt);
	rsdp[RSDP_CHECKSUM] = checksum(rsdp, RSDP_V1_SIZE);
	rsdp[RSDP_EXTENDED_CHECKSUM] = checksum(rsdp, RSDP_SIZE);
}

enum err guest_acpi_build(const struct guest_acpi *g, u64 at, u8 out[GUEST_ACPI_SIZE])
{
	if (g->vcpus == 0 || g->vcpus > GUEST_VCPUS_MAX || g->virtio_count > GUEST_VIRTIO_MAX)
		return ERR_RANGE;
	if (!is_aligned(at, TABLE_ALIGN) || !range_inside(at, GUEST_ACPI_SIZE, MIB_1))
		return ERR_RANGE;
	memset(out, 0, GUEST_ACPI_SIZE);
	struct writer w = writer_on(out, GUEST_ACPI_SIZE);
	write_zero(&w, RSDP_SIZE);
	size_t dsdt = build_dsdt(&w, g), fadt = build_fadt(&w, at + dsdt), madt = build_madt(&w, g);
	size_t xsdt = begin(&w, "XSDT", 1);
	write_le64(&w, at + fadt);
	write_le64(&w, at + madt);
	finish(&w, xsdt);
	fill_rsdp(out, at + xsdt);
	return w.failed ? ERR_INTERNAL : OK;
}
