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
	HEADER_SIZE = 36,
	HEADER_LENGTH = 4,
	TABLE_MAX = 1 << 20,
	MADT_ENTRIES = 44,
	MADT_LOCAL_APIC = 0,
	MADT_LOCAL_X2APIC = 9,
	MADT_ENABLED = BIT(0),
	BROADCAST_ID = 0xFF,
	FADT_PM_TIMER = 76,
	FADT_PM_TIMER_LENGTH = 91,
	FADT_FLAGS = 112,
	FADT_FLAG_TIMER_32 = BIT(8),
	FADT_X_PM_TIMER = 208,
	ADDRESS_SPACE_IO = 1,
	ADDRESS_SIZE = 12,
};

struct table {
	const u8 *bytes;
	u32 length; /* at least HEADER_SIZE; 0: no table */
};

static bool sums_to_zero(const u8 *p, size_t n)
{
	u8 sum = 0;

	for (size_t i = 0; i < n; i++)
		sum = (u8)(sum + p[i]);
	return !sum;
}

static struct table table_at(const struct acpi_source *s, u64 address, const char *signature)
{
	const struct table none = { NULL, 0 };
	const u8 *p = s->read(s->context, address, HEADER_SIZE);

	if (!p || memcmp(p, signature, 4) != 0)
		return none;
	u32 length = load_le32(p + HEADER_LENGTH);
	if (length < HEADER_SIZE || length > TABLE_MAX)
		return none;
	p = s->read(s->context, address, length);
	return p && sums_to_zero(p, length) ? (struct table){ p, length } : none;
}

/* The XSDT where there is one, else the RSDT; *width is the size of its pointers. */
static struct table root_table(const struct acpi_source *s, u64 rsdp, u32 *width)
{
	const u8 *p = s->read(s->context, rsdp, RSDP_V1_SIZE);

	*width = 4;
	if (!p || memcmp(p, "RSD PTR ", 8) != 0 || !sums_to_zero(p, RSDP_V1_SIZE))
		return (struct table){ NULL, 0 };
	if (p[RSDP_REVISION] < 2)
		return table_at(s, load_le32(p + RSDP_RSDT), "RSDT");
	p = s->read(s->context, rsdp, RSDP_SIZE);
	if (!p || !sums_to_zero(p, RSDP_SIZE))
		return (struct table){ NULL, 0 };
	*width = 8;
	return table_at(s, load_le64(p + RSDP_XSDT), "XSDT");
}

static struct table find_table(const struct acpi_source *s, const struct table *root, u32 width, const char *signature)
{
	for (u32 at = HEADER_SIZE; range_inside(at, width, root->length); at += width) {
		const u8 *p = root->bytes + at;
		struct table t = table_at(s, width == 8 ? load_le64(p) : load_le32(p), signature);

		if (t.length)
			return t;
	}
	return (struct table){ NULL, 0 };
}

static void add_processor(struct processors *list, u32 id)
{
	for (u32 i = 0; i < list->count; i++) {
		if (list->apic_id[i] == id)
			return;
	}
	if (list->count == PROCESSORS_MAX)
		list->left_out++;
	else
		list->apic_id[list->count++] = id;
}

/* One entry, its type and length read already. */
static void read_processor(struct processors *list, u8 type, struct reader *r)
{
	u32 id, flags;

	if (type == MADT_LOCAL_APIC) {
		(void)read_u8(r);
		id = read_u8(r);
		flags = read_le32(r);
	} else {
		(void)read_le16(r);
		id = read_le32(r);
		flags = read_le32(r);
	}
	bool nobody = id == (type == MADT_LOCAL_APIC ? (u32)BROADCAST_ID : ~(u32)0);
	if (!r->failed && (flags & MADT_ENABLED) && !nobody)
		add_processor(list, id);
}

static enum err read_madt(struct processors *list, const struct table *madt)
{
	if (madt->length < MADT_ENTRIES)
		return ERR_ACPI;
	struct reader r = reader_on(madt->bytes + MADT_ENTRIES, madt->length - MADT_ENTRIES);
	while (r.left) {
		u8 type = read_u8(&r), length = read_u8(&r);
		const u8 *p = length < 2 ? NULL : read_bytes(&r, length - 2u);

		if (!p)
			return ERR_ACPI;
		struct reader entry = reader_on(p, length - 2u);
		if (type == MADT_LOCAL_APIC || type == MADT_LOCAL_X2APIC)
			read_processor(list, type, &entry);
		if (entry.failed)
			return ERR_ACPI;
	}
	return list->count ? OK : ERR_ACPI;
}

/* The extended address goes before the old one; only ports will do. */
static u64 timer_port(const struct table *fadt)
{
	const u8 *x = fadt->bytes + FADT_X_PM_TIMER;

	if (range_inside(FADT_X_PM_TIMER, ADDRESS_SIZE, fadt->length) && load_le64(x + 4))
		return x[0] == ADDRESS_SPACE_IO ? load_le64(x + 4) : 0;
	return load_le32(fadt->bytes + FADT_PM_TIMER);
}

static struct pm_timer read_fadt(const struct table *fadt)
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
	u32 width;

	memset(acpi, 0, sizeof(*acpi));
	struct table root = root_table(source, rsdp, &width);
	if (!root.length)
		return ERR_ACPI;
	struct table madt = find_table(source, &root, width, "APIC");
	struct table fadt = find_table(source, &root, width, "FACP");
	acpi->pm_timer = read_fadt(&fadt);
	return madt.length ? read_madt(&acpi->processors, &madt) : ERR_ACPI;
}

static bool core_is_listed(const struct processors *list, u32 count, u32 shift, u32 id)
{
	for (u32 i = 0; i < count; i++) {
		if (list->apic_id[i] >> shift == id >> shift)
			return true;
	}
	return false;
}

u32 processors_park_siblings(struct processors *list, u32 shift, u32 own, u32 parked[PROCESSORS_MAX])
{
	u32 kept = 0, parked_count = 0;

	/* No level of threads is so wide, and a shift by the width of the number would be undefined. */
	if (shift > 8)
		shift = 0;
	for (u32 i = 0; i < list->count; i++) {
		u32 id = list->apic_id[i];
		bool sibling = id != own && (id >> shift == own >> shift || core_is_listed(list, kept, shift, id));

		if (sibling)
			parked[parked_count++] = id;
		else
			list->apic_id[kept++] = id;
	}
	list->count = kept;
	return parked_count;
}
