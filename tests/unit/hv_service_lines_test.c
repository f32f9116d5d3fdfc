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
static u64 exits, now;

static int setup(void **state)
{
	(void)state;
	lines = (struct service_lines){ 0 };
	exits = 0;
	now = 1000000;
	return 0;
}

/* Lines to print of what one exit writes. */
static u32 one_exit(const char *text)
{
	u32 printed = 0;

	exits++;
	for (; *text; text++)
		printed += service_lines_put(&lines, (u8)*text, exits, now);
	return printed;
}

static void lines_come_out(void **state)
{
	(void)state;
	assert_int_equal(one_exit("one"), 0);
	assert_int_equal(one_exit(" line\t\r\n"), 1);
	assert_string_equal(lines.text, "one line.");
	char text[SERVICE_LINE] = "";
	memset(text, 'x', SERVICE_LINE - 1);
	assert_int_equal(one_exit(text), 1); /* as long as one gets */
	assert_string_equal(lines.text, text);
}

static void empty_lines_are_none(void **state)
{
	(void)state;
	assert_int_equal(one_exit("\n\r\n\n\n"), 0);
	assert_int_equal(lines.lost, 0);
	assert_int_equal(one_exit("a\n\n"), 1);
}

static void an_exit_prints_one_line(void **state)
{
	(void)state;
	assert_int_equal(one_exit("a\nb\nc\n"), 1);
	assert_int_equal(lines.lost, 2);
	assert_int_equal(one_exit("d\n"), 1);
	assert_string_equal(lines.text, "d");
	assert_int_equal(lines.lost, 0);
}

static void a_flood_is_held_to_its_budget(void **state)
{
	u32 printed = 0, later = 0;

	(void)state;
	/* A boot's lines come through; ten thousand at once do not. */
	for (u32 i = 0; i < 100; i++)
		assert_int_equal(one_exit("a line of some fifty characters, as kernels say it\n"), 1);
	for (u32 i = 0; i < 10000; i++)
		printed += one_exit("x\n");
	assert_in_range(printed, 1, 80);
	assert_int_equal(lines.lost, 10000 - printed);
	/* 4,000 characters a second, whatever is tried: of 20 each, and 45 for telling of the loss. */
	for (u32 i = 0; i < 10000; i++, now++)
		later += one_exit("x\n");
	assert_in_range(later, 600, 620);
	/* A clock that went back gives nothing. */
	now = 0;
	while (one_exit("x\n"))
		;
	assert_true(lines.lost > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(lines_come_out, setup),
		cmocka_unit_test_setup(empty_lines_are_none, setup),
		cmocka_unit_test_setup(an_exit_prints_one_line, setup),
		cmocka_unit_test_setup(a_flood_is_held_to_its_budget, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
