/* A guest's memory at its first instruction, by a small bzImage of our own: what lies where, and what is refused. */
#include "hv/guest/linux.h"

#include "hv/guest/bzimage.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

enum { RAM = 64 << 20, KERNEL = 0x3000000, KERNEL_LENGTH = 0x9000, INITRAMFS = 0x3800000, INITRAMFS_LENGTH = 0x1234 };
enum { PREFERRED = 0x1000000, SETUP = 0x400 };

static u8 *ram;
static struct guest_acpi acpi;
static struct linux_boot boot;
static struct guest_part part[CONTROL_PARTS];

static int set_up(void **state)
{
	static const u8 words[] = { 'q', 'u', 'i', 'e', 't', '!' };

	(void)state;
	ram = calloc(1, RAM);
	assert_non_null(ram);
	u8 *head = ram + KERNEL;
	head[0x1F1] = 1;
	store_le16(head + 0x1FE, 0xAA55);
	head[0x201] = 0x66;
	store_le32(head + 0x202, 0x53726448); /* "HdrS" */
	store_le16(head + 0x206, 0x20F);
	head[0x211] = 1;
	store_le32(head + 0x22C, 0x7FFFFFFF);
	store_le32(head + 0x230, 0x200000);
	head[0x234] = 1;
	store_le16(head + 0x236, 1);
	store_le32(head + 0x238, 2047);
	store_le64(head + 0x258, PREFERRED);
	store_le32(head + 0x260, 0x800000);
	memset(head + SETUP, 0xAB, KERNEL_LENGTH - SETUP);
	memset(ram + INITRAMFS, 0xCD, INITRAMFS_LENGTH);
	memcpy(ram + LINUX_COMMAND_LINE, words, sizeof(words));
	acpi = (struct guest_acpi){ .vcpus = 1, .ioapic_base = 0xFEC00000, .ioapic_id = 1 };
	part[CONTROL_KERNEL] = (struct guest_part){ KERNEL, KERNEL_LENGTH, KERNEL_LENGTH };
	part[CONTROL_INITRAMFS] = (struct guest_part){ INITRAMFS, INITRAMFS_LENGTH, INITRAMFS_LENGTH };
	part[CONTROL_COMMAND_LINE] = (struct guest_part){ LINUX_COMMAND_LINE, 5, 5 };
	boot = (struct linux_boot){ .ram = ram, .ram_length = RAM, .memory = RAM, .part = part, .acpi = &acpi };
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	free(ram);
	return 0;
}

static void everything_is_in_its_place(void **state)
{
	const u8 *zero_page = ram + LINUX_ZERO_PAGE;
	u64 entry, ramdisk = (RAM - INITRAMFS_LENGTH) & ~0xFFFull;
	(void)state;
	assert_int_equal(linux_prepare(&boot, &entry), OK);
	assert_int_equal(entry, PREFERRED + 0x200);
	assert_int_equal(ram[PREFERRED], 0xAB);
	assert_int_equal(ram[PREFERRED + KERNEL_LENGTH - SETUP - 1], 0xAB);
	assert_int_equal(ram[PREFERRED + KERNEL_LENGTH - SETUP], 0);
	assert_int_equal(load_le32(zero_page + 0x218), ramdisk);
	assert_int_equal(load_le32(zero_page + 0x21C), INITRAMFS_LENGTH);
	assert_int_equal(ram[ramdisk], 0xCD);
	assert_int_equal(ram[ramdisk + INITRAMFS_LENGTH - 1], 0xCD);
	assert_string_equal((char *)ram + LINUX_COMMAND_LINE, "quiet");
	assert_int_equal(load_le32(zero_page + 0x228), LINUX_COMMAND_LINE);
	assert_memory_equal(ram + LINUX_ACPI, "RSD PTR ", 8);
	assert_int_equal(load_le64(zero_page + 0x70), LINUX_ACPI);
	/* mov dx, 602h; mov al, 1; out dx, al; hlt */
	assert_memory_equal(ram + 0xFFFF0, "\xBA\x02\x06\xB0\x01\xEE\xF4", 7);
}

/* As a processor walks them: every address below 4 GiB is its own. */
static void the_tables_map_four_gigabytes_to_themselves(void **state)
{
	u64 entry;
	(void)state;
	assert_int_equal(linux_prepare(&boot, &entry), OK);
	for (u64 address = 0; address < 4ull << 30; address += MIB(2)) {
		u64 pointers = load_le64(ram + LINUX_TABLES) & ~0xFFFull;
		u64 directory = load_le64(ram + pointers + (address >> 30) * 8) & ~0xFFFull;
		assert_in_range(directory, LINUX_TABLES, LINUX_COMMAND_LINE - 4096);
		assert_int_equal(load_le64(ram + directory + (address >> 21) % 512 * 8), address | 0x83);
	}
	assert_int_equal(load_le64(ram + LINUX_GDT + 0x10), 0x00AF9B000000FFFF);
	assert_int_equal(load_le64(ram + LINUX_GDT + 0x18), 0x00CF93000000FFFF);
}

static void the_map_leaves_out_what_is_not_ram(void **state)
{
	static const u64 expected[][3] = { { 0, 0x9F000, 1 }, { 0xE0000, 0x20000, 2 }, { 0x100000, 0xBFF00000, 1 },
		{ 0x100000000, 0x40000000, 1 } };
	const u8 *zero_page = ram + LINUX_ZERO_PAGE;
	u64 entry;
	(void)state;
	boot.memory = 4ull << 30;
	assert_int_equal(linux_prepare(&boot, &entry), OK);
	assert_int_equal(zero_page[0x1E8], ARRAY_SIZE(expected));
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
		assert_int_equal(load_le64(zero_page + 0x2D0 + i * 20), expected[i][0]);
		assert_int_equal(load_le64(zero_page + 0x2D0 + i * 20 + 8), expected[i][1]);
		assert_int_equal(load_le32(zero_page + 0x2D0 + i * 20 + 16), expected[i][2]);
	}
	boot.memory = 3ull << 30;
	assert_int_equal(linux_prepare(&boot, &entry), OK);
	assert_int_equal(zero_page[0x1E8], 3);
}

static void what_does_not_fit_is_refused(void **state)
{
	u64 entry;
	(void)state;
	boot.ram_length = PREFERRED + 0x800000 - 1;
	assert_int_equal(linux_prepare(&boot, &entry), ERR_NO_MEMORY);
	boot.ram_length = RAM;
	part[CONTROL_COMMAND_LINE].length = 2048;
	assert_int_equal(linux_prepare(&boot, &entry), ERR_RANGE);
	part[CONTROL_COMMAND_LINE].length = 2047;
	ram[KERNEL + 0x202] = 'h';
	assert_int_equal(linux_prepare(&boot, &entry), ERR_ARGUMENT);
	ram[KERNEL + 0x202] = 'H';
	assert_int_equal(linux_prepare(&boot, &entry), OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(everything_is_in_its_place, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_tables_map_four_gigabytes_to_themselves, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_map_leaves_out_what_is_not_ram, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_does_not_fit_is_refused, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
