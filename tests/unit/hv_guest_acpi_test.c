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

static void the_fadt_describes_reduced_hardware(void **state)
{
	(void)state;
	const u8 *f = find_table("FACP");
	/* HW_REDUCED_ACPI, RESET_REG_SUP; buttons are no fixed hardware. */
	assert_int_equal(load_le32(f + 112), 1 | 1 << 4 | 1 << 5 | 1 << 6 | 1 << 10 | 1 << 20);
	assert_int_equal(f[8], 6);
	/* What full hardware would have: SCI, SMI, PM1, PM timer, GPE. */
	assert_true(bytes_are_zero(f + 46, 108 - 46));
	assert_true(bytes_are_zero(f + 148, 244 - 148));
	assert_int_equal(load_le64(f + 140), load_le32(f + 40));
	/* Generic addresses: port space, a byte. */
	static const u32 registers[][2] = { { 116, 0x602 }, { 244, 0x600 }, { 256, 0x601 } };
	for (size_t i = 0; i < ARRAY_SIZE(registers); i++) {
		assert_int_equal(load_le32(f + registers[i][0]), 1 | 8 << 8);
		assert_int_equal(load_le64(f + registers[i][0] + 4), registers[i][1]);
	}
	assert_int_equal(f[128], 1);
	assert_int_equal(f[108], 0);
	/* No 8042, no VGA; the CMOS clock is there. */
	assert_int_equal(load_le16(f + 109), 4);
}

static void the_madt_lists_every_processor(void **state)
{
	(void)state;
	const u8 *m = find_table("APIC");
	u32 end = load_le32(m + 4), count[2] = { 0 };
	assert_int_equal(load_le32(m + 36), 0xFEE00000);
	assert_int_equal(load_le32(m + 40), 0);
	for (u32 at = 44; at < end; at += m[at + 1]) {
		static const u8 length[] = { 8, 12 };
		const u8 *e = m + at;
		assert_in_range(e[0], 0, 1);
		assert_int_equal(e[1], length[e[0]]);
		if (e[0] == 0) {
			assert_int_equal(e[3], count[0]);
			assert_int_equal(load_le32(e + 4), 1);
		} else {
			assert_int_equal(e[2], 9);
			assert_int_equal(load_le32(e + 4), 0xFEC00000);
			assert_int_equal(load_le32(e + 8), 0);
		}
		count[e[0]]++;
	}
	assert_int_equal(count[0], 3);
	assert_int_equal(count[1], 1);
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

/* A named object of the scope; gives what is in it. */
static const u8 *enter(const u8 **p, const char *introduction, const char *name, const u8 **end)
{
	expect(p, introduction, 2);
	const u8 *inside = *p;
	*end = package_end(&inside);
	*p = *end;
	expect(&inside, name, 4);
	return inside;
}

static void check_interrupt(const u8 *p, const u8 *end, u8 flags, u32 gsi)
{
	expect(&p, "\x89\x06\x00", 3);
	assert_int_equal(*p++, flags);
	expect(&p, "\x01", 1);
	assert_int_equal(load_le32(p), gsi);
	assert_memory_equal(p + 4, "\x79\x00", 2);
	assert_ptr_equal(p + 6, end);
}

static const u8 *resources(const u8 **p, const u8 **end)
{
	expect(p, "\x08_CRS\x11", 6);
	const u8 *inside = *p;
	*end = package_end(&inside);
	*p = *end;
	expect(&inside, "\x0A", 1);
	assert_int_equal(*inside, *end - inside - 1);
	return inside + 1;
}

static void check_event_device(const u8 *p, const u8 *end)
{
	const u8 *inner_end, *inner, *condition_end;
	expect(&p,
	        "\x08_HID\x0D"
	        "ACPI0013",
	        15);
	inner = resources(&p, &inner_end);
	check_interrupt(inner, inner_end, 3, 5); /* edge */
	expect(&p, "\x14", 1);
	assert_ptr_equal(package_end(&p), end);
	expect(&p, "_EVT\x09\xA0", 6);
	condition_end = package_end(&p);
	assert_ptr_equal(condition_end, end);
	expect(&p, "BTNS\x86PWRB\x0A\x80", 11);
	assert_ptr_equal(p, end);
}

static void check_serial(const u8 *p, const u8 *end)
{
	const u8 *inner_end, *inner;
	expect(&p, "\x08_HID\x0C\x41\xD0\x05\x01\x08_UID\x00", 16);
	inner = resources(&p, &inner_end);
	expect(&inner, "\x47\x01\xF8\x03\xF8\x03\x01\x08", 8);
	check_interrupt(inner, inner_end, 1, 4); /* level */
	assert_ptr_equal(p, end);
}

static const u8 *enter_scope(const u8 **p)
{
	expect(p, "\x10", 1);
	const u8 *end = package_end(p);
	expect(p, "\\_SB_", 5);
	return end;
}

static void the_dsdt_names_s5_and_the_devices(void **state)
{
	(void)state;
	const u8 *dsdt = table_at(load_le32(find_table("FACP") + 40), "DSDT");
	const u8 *p = dsdt + 36, *end = dsdt + load_le32(dsdt + 4), *inner_end, *inner;
	expect(&p, "\x08_S5_\x12", 6);
	const u8 *s5 = package_end(&p);
	expect(&p, "\x04\x0A\x05\x0A\x05\x00\x00", 7);
	assert_ptr_equal(p, s5);
	const u8 *fixed = enter_scope(&p);
	inner = enter(&p, "\x5B\x82", "PWRB", &inner_end);
	expect(&inner, "\x08_HID\x0C\x41\xD0\x0C\x0C", 10);
	assert_ptr_equal(inner, inner_end);
	expect(&p,
	        "\x5B\x80"
	        "BTN_\x01\x0B\x03\x06\x01",
	        11);
	inner = enter(&p, "\x5B\x81", "BTN_", &inner_end);
	expect(&inner,
	        "\x01"
	        "BTNS\x08",
	        6);
	assert_ptr_equal(inner, inner_end);
	inner = enter(&p, "\x5B\x82", "GED_", &inner_end);
	check_event_device(inner, inner_end);
	inner = enter(&p, "\x5B\x82", "COM0", &inner_end);
	check_serial(inner, inner_end);
	assert_ptr_equal(p, fixed);
	assert_ptr_equal(enter_scope(&p), end);
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
	config.vcpus = GUEST_MOST_VCPUS;
	config.virtio_count = GUEST_VIRTIO_MAX;
	assert_int_equal(guest_acpi_build(&config, AT, tables), OK);
	assert_true(load_le32(find_table("APIC") + 4) > 44 + GUEST_MOST_VCPUS * 8);
	config.vcpus++;
	assert_int_equal(guest_acpi_build(&config, AT, tables), ERR_RANGE);
	config.vcpus = 0;
	assert_int_equal(guest_acpi_build(&config, AT, tables), ERR_RANGE);
	config.vcpus = 1;
	config.virtio_count++;
	assert_int_equal(guest_acpi_build(&config, AT, tables), ERR_RANGE);
	config.virtio_count = 0;
	assert_int_equal(guest_acpi_build(&config, AT, tables), OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_root_pointer_is_found_and_sound, set_up),
		cmocka_unit_test_setup(the_fadt_describes_reduced_hardware, set_up),
		cmocka_unit_test_setup(the_madt_lists_every_processor, set_up),
		cmocka_unit_test_setup(the_dsdt_names_s5_and_the_devices, set_up),
		cmocka_unit_test_setup(the_largest_guest_fits_and_no_larger_one, set_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
