/*
 * The generated ACPI tables, walked as an operating system walks them, with a small parser of their AML.
 */
#include "hv/guest/acpi.h"
#include "lib/bytes.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <string.h>

enum { AT = 0xE0000 };

static u8 tables[GUEST_ACPI_SIZE];
static struct guest_acpi config;

static int set_up(void **state)
{
	(void)state;
	config = (struct guest_acpi){ .vcpus = 3, .ioapic_base = 0xFEC00000, .ioapic_id = 9, .virtio_count = 4 };
	for (u32 i = 0; i < GUEST_VIRTIO_MAX; i++)
		config.virtio[i] = (struct virtio_place){ 0xD0000000 + i * 0x200, 0x200, 24 + i };
	memset(tables, 0xEE, sizeof(tables));
	assert_int_equal(guest_acpi_build(&config, AT, tables), OK);
	return 0;
}

static u8 sum(const u8 *bytes, size_t n)
{
	u8 total = 0;
	while (n--)
		total = (u8)(total + *bytes++);
	return total;
}

/* The table at a guest address, its checksum and bounds verified. */
static const u8 *table_at(u64 address, const char *signature)
{
	assert_in_range(address, AT, AT + GUEST_ACPI_SIZE - 36);
	assert_int_equal(address % 16, 0);
	const u8 *t = tables + (address - AT);
	assert_memory_equal(t, signature, 4);
	assert_true(range_inside(address - AT, load_le32(t + 4), GUEST_ACPI_SIZE));
	assert_int_equal(sum(t, load_le32(t + 4)), 0);
	return t;
}

static const u8 *find_table(const char *signature)
{
	const u8 *xsdt = table_at(load_le64(tables + 24), "XSDT");
	for (u32 at = 36; at < load_le32(xsdt + 4); at += 8) {
		u64 address = load_le64(xsdt + at);
		if (memcmp(tables + (address - AT), signature, 4) == 0)
			return table_at(address, signature);
	}
	fail_msg("no table %s", signature);
	return tables;
}

static void the_root_pointer_is_found_and_sound(void **state)
{
	(void)state;
	assert_memory_equal(tables, "RSD PTR ", 8);
	assert_int_equal(sum(tables, 20), 0);
	assert_int_equal(sum(tables, 36), 0);
	assert_int_equal(tables[15], 2);
	assert_int_equal(load_le32(tables + 20), 36);
	assert_int_equal(load_le32(find_table("FACP") + 4), 276);
	assert_true(load_le32(find_table("APIC") + 4) > 44);
}

static void the_fadt_describes_the_fixed_hardware(void **state)
{
	(void)state;
	const u8 *f = find_table("FACP");
	assert_int_equal(load_le32(f + 4), 276);
	assert_int_equal(f[8], 6);
	/* No SMI command port: ACPI mode for ever. */
	assert_int_equal(load_le32(f + 48), 0);
	assert_int_equal(load_le16(f + 46), 9);
	assert_int_equal(load_le32(f + 56), 0x600);
	assert_int_equal(load_le32(f + 64), 0x604);
	assert_int_equal(load_le32(f + 76), 0x608);
	/* Each 64-bit address agrees with its 32-bit one, in space and length. */
	static const u32 pairs[][3] = { { 56, 148, 4 }, { 64, 172, 2 }, { 76, 208, 4 } };
	static const u8 length_at[] = { 88, 89, 91 };
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		assert_int_equal(f[pairs[i][1]], 1);
		assert_int_equal(f[pairs[i][1] + 1], pairs[i][2] * 8);
		assert_int_equal(load_le64(f + pairs[i][1] + 4), load_le32(f + pairs[i][0]));
		assert_int_equal(f[length_at[i]], pairs[i][2]);
	}
	assert_int_equal(load_le64(f + 140), load_le32(f + 40));
	/* RESET_REG_SUP, and TMR_VAL_EXT; not hardware-reduced. */
	assert_int_equal(load_le32(f + 112) & (1 << 10 | 1 << 8 | 1 << 20), 1 << 10 | 1 << 8);
	assert_int_equal(load_le64(f + 120), 0xCF9);
	assert_int_equal(f[128], 6);
	assert_int_equal(f[108], 0x32);
	assert_int_equal(load_le16(f + 109) & 2, 0);
}

static void the_madt_lists_every_processor_and_wire(void **state)
{
	(void)state;
	const u8 *m = find_table("APIC");
	u32 end = load_le32(m + 4), count[5] = { 0 };
	assert_int_equal(load_le32(m + 36), 0xFEE00000);
	for (u32 at = 44; at < end; at += m[at + 1]) {
		static const u8 length[] = { 8, 12, 10, 0, 6 };
		const u8 *e = m + at;
		assert_in_range(e[0], 0, 4);
		assert_int_equal(e[1], length[e[0]]);
		if (e[0] == 0) {
			assert_int_equal(e[3], count[0]);
			assert_int_equal(load_le32(e + 4), 1);
		} else if (e[0] == 1) {
			assert_int_equal(e[2], 9);
			assert_int_equal(load_le32(e + 4), 0xFEC00000);
			assert_int_equal(load_le32(e + 8), 0);
		} else if (e[0] == 2) {
			assert_int_equal(load_le32(e + 4), e[3] == 0 ? 2 : 9);
		} else {
			assert_int_equal(e[2], 0xFF);
			assert_int_equal(e[5], 1);
		}
		count[e[0]]++;
	}
	assert_int_equal(count[0], 3);
	assert_int_equal(count[1], 1);
	assert_int_equal(count[2], 2);
	assert_int_equal(count[4], 1);
}

/* A package length of any form, and where the package ends. */
static const u8 *package_end(const u8 **p)
{
	const u8 *start = *p;
	u32 more = start[0] >> 6, length = more ? start[0] & 15u : start[0] & 63u;
	for (u32 i = 0; i < more; i++)
		length |= (u32)start[1 + i] << (4 + 8 * i);
	*p = start + 1 + more;
	return start + length;
}

static void expect(const u8 **p, const void *bytes, size_t n)
{
	assert_memory_equal(*p, bytes, n);
	*p += n;
}

static void check_device(const u8 *p, const u8 *end, u32 i)
{
	const char name[4] = { 'V', 'R', '0', (char)('0' + i) };
	expect(&p, name, 4);
	expect(&p, "\x08_HID\x0DLNRO0005", 15);
	expect(&p, "\x08_UID\x0A", 6);
	assert_int_equal(*p++, i);
	expect(&p, "\x08_CCA\x01\x08_CRS\x11", 12);
	assert_ptr_equal(package_end(&p), end);
	expect(&p, "\x0A\x17", 2);
	assert_int_equal(end - p, 0x17);
	expect(&p, "\x86\x09\x00\x01", 4);
	assert_int_equal(load_le32(p), config.virtio[i].base);
	assert_int_equal(load_le32(p + 4), 0x200);
	p += 8;
	expect(&p, "\x89\x06\x00\x01\x01", 5);
	assert_int_equal(load_le32(p), config.virtio[i].gsi);
	p += 4;
	expect(&p, "\x79\x00", 2);
	assert_ptr_equal(p, end);
}

static void the_dsdt_names_s5_and_the_devices(void **state)
{
	(void)state;
	const u8 *dsdt = table_at(load_le32(find_table("FACP") + 40), "DSDT");
	const u8 *p = dsdt + 36, *end = dsdt + load_le32(dsdt + 4);
	expect(&p, "\x08_S5_\x12", 6);
	const u8 *s5 = package_end(&p);
	expect(&p, "\x04\x0A\x05\x0A\x05\x00\x00", 7);
	assert_ptr_equal(p, s5);
	expect(&p, "\x10", 1);
	assert_ptr_equal(package_end(&p), end);
	expect(&p, "\\_SB_", 5);
	for (u32 i = 0; i < config.virtio_count; i++) {
		expect(&p, "\x5B\x82", 2);
		const u8 *device = package_end(&p);
		check_device(p, device, i);
		p = device;
	}
	assert_ptr_equal(p, end);
}

static void the_largest_guest_fits_and_no_larger_one(void **state)
{
	(void)state;
	config.vcpus = GUEST_VCPUS_MAX;
	config.virtio_count = GUEST_VIRTIO_MAX;
	assert_int_equal(guest_acpi_build(&config, AT, tables), OK);
	assert_true(load_le32(find_table("APIC") + 4) > 44 + GUEST_VCPUS_MAX * 8);
	config.vcpus++;
	assert_int_equal(guest_acpi_build(&config, AT, tables), ERR_RANGE);
	config.vcpus = 0;
	assert_int_equal(guest_acpi_build(&config, AT, tables), ERR_RANGE);
	config.vcpus = 1;
	config.virtio_count++;
	assert_int_equal(guest_acpi_build(&config, AT, tables), ERR_RANGE);
	config.virtio_count = 0;
	assert_int_equal(guest_acpi_build(&config, AT + 8, tables), ERR_RANGE);
	assert_int_equal(guest_acpi_build(&config, 0x100000 - 0x1000, tables), ERR_RANGE);
	assert_int_equal(guest_acpi_build(&config, AT, tables), OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_root_pointer_is_found_and_sound, set_up),
		cmocka_unit_test_setup(the_fadt_describes_the_fixed_hardware, set_up),
		cmocka_unit_test_setup(the_madt_lists_every_processor_and_wire, set_up),
		cmocka_unit_test_setup(the_dsdt_names_s5_and_the_devices, set_up),
		cmocka_unit_test_setup(the_largest_guest_fits_and_no_larger_one, set_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
