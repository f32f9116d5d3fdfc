/* Linux images through the 64-bit boot protocol: offsets and rules of Documentation/arch/x86/boot.rst, and a real
 * kernel's. */
#include "hv/guest/bzimage.h"
#include "lib/bytes.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <string.h>

enum { LENGTH = 10 * 1024 * 1024 };

static u8 head[BZIMAGE_HEAD];
static struct bzimage image;

/* What the header of Debian 13's 6.12 kernel says. */
static int set_up(void **state)
{
	(void)state;
	memset(head, 0x90, sizeof(head));
	head[0x1F1] = 27;
	store_le32(head + 0x1F4, (LENGTH - 28 * 512) / 16);
	store_le16(head + 0x1FE, 0xAA55);
	head[0x200] = 0xEB;
	head[0x201] = 0x6A;
	store_le32(head + 0x202, 0x53726448);
	store_le16(head + 0x206, 0x020F);
	head[0x211] = 0x01;
	store_le32(head + 0x22C, 0x7FFFFFFF);
	store_le32(head + 0x230, 0x200000);
	head[0x234] = 1;
	store_le16(head + 0x236, 0x007F);
	store_le32(head + 0x238, 2047);
	store_le64(head + 0x250, 0xDEAD000);
	store_le64(head + 0x258, 0x1000000);
	store_le32(head + 0x260, 0x3000000);
	return 0;
}

static void a_stock_kernel_is_understood(void **state)
{
	(void)state;
	assert_int_equal(bzimage_parse(head, LENGTH, &image), OK);
	assert_int_equal(image.kernel_offset, 28 * 512);
	assert_int_equal(image.kernel_length, LENGTH - 28 * 512);
	assert_int_equal(image.preferred, 0x1000000);
	assert_int_equal(image.init_size, 0x3000000);
	assert_int_equal(image.ramdisk_limit, 0x80000000);
	assert_int_equal(image.command_line_max, 2047);
	assert_int_equal(image.header_end, 0x26C);
	head[0x1F1] = 0;
	assert_int_equal(bzimage_parse(head, LENGTH + 4096, &image), OK);
	assert_int_equal(image.kernel_offset, 5 * 512);
}

/* What is not a startable bzImage, one thing at a time. */
static void anything_else_is_refused(void **state)
{
	static const struct {
		u32 offset, size;
		u64 value;
		enum err error;
	} bad[] = {
		{ 0x1FE, 2, 0xAA54, ERR_ARGUMENT },
		{ 0x202, 4, 0x53726449, ERR_ARGUMENT },
		{ 0x206, 2, 0x020B, ERR_ARGUMENT },
		{ 0x201, 1, 0x61, ERR_ARGUMENT }, /* header ends before init_size does */
		{ 0x201, 1, 0xCF, ERR_ARGUMENT }, /* header reaches into the memory map */
		{ 0x211, 1, 0, ERR_ARGUMENT }, /* a zImage */
		{ 0x234, 1, 0, ERR_ARGUMENT }, /* not relocatable */
		{ 0x236, 2, 0x7E, ERR_ARGUMENT }, /* no 64-bit entry */
		{ 0x1F1, 1, 255, ERR_RANGE },
		{ 0x1F4, 4, UINT32_MAX, ERR_RANGE },
		{ 0x230, 4, 0, ERR_RANGE },
		{ 0x230, 4, 0x300000, ERR_RANGE },
		{ 0x230, 4, 16, ERR_RANGE },
		{ 0x258, 8, 0x1000001, ERR_RANGE },
		{ 0x260, 4, 0, ERR_RANGE },
		{ 0x260, 4, 0x40000001, ERR_RANGE },
	};
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		u8 value[8];
		set_up(state);
		store_le64(value, bad[i].value);
		memcpy(head + bad[i].offset, value, bad[i].size);
		assert_int_equal(bzimage_parse(head, i == 8 ? 28 * 512 + 1024 : LENGTH, &image), bad[i].error);
	}
	set_up(state);
	assert_int_equal(bzimage_parse(head, BZIMAGE_HEAD - 1, &image), ERR_ARGUMENT);
	assert_int_equal(bzimage_parse(head, LENGTH - 16, &image), ERR_RANGE);
	assert_int_equal(bzimage_parse(head, LENGTH, &image), OK);
}

static void kernel_and_ramdisk_never_meet(void **state)
{
	const u64 least = 0x1000000 + 0x3000000;
	(void)state;
	assert_int_equal(bzimage_parse(head, LENGTH, &image), OK);
	struct bzimage_layout l = { .ramdisk_length = 5000 };
	assert_int_equal(bzimage_place(&image, 0x10000000, &l), OK);
	assert_int_equal(l.kernel, 0x1000000);
	assert_int_equal(l.entry, 0x1000200);
	assert_int_equal(l.ramdisk, 0x10000000 - 8192);
	/* Not above what the kernel can reach. */
	assert_int_equal(bzimage_place(&image, 0xC0000000, &l), OK);
	assert_int_equal(l.ramdisk, 0x80000000 - 8192);
	assert_int_equal(bzimage_place(&image, least + 5000, &l), OK);
	assert_int_equal(l.ramdisk, least);
	assert_int_equal(bzimage_place(&image, least + 4999, &l), ERR_NO_MEMORY);
	l.ramdisk_length = 0;
	assert_int_equal(bzimage_place(&image, least, &l), OK);
	assert_int_equal(bzimage_place(&image, least - 1, &l), ERR_NO_MEMORY);
	assert_int_equal(bzimage_place(&image, 0, &l), ERR_NO_MEMORY);
	l.ramdisk_length = UINT64_MAX;
	assert_int_equal(bzimage_place(&image, 0x10000000, &l), ERR_NO_MEMORY);
	l.ramdisk_length = 0;
	l.command_line_length = 2047;
	assert_int_equal(bzimage_place(&image, 0x10000000, &l), OK);
	l.command_line_length = 2048;
	assert_int_equal(bzimage_place(&image, 0x10000000, &l), ERR_RANGE);
	/* A preferred address at the end of everything. */
	image.preferred = UINT64_MAX & ~(u64)0x1FFFFF;
	l.command_line_length = 0;
	assert_int_equal(bzimage_place(&image, 0x10000000, &l), ERR_NO_MEMORY);
}

static void the_zero_page_says_where_everything_is(void **state)
{
	static u8 page[ZERO_PAGE_SIZE];
	static const struct e820_entry map[] = { { 0, 0xA0000, 1 }, { 0xE0000, 0x20000, 3 },
		{ 0x100000, 0xFF00000, 1 } };
	struct bzimage_layout l = { .ramdisk = 0x123456000, .ramdisk_length = 0x7000, .command_line = 0x20000 };
	(void)state;
	memset(page, 0xFF, sizeof(page));
	assert_int_equal(bzimage_parse(head, LENGTH, &image), OK);
	assert_int_equal(bzimage_zero_page(&image, head, &l, map, 3, 0xE0000, page), OK);
	assert_int_equal(load_le64(page + 0x70), 0xE0000);
	assert_int_equal(page[0x1E8], 3);
	/* The sentinel, by which kernels tell a page that was never cleared. */
	assert_int_equal(page[0x1EF], 0);
	assert_memory_equal(page + 0x1F1, head + 0x1F1, 0x210 - 0x1F1);
	assert_int_equal(page[0x210], 0xFF);
	assert_int_equal(load_le32(page + 0x218), 0x23456000);
	assert_int_equal(load_le32(page + 0x0C0), 1);
	assert_int_equal(load_le32(page + 0x21C), 0x7000);
	assert_int_equal(load_le32(page + 0x228), 0x20000);
	assert_int_equal(load_le64(page + 0x250), 0);
	assert_int_equal(load_le64(page + 0x258), 0x1000000);
	assert_true(bytes_are_zero(page + 0x26C, 0x2D0 - 0x26C));
	assert_int_equal(load_le64(page + 0x2D0 + 40), 0x100000);
	assert_int_equal(load_le64(page + 0x2D0 + 48), 0xFF00000);
	assert_int_equal(load_le32(page + 0x2D0 + 56), 1);
	assert_true(bytes_are_zero(page + 0x2D0 + 60, sizeof(page) - 0x2D0 - 60));
	assert_int_equal(bzimage_zero_page(&image, head, &l, map, E820_MAX + 1, 0, page), ERR_RANGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_stock_kernel_is_understood, set_up),
		cmocka_unit_test_setup(anything_else_is_refused, set_up),
		cmocka_unit_test_setup(kernel_and_ramdisk_never_meet, set_up),
		cmocka_unit_test_setup(the_zero_page_says_where_everything_is, set_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
