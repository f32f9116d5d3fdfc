/*
 * Back traces, of stacks sound and damaged.
 * Trust: test code.
 */
#include "hv/boot/backtrace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

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
		cmocka_unit_test_setup(follows_frames, set_up_stack),
		cmocka_unit_test_setup(leaves_a_damaged_stack, set_up_stack),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
