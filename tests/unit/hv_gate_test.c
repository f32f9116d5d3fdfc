/* The gate: the table of docs/fleet.md, row by row. */
#include "hv/node/gate.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const u8 digest[SHA384_SIZE] = { 1 };

/* First: before anything was set. */
static void is_closed_from_the_start(void **state)
{
	(void)state;
	assert_int_equal(gate_check(digest), ERR_BOOT_MEASURE);
}

static void follows_the_table(void **state)
{
	(void)state;
	static const struct {
		struct gate gate;
		enum err verdict;
	} rows[] = {
		{ { .measured = false, .ungated = false, .development = false }, ERR_BOOT_MEASURE },
		{ { .measured = false, .ungated = false, .development = true }, ERR_BOOT_MEASURE },
		{ { .measured = false, .ungated = true, .development = false }, ERR_BOOT_MEASURE },
		{ { .measured = false, .ungated = true, .development = true }, ERR_BOOT_MEASURE },
		{ { .measured = true, .ungated = false, .development = false }, ERR_GATE_TICKET },
		{ { .measured = true, .ungated = false, .development = true }, ERR_GATE_TICKET },
		{ { .measured = true, .ungated = true, .development = false }, ERR_FLEET_UNGATED },
		{ { .measured = true, .ungated = true, .development = true }, OK },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		gate_set(&rows[i].gate);
		assert_int_equal(gate_check(digest), rows[i].verdict);
	}
}

static void closes_for_good(void **state)
{
	(void)state;
	const struct gate open = { .measured = true, .ungated = true, .development = true };

	gate_set(&open);
	assert_int_equal(gate_check(digest), OK);
	gate_unmeasured();
	assert_int_equal(gate_check(digest), ERR_BOOT_MEASURE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_closed_from_the_start),
		cmocka_unit_test(follows_the_table),
		cmocka_unit_test(closes_for_good),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
