/*
 * Firmware's ACPI tables: memory is what the input is, and checksums are made right first, or none would ever be.
 */
#include "hv/boot/acpi.h"
#include "tests/fuzz/fuzz.h"

#include "lib/bytes.h"

enum { MEMORY_MAX = 8192, RSDP_SIZE = 36, SUM_AT = 9 };

static const u64 base = 0x7FE0000;

struct memory {
	u8 bytes[MEMORY_MAX];
	u64 length;
};

static const u8 *read_memory(void *context, u64 address, u64 length)
{
	const struct memory *m = context;

	return address >= base && range_inside(address - base, length, m->length) ? m->bytes + (address - base) : NULL;
}

static void seal(u8 *p, u64 length, u64 sum_at)
{
	u8 sum = 0;

	p[sum_at] = 0;
	for (u64 i = 0; i < length; i++)
		sum = (u8)(sum + p[i]);
	p[sum_at] = (u8)-sum;
}

static void seal_all(struct memory *m)
{
	static const char signature[][5] = { "XSDT", "RSDT", "APIC", "FACP", "SSDT" };

	/* Backwards, so that no sum changes below one that was made. */
	for (u64 at = m->length; at-- > 0;) {
		u8 *p = m->bytes + at;
		u64 left = m->length - at;
		for (size_t i = 0; i < ARRAY_SIZE(signature) && left >= ACPI_HEADER_SIZE; i++)
			if (memcmp(p, signature[i], 4) == 0 && load_le32(p + 4) >= ACPI_HEADER_SIZE &&
			        load_le32(p + 4) <= left)
				seal(p, load_le32(p + 4), SUM_AT);
	}
	if (m->length >= RSDP_SIZE) {
		seal(m->bytes, 20, 8);
		seal(m->bytes, RSDP_SIZE, 32);
	}
}

static void check_machine(const struct acpi *acpi)
{
	must(acpi->processors.count >= 1 && acpi->processors.count <= PROCESSORS_MAX);
	for (u32 i = 0; i < acpi->processors.count; i++)
		for (u32 j = 0; j < i; j++)
			must(acpi->processors.apic_id[i] != acpi->processors.apic_id[j]);
	must(acpi->ioapics <= ACPI_IOAPICS_MAX);
	must(acpi->pm_timer.port <= 0xFFFC && (!acpi->pm_timer.port || acpi->pm_timer.mask >= 0xFFFFFF));
}

static void check_table(struct memory *m, const struct acpi_table *t)
{
	must(t->length >= ACPI_HEADER_SIZE && read_memory(m, t->address, t->length) == t->bytes);
}

int LLVMFuzzerTestOneInput(const u8 *bytes, size_t n)
{
	static struct memory memory;
	static struct acpi acpi;
	const struct acpi_source source = { read_memory, &memory };

	memory.length = n < MEMORY_MAX ? n : MEMORY_MAX;
	memcpy(memory.bytes, bytes, memory.length);
	seal_all(&memory);
	if (acpi_read(&acpi, &source, base) == OK)
		check_machine(&acpi);
	must(acpi.tables <= ACPI_TABLES_MAX);
	for (u32 i = 0; i < acpi.tables; i++)
		check_table(&memory, &acpi.table[i]);
	if (acpi.dsdt.length)
		check_table(&memory, &acpi.dsdt);
	return 0;
}
