/*
 * ACPI of the service VM: what it hears of, what is changed, and firmware that lies.
 * Trust: test code.
 */
#include "hv/service/acpi.h"

#include "lib/bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { FADT, MADT, TPM2, DMAR, SSDT, HPET, MCFG, TABLES };
#define AT 0x107F0000ull

static u8 bytes[TABLES][512];
static struct acpi_table table[TABLES];
static u8 out[SERVICE_ACPI_SIZE];
static struct service_acpi service;

static void make(u32 i, const char *signature, u32 length)
{
	memset(bytes[i], 0, sizeof(bytes[i]));
	memcpy(bytes[i], signature, 4);
	store_le32(bytes[i] + 4, length);
	table[i] = (struct acpi_table){ 0x1FFF0000 + i * 0x1000, bytes[i], length };
}

static int setup(void **state)
{
	static const u8 entries[] = {
		0, 8, 0, 0, 1, 0, 0, 0, 0, 8, 1, 1, 1, 0, 0, 0, /* two processors */
		1, 12, 2, 0, 0, 0, 0xC0, 0xFE, 0, 0, 0, 0, /* two I/O APICs */
		1, 12, 3, 0, 0, 0x10, 0xC0, 0xFE, 24, 0, 0, 0, /**/
		2, 10, 0, 0, 2, 0, 0, 0, 0, 0, /* an override */
		4, 6, 0xFF, 0, 0, 1, /* an NMI */
	};

	(void)state;
	service = (struct service_acpi){ .table = table,
		.tables = TABLES,
		.ioapics = 1,
		.ioapic_base = 0x4400000,
		.gsi_base = 24,
		.virtio = { { 0x4401000, 0x200, 24 }, { 0x4402000, 0x200, 25 } } };
	make(FADT, "FACP", 244);
	make(MADT, "APIC", 44 + sizeof(entries));
	make(TPM2, "TPM2", 52);
	make(DMAR, "DMAR", 48);
	make(SSDT, "SSDT", 64);
	make(HPET, "HPET", 56);
	make(MCFG, "MCFG", 60);
	memcpy(bytes[MADT] + 44, entries, sizeof(entries));
	store_le32(bytes[FADT] + 40, 0x1FFF8000); /* DSDT */
	store_le32(bytes[FADT] + 48, 0xB2);
	bytes[FADT][52] = 0xF1;
	store_le32(bytes[FADT] + 56, 0xB000);
	store_le32(bytes[FADT] + 64, 0xB004);
	store_le32(bytes[FADT] + 76, 0xB008);
	store_le32(bytes[FADT] + 80, 0xAFE0);
	bytes[FADT][88] = bytes[FADT][92] = 4;
	store_le64(bytes[FADT] + 132, 0x1FFF9000);
	return 0;
}

static u64 in_block(u64 address)
{
	assert_true(address >= AT && address - AT < SERVICE_ACPI_SIZE);
	return address - AT;
}

/* The n'th table that it is told of; checksums hold for ours. */
static const u8 *told(u32 n, u64 *address)
{
	const u8 *xsdt = out + in_block(load_le64(out + 24));
	u8 sum = 0;

	assert_memory_equal(xsdt, "XSDT", 4);
	if (36 + 8 * (n + 1) > load_le32(xsdt + 4))
		return NULL;
	*address = load_le64(xsdt + 36 + (size_t)8 * n);
	if (*address - AT >= SERVICE_ACPI_SIZE)
		return bytes[(*address - 0x1FFF0000) / 0x1000];
	const u8 *t = out + (*address - AT);
	for (u32 i = 0; i < load_le32(t + 4); i++)
		sum = (u8)(sum + t[i]);
	assert_int_equal(sum, 0);
	return t;
}

static void only_allowed_tables_are_told(void **state)
{
	static const char expected[][5] = { "FACP", "APIC", "SSDT", "SSDT" };
	u64 address;

	(void)state;
	assert_int_equal(service_acpi_build(&service, AT, out), OK);
	for (u32 i = 0; i < ARRAY_SIZE(expected); i++)
		assert_memory_equal(told(i, &address), expected[i], 4);
	assert_int_equal(address, table[SSDT].address); /* firmware's, where it lies */
	assert_null(told(ARRAY_SIZE(expected), &address));
}

static void the_fadt_has_no_way_into_firmware(void **state)
{
	u64 address;

	(void)state;
	assert_int_equal(service_acpi_build(&service, AT, out), OK);
	const u8 *f = told(0, &address);
	assert_true(bytes_are_zero(f + 48, 8)); /* SMI command, what is written there */
	assert_int_equal(load_le32(f + 40), 0x1FFF8000);
	assert_int_equal(load_le64(f + 132), 0);
	assert_memory_equal(out + in_block(load_le32(f + 36)), "FACS", 4);
	assert_int_equal(load_le32(f + 36) % 64, 0);
	assert_int_equal(load_le64(f + 120), 0xCF9);
	assert_true(load_le32(f + 112) & 1u << 10);
	assert_true(load_le16(f + 109) & 1u << 3); /* no MSI */
	assert_int_equal(load_le32(f + 56), 0xB000);
	/* One of the first version has no room for a reset register. */
	make(FADT, "FACP", 116);
	assert_int_equal(service_acpi_build(&service, AT, out), OK);
	assert_int_equal(load_le32(told(0, &address) + 4), 116);
	assert_int_equal(load_le32(told(0, &address) + 112), 0);
	make(FADT, "FACP", 115);
	assert_int_equal(service_acpi_build(&service, AT, out), ERR_ACPI);
}

static void the_madt_has_one_processor_and_our_io_apic(void **state)
{
	static const u8 expected[] = { 0, 8, 0, 0, 1, 0, 0, 0, 1, 12, 2, 0, 0, 0, 0xC0, 0xFE, 0, 0, 0, 0, 2, 10, 0, 0,
		2, 0, 0, 0, 0, 0, 1, 12, 15, 0, 0, 0, 0x40, 4, 24, 0, 0, 0 };
	u64 address;

	(void)state;
	assert_int_equal(service_acpi_build(&service, AT, out), OK);
	const u8 *m = told(1, &address);
	assert_int_equal(load_le32(m + 4), 44 + sizeof(expected));
	assert_int_equal(load_le32(m + 40), 1); /* a PC's pair of PICs */
	assert_memory_equal(m + 44, expected, sizeof(expected));
	/* An entry that is longer than the table, or has no length, ends the copy. */
	bytes[MADT][44 + 17] = 200;
	assert_int_equal(service_acpi_build(&service, AT, out), OK);
	assert_int_equal(load_le32(told(1, &address) + 4), 44 + 8 + 12);
	bytes[MADT][45] = 0;
	assert_int_equal(service_acpi_build(&service, AT, out), OK);
}

static void ports_are_read(void **state)
{
	struct acpi_ports p;

	(void)state;
	service_acpi_ports(&table[FADT], &p);
	assert_true(p.event[0] == 0xB000 && p.event_length == 4 && p.control[0] == 0xB004 && p.timer == 0xB008);
	assert_true(p.gpe[0] == 0xAFE0 && p.gpe_length[0] == 4 && p.smi == 0xB2 && p.enable == 0xF1);
	table[FADT].length = 60;
	service_acpi_ports(&table[FADT], &p);
	assert_true(p.event[0] == 0 && p.smi == 0);
}

static void off_is_found(void **state)
{
	static const u8 by_byte[] = { 0x08, '_', 'S', '5', '_', 0x12, 6, 4, 0x0A, 5, 0, 0, 0, 0, 0, 0 };
	static const u8 by_opcode[] = { 0x08, '_', 'S', '5', '_', 0x12, 0x46, 0, 4, 0, 0, 0, 0, 0, 0, 0 };
	static const u8 by_name[] = { 0x08, '_', 'S', '5', '_', 0x12, 6, 4, 'N', 'A', 'M', 'E', 0, 0, 0, 0 };
	u8 type = 9;

	(void)state;
	make(SSDT, "DSDT", 60);
	assert_false(service_acpi_off(&table[SSDT], &type));
	memcpy(bytes[SSDT] + 40, by_byte, sizeof(by_byte));
	assert_true(service_acpi_off(&table[SSDT], &type));
	assert_int_equal(type, 5);
	memcpy(bytes[SSDT] + 40, by_opcode, sizeof(by_opcode));
	assert_true(service_acpi_off(&table[SSDT], &type));
	assert_int_equal(type, 0);
	memcpy(bytes[SSDT] + 40, by_name, sizeof(by_name));
	assert_false(service_acpi_off(&table[SSDT], &type));
	/* The last thing of its table, as a package of opcodes often is; and cut before its type. */
	memcpy(bytes[SSDT] + 40, by_byte, sizeof(by_byte));
	table[SSDT].length = 50;
	assert_true(service_acpi_off(&table[SSDT], &type));
	assert_int_equal(type, 5);
	for (table[SSDT].length = 49; table[SSDT].length > 40; table[SSDT].length--)
		assert_false(service_acpi_off(&table[SSDT], &type));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(only_allowed_tables_are_told, setup),
		cmocka_unit_test_setup(the_fadt_has_no_way_into_firmware, setup),
		cmocka_unit_test_setup(the_madt_has_one_processor_and_our_io_apic, setup),
		cmocka_unit_test_setup(ports_are_read, setup),
		cmocka_unit_test_setup(off_is_found, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
