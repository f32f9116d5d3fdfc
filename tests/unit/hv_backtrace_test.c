/*
 * Symbols and back traces, sound and damaged.
 * Trust: test code.
 */
#include "hv/boot/symbols.h"

#include "lib/bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const char names[] = "first\0second\0third";
enum { COUNT = 3, NAMES = 4 + COUNT * 8, SIZE = NAMES + sizeof(names) };
static u8 bytes[SIZE];
static struct symbol_table table;
static u64 distance;

static int set_up(void **state)
{
	static const u32 pairs[COUNT][2] = { { 0x40, 0 }, { 0x100, 6 }, { 0x180, 13 } };

	(void)state;
	store_le32(bytes, COUNT);
	for (u32 i = 0; i < COUNT; i++) {
		store_le32(bytes + 4 + 8 * i, pairs[i][0]);
		store_le32(bytes + 8 + 8 * i, pairs[i][1]);
	}
	memcpy(bytes + NAMES, names, sizeof(names));
	table = (struct symbol_table){ bytes, SIZE };
	return 0;
}

static void names_addresses(void **state)
{
	(void)state;
	assert_null(symbol_find(&table, 0x3F, &distance));
	assert_string_equal(symbol_find(&table, 0x40, &distance), "first");
	assert_int_equal(distance, 0);
	assert_string_equal(symbol_find(&table, 0xFF, &distance), "first");
	assert_int_equal(distance, 0xBF);
	assert_string_equal(symbol_find(&table, 0x100, &distance), "second");
	assert_string_equal(symbol_find(&table, ~0ull, &distance), "third");
}

static void survives_any_table(void **state)
{
	(void)state;
	for (u64 n = 0; n < NAMES; n++) {
		table.length = n;
		assert_null(symbol_find(&table, 0x40, &distance));
	}
	table.length = SIZE - 1; /* the last name has no end */
	assert_null(symbol_find(&table, 0x180, &distance));
	assert_string_equal(symbol_find(&table, 0x100, &distance), "second");
	table.length = SIZE;
	store_le32(bytes + 8, sizeof(names)); /* a name beyond the end */
	assert_null(symbol_find(&table, 0x40, &distance));
	store_le32(bytes, ~0u);
	assert_null(symbol_find(&table, 0x100, &distance));
	store_le32(bytes, 0);
	assert_null(symbol_find(&table, 0x100, &distance));
}

/* Frames at words 2, 6, 10 of a stack. */
static u64 stack[16], found[8];

static u64 at(u32 word)
{
	return (u64)&stack[word];
}

static u32 trace(u64 rbp, u32 max)
{
	struct stack_range range = { at(0), (u64)(stack + ARRAY_SIZE(stack)) };

	return stack_trace(rbp, &range, found, max);
}

static int set_up_stack(void **state)
{
	(void)state;
	memset(stack, 0, sizeof(stack));
	stack[2] = at(6);
	stack[3] = 0x111;
	stack[6] = at(10);
	stack[7] = 0x222;
	stack[11] = 0x333;
	return 0;
}

static void follows_frames(void **state)
{
	(void)state;
	assert_int_equal(trace(at(2), 8), 3);
	assert_int_equal(found[0], 0x111);
	assert_int_equal(found[2], 0x333);
	assert_int_equal(trace(at(2), 2), 2);
}

static void leaves_a_damaged_stack(void **state)
{
	(void)state;
	assert_int_equal(trace(0, 8), 0);
	assert_int_equal(trace(at(0) - 8, 8), 0);
	assert_int_equal(trace(at(2) + 1, 8), 0);
	assert_int_equal(trace(at(15), 8), 0); /* half of the frame lies outside */
	assert_int_equal(trace(~0ull - 7, 8), 0);
	stack[10] = at(2); /* downwards, in a circle */
	assert_int_equal(trace(at(2), 8), 3);
	stack[6] = ~0ull;
	assert_int_equal(trace(at(2), 8), 2);
	stack[3] = 0;
	assert_int_equal(trace(at(2), 8), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(names_addresses, set_up),
		cmocka_unit_test_setup(survives_any_table, set_up),
		cmocka_unit_test_setup(follows_frames, set_up_stack),
		cmocka_unit_test_setup(leaves_a_damaged_stack, set_up_stack),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
