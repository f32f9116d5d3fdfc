/* lib/bytes.c: every width in both orders, and every way to run out of room. */
#include "lib/bytes.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <string.h>

static const u8 counting[16] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 };

static void loads_and_stores_agree(void **state)
{
	(void)state;
	u8 b[8];
	assert_int_equal(load_le16(counting), 0x0201);
	assert_int_equal(load_be16(counting), 0x0102);
	assert_int_equal(load_le32(counting), 0x04030201);
	assert_int_equal(load_be32(counting), 0x01020304);
	assert_true(load_le64(counting) == 0x0807060504030201);
	assert_true(load_be64(counting) == 0x0102030405060708);
	store_le16(b, 0x0201);
	assert_memory_equal(b, counting, 2);
	store_be16(b, 0x0102);
	assert_memory_equal(b, counting, 2);
	store_le32(b, 0x04030201);
	assert_memory_equal(b, counting, 4);
	store_be32(b, 0x01020304);
	assert_memory_equal(b, counting, 4);
	store_le64(b, 0x0807060504030201);
	assert_memory_equal(b, counting, 8);
	store_be64(b, 0x0102030405060708);
	assert_memory_equal(b, counting, 8);
}

static void top_bits_do_not_spread(void **state)
{
	(void)state;
	static const u8 ones[8] = { 255, 255, 255, 255, 255, 255, 255, 255 };
	assert_true(load_le16(ones) == 0xFFFF && load_be16(ones) == 0xFFFF);
	assert_true(load_le32(ones) == 0xFFFFFFFF && load_be32(ones) == 0xFFFFFFFF);
	static const u8 high[8] = { 0, 0, 0, 0x80, 0, 0, 0, 0 };
	assert_true(load_le64(high) == 0x80000000);
	assert_true(load_be64(high) == (u64)0x80 << 32);
}

static void all_zero_and_all_ones(void **state)
{
	(void)state;
	u8 b[5] = { 0 };
	assert_true(bytes_are_zero(b, 5) && !bytes_are_ones(b, 5));
	b[4] = 1;
	assert_true(bytes_are_zero(b, 4) && !bytes_are_zero(b, 5));
	memset(b, 0xFF, 5);
	assert_true(bytes_are_ones(b, 5) && !bytes_are_zero(b, 5));
	b[0] = 0x7F;
	assert_false(bytes_are_ones(b, 5));
	assert_true(bytes_are_zero(b, 0) && bytes_are_ones(b, 0));
}

static u64 get_u8(struct reader *r)
{
	return read_u8(r);
}

static u64 get_le16(struct reader *r)
{
	return read_le16(r);
}

static u64 get_le32(struct reader *r)
{
	return read_le32(r);
}

static u64 get_be16(struct reader *r)
{
	return read_be16(r);
}

static u64 get_be32(struct reader *r)
{
	return read_be32(r);
}

static const struct {
	u64 (*get)(struct reader *r);
	size_t size;
	u64 value;
} gets[] = {
	{ get_u8, 1, 0x01 },
	{ get_le16, 2, 0x0201 },
	{ get_be16, 2, 0x0102 },
	{ get_le32, 4, 0x04030201 },
	{ get_be32, 4, 0x01020304 },
	{ read_le64, 8, 0x0807060504030201 },
	{ read_be64, 8, 0x0102030405060708 },
};

static void readers_stop_at_the_end(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(gets); i++) {
		/* A copy of just that size lets the sanitizer see one byte too many. */
		u8 exact[8];
		memcpy(exact, counting, 8);
		struct reader r = reader_on(exact + 8 - gets[i].size, gets[i].size);
		memcpy(exact + 8 - gets[i].size, counting, gets[i].size);
		assert_true(gets[i].get(&r) == gets[i].value);
		assert_true(reader_done(&r));
		struct reader shorter = reader_on(exact + 8 - gets[i].size, gets[i].size - 1);
		assert_true(gets[i].get(&shorter) == 0);
		assert_true(shorter.failed && shorter.left == 0 && !reader_done(&shorter));
	}
}

static void reading_fails_for_good(void **state)
{
	(void)state;
	struct reader r = reader_on(counting, 3);
	assert_int_equal(read_le32(&r), 0);
	assert_int_equal(read_u8(&r), 0);
	assert_null(read_bytes(&r, 0));
	assert_false(reader_done(&r));
}

static void reader_takes_spans(void **state)
{
	(void)state;
	u8 copy[4] = { 0 };
	struct reader r = reader_on(counting, 6);
	assert_ptr_equal(read_bytes(&r, 2), counting);
	read_copy(&r, copy, 4);
	assert_memory_equal(copy, counting + 2, 4);
	assert_ptr_equal(read_bytes(&r, 0), counting + 6);
	assert_true(reader_done(&r));
	read_copy(&r, copy, 4);
	assert_true(r.failed && bytes_are_zero(copy, 4));
	struct reader huge = reader_on(counting, 6);
	assert_null(read_bytes(&huge, SIZE_MAX));
	struct reader none = reader_on(NULL, 0);
	read_copy(&none, NULL, 0);
	assert_true(reader_done(&none));
}

static void padding_must_be_zero(void **state)
{
	(void)state;
	static const u8 b[4] = { 0, 0, 0, 1 };
	struct reader r = reader_on(b, 4);
	read_zero(&r, 3);
	assert_true(!r.failed && r.left == 1);
	read_zero(&r, 1);
	assert_true(r.failed && r.left == 0);
	struct reader s = reader_on(b, 2);
	read_zero(&s, 3);
	assert_true(s.failed);
}

static void left_over_bytes_are_not_done(void **state)
{
	(void)state;
	struct reader r = reader_on(counting, 3);
	read_le16(&r);
	assert_false(reader_done(&r));
}

static void put_u8(struct writer *w)
{
	write_u8(w, 1);
}

static void put_le16(struct writer *w)
{
	write_le16(w, 0x0201);
}

static void put_le32(struct writer *w)
{
	write_le32(w, 0x04030201);
}

static void put_le64(struct writer *w)
{
	write_le64(w, 0x0807060504030201);
}

static void put_be16(struct writer *w)
{
	write_be16(w, 0x0102);
}

static void put_be32(struct writer *w)
{
	write_be32(w, 0x01020304);
}

static void put_be64(struct writer *w)
{
	write_be64(w, 0x0102030405060708);
}

static void put_bytes(struct writer *w)
{
	write_bytes(w, counting, 5);
}

static const struct {
	void (*put)(struct writer *w);
	size_t size;
} puts_[] = {
	{ put_u8, 1 },
	{ put_le16, 2 },
	{ put_be16, 2 },
	{ put_le32, 4 },
	{ put_be32, 4 },
	{ put_le64, 8 },
	{ put_be64, 8 },
	{ put_bytes, 5 },
};

static void writers_stop_at_the_end(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(puts_); i++) {
		u8 b[9];
		memset(b, 0xA5, sizeof(b));
		struct writer w = writer_on(b, puts_[i].size);
		puts_[i].put(&w);
		assert_false(w.failed);
		assert_int_equal(w.used, puts_[i].size);
		assert_memory_equal(b, counting, puts_[i].size);
		assert_int_equal(b[puts_[i].size], 0xA5);
		memset(b, 0xA5, sizeof(b));
		struct writer shorter = writer_on(b, puts_[i].size - 1);
		puts_[i].put(&shorter);
		assert_true(shorter.failed && shorter.used == 0);
		assert_int_equal(b[0], 0xA5);
	}
}

static void writing_fails_for_good(void **state)
{
	(void)state;
	u8 b[4] = { 9, 9, 9, 9 };
	struct writer w = writer_on(b, 4);
	write_zero(&w, 2);
	write_zero(&w, 0);
	write_bytes(&w, NULL, 0);
	assert_int_equal(w.used, 2);
	write_zero(&w, SIZE_MAX);
	write_u8(&w, 1);
	assert_true(w.failed && w.used == 2);
	static const u8 want[4] = { 0, 0, 9, 9 };
	assert_memory_equal(b, want, 4);
}

static void ranges_do_not_wrap(void **state)
{
	(void)state;
	assert_true(range_inside(0, 0, 0) && range_inside(4, 4, 8) && range_inside(8, 0, 8));
	assert_false(range_inside(9, 0, 8) || range_inside(4, 5, 8) || range_inside(4, UINT64_MAX, 8));
	assert_false(range_inside(UINT64_MAX, 1, 8));
	assert_true(align_up(4097, 4096) == 8192 && align_up(4096, 4096) == 4096);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(loads_and_stores_agree),
		cmocka_unit_test(top_bits_do_not_spread),
		cmocka_unit_test(all_zero_and_all_ones),
		cmocka_unit_test(readers_stop_at_the_end),
		cmocka_unit_test(reading_fails_for_good),
		cmocka_unit_test(reader_takes_spans),
		cmocka_unit_test(padding_must_be_zero),
		cmocka_unit_test(left_over_bytes_are_not_done),
		cmocka_unit_test(writers_stop_at_the_end),
		cmocka_unit_test(writing_fails_for_good),
		cmocka_unit_test(ranges_do_not_wrap),
	};
	return cmocka_run_group_tests_name("bytes", tests, NULL, NULL);
}
