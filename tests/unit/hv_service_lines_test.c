/*
 * What the service VM's serial port may have printed.
 * Trust: test code.
 */
#include "hv/service/lines.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct service_lines lines;
static u64 now;

static int setup(void **state)
{
	(void)state;
	lines = (struct service_lines){ 0 };
	now = 1000000;
	return 0;
}

/* Lines to print of a text. */
static u32 lines_of(const char *text)
{
	u32 printed = 0;

	for (; *text; text++)
		printed += service_lines_put(&lines, (u8)*text, now);
	return printed;
}

static void lines_come_out(void **state)
{
	(void)state;
	assert_int_equal(lines_of("one"), 0);
	assert_int_equal(lines_of(" line\t\r\n"), 1);
	assert_string_equal(lines.text, "one line.");
	char text[SERVICE_LINE] = "";
	memset(text, 'x', SERVICE_LINE - 1);
	assert_int_equal(lines_of(text), 1); /* as long as one gets */
	assert_string_equal(lines.text, text);
}

static void empty_lines_are_none(void **state)
{
	(void)state;
	assert_int_equal(lines_of("\n\r\n\n\n"), 0);
	assert_int_equal(lines.lost, 0);
	assert_int_equal(lines_of("a\n\n"), 1);
}

static void a_flood_is_held_to_its_budget(void **state)
{
	u32 printed = 0, later = 0;

	(void)state;
	/* A boot's lines come through; ten thousand at once do not. */
	for (u32 i = 0; i < 100; i++)
		assert_int_equal(lines_of("a line of some fifty characters, as kernels say it\n"), 1);
	for (u32 i = 0; i < 10000; i++)
		printed += lines_of("x\n");
	assert_in_range(printed, 1, 80);
	assert_int_equal(lines.lost, 10000 - printed);
	/* 8,192 characters in two seconds, whatever is tried: of 20 each, and 45 for telling of the loss. */
	for (u32 i = 0; i < 10000; i++, now++)
		later += lines_of("x\n");
	assert_in_range(later, 4 * 400, 4 * 409);
	/* A clock that went back gives nothing. */
	now = 0;
	while (lines_of("x\n"))
		;
	assert_true(lines.lost > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(lines_come_out, setup),
		cmocka_unit_test_setup(empty_lines_are_none, setup),
		cmocka_unit_test_setup(a_flood_is_held_to_its_budget, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
