/*
 * Walking ACPI tables (specification 6.5, chapter 5).
 * Trust: in the TCB; pure.
 */
#include "hv/boot/acpi.h"

#include "lib/bytes.h"

#include <string.h>

enum {
	RSDP_SIZE = 36,
	RSDP_V1_SIZE = 20,
	RSDP_REVISION = 15,
	RSDP_RSDT = 16,
	RSDP_XSDT = 24,
	HEADER_LENGTH = 4,
	TABLE_MAX = 1 << 20,
	MADT_ENTRIES = 44,
	MADT_LOCAL_APIC = 0,
	MADT_IO_APIC = 1,
	MADT_LOCAL_X2APIC = 9,
	MADT_ENABLED = BIT(0),
	BROADCAST_ID = 0xFF,
	FADT_DSDT = 40,
	FADT_PM_TIMER = 76,
	FADT_PM_TIMER_LENGTH = 91,
	FADT_FLAGS = 112,
	FADT_FLAG_TIMER_32 = BIT(8),
	FADT_X_PM_TIMER = 208,
	ADDRESS_SPACE_IO = 1,
	ADDRESS_SIZE = 12,
};

static bool sums_to_zero(const u8 *p, size_t n)
{
	u8 sum = 0;

	for (size_t i = 0; i < n; i++)
		sum = (u8)(sum + p[i]);
	return !sum;
}

static const struct acpi_table no_table;

/* signature NULL: any. */
static struct acpi_table table_at(const struct acpi_source *s, u64 address, const char *signature)
{
	const u8 *p = s->read(s->context, address, ACPI_HEADER_SIZE);

	if (!p || (signature && memcmp(p, signature, 4) != 0))
		return no_table;
	u32 length = load_le32(p + HEADER_LENGTH);
	if (length < ACPI_HEADER_SIZE || length > TABLE_MAX)
		return no_table;
	p = s->read(s->context, address, length);
	return p && sums_to_zero(p, length) ? (struct acpi_table){ address, p, length } : no_table;
}

/* The XSDT where there is one, else the RSDT; *width is the size of its pointers. */
static struct acpi_table root_table(const struct acpi_source *s, u64 rsdp, u32 *width)
{
	const u8 *p = s->read(s->context, rsdp, RSDP_V1_SIZE);

	*width = 4;
	if (!p || memcmp(p, "RSD PTR ", 8) != 0 || !sums_to_zero(p, RSDP_V1_SIZE))
		return no_table;
	if (p[RSDP_REVISION] < 2)
		return table_at(s, load_le32(p + RSDP_RSDT), "RSDT");
	p = s->read(s->context, rsdp, RSDP_SIZE);
	if (!p || !sums_to_zero(p, RSDP_SIZE))
		return no_table;
	*width = 8;
	return table_at(s, load_le64(p + RSDP_XSDT), "XSDT");
}

static void read_tables(struct acpi *acpi, const struct acpi_source *s, u64 rsdp)
{
	u32 width;
	struct acpi_table root = root_table(s, rsdp, &width);

	for (u32 at = ACPI_HEADER_SIZE; range_inside(at, width, root.length) && acpi->tables < ACPI_TABLES_MAX;
	        at += width) {
		const u8 *p = root.bytes + at;
		struct acpi_table t = table_at(s, width == 8 ? load_le64(p) : load_le32(p), NULL);

		if (t.length)
			acpi->table[acpi->tables++] = t;
	}
}

struct acpi_table acpi_find(const struct acpi_table *table, u32 count, const char *signature)
{
	for (u32 i = 0; i < count; i++) {
		if (memcmp(table[i].bytes, signature, 4) == 0)
			return table[i];
	}
	return no_table;
}

static void add_processor(struct processors *list, u32 id, u32 flags, u32 nobody)
{
	if (!(flags & MADT_ENABLED) || id == nobody)
		return;
	for (u32 i = 0; i < list->count; i++) {
		if (list->apic_id[i] == id)
			return;
	}
	if (list->count == PROCESSORS_MAX)
		list->left_out++;
	else
		list->apic_id[list->count++] = id;
}

static void read_entry(struct acpi *acpi, const u8 *p)
{
	if (p[0] == MADT_LOCAL_APIC)
		add_processor(&acpi->processors, p[3], load_le32(p + 4), BROADCAST_ID);
	else if (p[0] == MADT_LOCAL_X2APIC)
		add_processor(&acpi->processors, load_le32(p + 4), load_le32(p + 8), ~(u32)0);
	else if (p[0] == MADT_IO_APIC && acpi->ioapics < ACPI_IOAPICS_MAX)
		acpi->ioapic[acpi->ioapics++] = (struct acpi_ioapic){ load_le32(p + 4), load_le32(p + 8) };
}

static enum err read_madt(struct acpi *acpi, const struct acpi_table *madt)
{
	/* Type and length come first in all of them. */
	static const u8 least[] = { [MADT_LOCAL_APIC] = 8, [MADT_IO_APIC] = 12, [MADT_LOCAL_X2APIC] = 16 };

	if (madt->length < MADT_ENTRIES)
		return ERR_ACPI;
	for (u32 at = MADT_ENTRIES; at < madt->length; at += madt->bytes[at + 1]) {
		const u8 *p = madt->bytes + at;
		u32 left = madt->length - at;

		if (left < 2 || p[1] < 2 || p[1] > left || (p[0] < ARRAY_SIZE(least) && p[1] < least[p[0]]))
			return ERR_ACPI;
		read_entry(acpi, p);
	}
	return acpi->processors.count ? OK : ERR_ACPI;
}

/* The extended address goes before the old one; only ports will do. */
static u64 timer_port(const struct acpi_table *fadt)
{
	const u8 *x = fadt->bytes + FADT_X_PM_TIMER;

	if (range_inside(FADT_X_PM_TIMER, ADDRESS_SIZE, fadt->length) && load_le64(x + 4))
		return x[0] == ADDRESS_SPACE_IO ? load_le64(x + 4) : 0;
	return load_le32(fadt->bytes + FADT_PM_TIMER);
}

static struct pm_timer read_fadt(const struct acpi_table *fadt)
{
	const struct pm_timer none = { 0, 0 };

	if (!range_inside(FADT_FLAGS, 4, fadt->length) || fadt->bytes[FADT_PM_TIMER_LENGTH] != 4)
		return none;
	u64 port = timer_port(fadt);
	bool wide = load_le32(fadt->bytes + FADT_FLAGS) & FADT_FLAG_TIMER_32;
	return port && port <= 0xFFFC ? (struct pm_timer){ (u16)port, wide ? 0xFFFFFFFF : 0xFFFFFF } : none;
}

enum err acpi_read(struct acpi *acpi, const struct acpi_source *source, u64 rsdp)
{
	struct acpi_table madt, fadt;

	memset(acpi, 0, sizeof(*acpi));
	read_tables(acpi, source, rsdp);
	madt = acpi_find(acpi->table, acpi->tables, "APIC");
	fadt = acpi_find(acpi->table, acpi->tables, "FACP");
	acpi->pm_timer = read_fadt(&fadt);
	if (range_inside(FADT_DSDT, 4, fadt.length))
		acpi->dsdt = table_at(source, load_le32(fadt.bytes + FADT_DSDT), "DSDT");
	return madt.length ? read_madt(acpi, &madt) : ERR_ACPI;
}

static bool core_is_listed(const struct processors *list, u32 count, u32 shift, u32 id)
{
	for (u32 i = 0; i < count; i++) {
		if (list->apic_id[i] >> shift == id >> shift)
			return true;
	}
	return false;
}

void processors_park_siblings(struct processors *list, u32 shift, u32 own)
{
	/* No level of threads is so wide, and a shift by the width of the number would be undefined. */
	if (shift > 8)
		shift = 0;
	for (u32 i = 0; i < list->count; i++) {
		u32 id = list->apic_id[i];

		list->parked[i] = id != own && (id >> shift == own >> shift || core_is_listed(list, i, shift, id));
	}
}
