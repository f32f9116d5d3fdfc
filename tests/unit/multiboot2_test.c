/* Multiboot2 information: what a loader tells, and everything a broken one could. */
#include "secureboot/multiboot2.h"

#include "lib/bytes.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static u8 bytes[4096];
static size_t used;
static struct multiboot2 info;

static void begin(void)
{
	memset(bytes, 0, sizeof(bytes));
	used = 8;
}

/* Appends a tag with n bytes of content and pads it. */
static u8 *tag(u32 type, const void *content, size_t n)
{
	u8 *at = bytes + used;

	store_le32(at, type);
	store_le32(at + 4, (u32)(8 + n));
	memcpy(at + 8, content, n);
	used += align_up(8 + n, 8);
	return at;
}

static void module(u32 start, u32 end, const char *name)
{
	u8 content[64];
	size_t n = strlen(name) + 1;

	store_le32(content, start);
	store_le32(content + 4, end);
	memcpy(content + 8, name, n);
	tag(3, content, 8 + n);
}

static void finish(void)
{
	tag(0, "", 0);
	store_le32(bytes, (u32)used);
}

/* Parses a copy of exactly that size, so that a byte read too far is seen. */
static enum err parse_n(size_t n)
{
	static u8 *copy;
	enum err e;

	free(copy);
	copy = malloc(n ? n : 1);
	assert_non_null(copy);
	memcpy(copy, bytes, n);
	e = multiboot2_parse(copy, n, &info);
	return e;
}

static enum err parse(void)
{
	finish();
	return parse_n(used);
}

static void reads_what_a_loader_tells(void **state)
{
	(void)state;
	u8 map[8 + 48] = { 24 }, frame[24] = { 0 }, table[8], old[20] = "RSD PTR ", new[36] = "RSD PTR ";
	enum err e;

	store_le64(map + 8, 0x1000);
	store_le64(table, 0x123456789A);
	store_le64(frame, 0xE0000000);
	store_le32(frame + 8, 4096);
	frame[20] = 32;
	frame[21] = 1;
	new[15] = 2;
	begin();
	module(0x1000, 0x3000, "slot-a");
	module(0x5000, 0x5000, "authority");
	tag(6, map, sizeof(map));
	tag(8, frame, sizeof(frame));
	tag(12, table, sizeof(table));
	tag(15, new, sizeof(new));
	tag(14, old, sizeof(old));
	tag(18, "", 0);
	tag(20, table, sizeof(table));
	tag(99, "unknown", 7);
	assert_int_equal(parse(), OK);
	assert_int_equal(info.module_count, 2);
	assert_int_equal(multiboot2_find(&info, "slot-a", &e)->length, 0x2000);
	assert_int_equal(multiboot2_find(&info, "authority", &e)->length, 0);
	assert_null(multiboot2_find(&info, "slot-b", &e));
	assert_int_equal(e, OK);
	assert_int_equal(info.map_count, 2);
	assert_int_equal(load_le64(info.map), 0x1000);
	assert_int_equal(info.framebuffer.pitch, 4096);
	assert_int_equal(info.framebuffer.kind, 1);
	assert_int_equal(info.efi_system_table, 0x123456789A);
	assert_int_equal(info.efi_image_handle, 0x123456789A);
	assert_true(info.boot_services);
	/* The new root pointer, although the old one came later. */
	assert_int_equal(info.rsdp_length, 36);
	assert_int_equal(info.rsdp[15], 2);
}

static void a_name_that_stands_twice_is_no_name(void **state)
{
	(void)state;
	enum err e;

	begin();
	module(0x1000, 0x2000, "slot-a");
	module(0x3000, 0x4000, "slot-a");
	module(0x5000, 0x6000, "slot-b");
	assert_int_equal(parse(), OK);
	assert_null(multiboot2_find(&info, "slot-a", &e));
	assert_int_equal(e, ERR_BOOT_LOADER);
	assert_int_equal(multiboot2_find(&info, "slot-b", &e)->start, 0x5000);
	assert_int_equal(e, OK);
}

static void every_cut_is_refused(void **state)
{
	(void)state;
	begin();
	module(0x1000, 0x2000, "slot-a");
	finish();
	assert_int_equal(parse_n(used), OK);
	for (size_t n = 0; n < used; n++)
		assert_int_equal(parse_n(n), ERR_BOOT_LOADER);
	/* The same with a total size that admits it: the end tag is missing. */
	for (u32 n = 0; n < used; n++) {
		store_le32(bytes, n);
		assert_int_equal(parse_n(used), ERR_BOOT_LOADER);
	}
}

static void sizes_that_lie_are_refused(void **state)
{
	(void)state;
	static const u32 sizes[] = { 0, 7, 0x7FFFFFFF, 0x80000000, 0xFFFFFFF8, 0xFFFFFFFF };

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		begin();
		store_le32(tag(99, "abc", 3) + 4, sizes[i]);
		assert_int_equal(parse(), ERR_BOOT_LOADER);
	}
	store_le32(bytes, 0xFFFFFFFF);
	assert_int_equal(parse_n(used), ERR_BOOT_LOADER);
	/* The end's own, too. */
	begin();
	finish();
	assert_int_equal(parse_n(used), OK);
	store_le32(bytes + used - 4, 7);
	assert_int_equal(parse_n(used), ERR_BOOT_LOADER);
}

static void malformed_modules_are_refused(void **state)
{
	(void)state;
	begin();
	module(0x2000, 0x1000, "slot-a");
	assert_int_equal(parse(), ERR_BOOT_LOADER);
	begin();
	tag(3, "12345678name without end", 24);
	assert_int_equal(parse(), ERR_BOOT_LOADER);
	begin();
	tag(3, "1234567", 7);
	assert_int_equal(parse(), ERR_BOOT_LOADER);
	begin();
	for (u32 i = 0; i < MULTIBOOT2_MODULES_MAX; i++)
		module(0x1000, 0x2000, "x");
	assert_int_equal(parse(), OK);
	begin();
	for (u32 i = 0; i <= MULTIBOOT2_MODULES_MAX; i++)
		module(0x1000, 0x2000, "x");
	assert_int_equal(parse(), ERR_BOOT_LOADER);
}

static void malformed_maps_are_refused(void **state)
{
	(void)state;
	u8 map[8 + 48] = { 24 };

	begin();
	tag(6, map, sizeof(map) - 1);
	assert_int_equal(parse(), ERR_BOOT_LOADER);
	begin();
	tag(6, map, sizeof(map));
	tag(6, map, sizeof(map));
	assert_int_equal(parse(), ERR_BOOT_LOADER);
	map[0] = 0;
	begin();
	tag(6, map, sizeof(map));
	assert_int_equal(parse(), ERR_BOOT_LOADER);
	map[0] = 24;
	begin();
	tag(6, map, sizeof(map));
	assert_int_equal(parse(), OK);
}

static void short_contents_are_refused(void **state)
{
	(void)state;
	static const struct {
		u32 type;
		size_t need;
	} tags[] = { { 3, 9 }, { 6, 8 }, { 8, 22 }, { 12, 8 }, { 14, 20 }, { 15, 20 }, { 20, 8 }, { 21, 4 } };
	static const u8 content[32] = { 24 };

	for (size_t i = 0; i < ARRAY_SIZE(tags); i++) {
		begin();
		tag(tags[i].type, tags[i].type == 3 ? content + 8 : content, tags[i].need - 1);
		assert_int_equal(parse(), ERR_BOOT_LOADER);
		begin();
		tag(tags[i].type, tags[i].type == 3 ? content + 8 : content, tags[i].need);
		assert_int_equal(parse(), OK);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_what_a_loader_tells),
		cmocka_unit_test(a_name_that_stands_twice_is_no_name),
		cmocka_unit_test(every_cut_is_refused),
		cmocka_unit_test(sizes_that_lie_are_refused),
		cmocka_unit_test(malformed_modules_are_refused),
		cmocka_unit_test(malformed_maps_are_refused),
		cmocka_unit_test(short_contents_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
