/* Tags of requests under way. */
#include "agent/portd/route.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void answers_go_back_under_their_tags(void **state)
{
	struct routes r = { 0 };
	struct route got;
	u32 a = route_add(&r, 3, 77), b = route_add(&r, 4, 77);

	(void)state;
	assert_true(a && b && a != b);
	assert_true(route_take(&r, b, &got));
	assert_int_equal(got.asker, 4);
	assert_int_equal(got.theirs, 77);
	assert_false(route_take(&r, b, &got));
	assert_true(route_take(&r, a, &got));
	assert_int_equal(got.asker, 3);
	assert_false(route_take(&r, 0, &got));
}

static void an_answer_owed_to_nobody_reaches_nobody(void **state)
{
	struct routes r = { 0 };
	struct route got;
	u32 old = route_add(&r, 1, 5);

	(void)state;
	route_forget(&r, 1);
	/* The next asker sits in the same place. */
	u32 new = route_add(&r, 1, 5);
	assert_false(route_take(&r, old, &got));
	assert_true(route_take(&r, new, &got));
	assert_int_equal(got.asker, 1);
}

static void places_are_bounded_and_come_back(void **state)
{
	struct routes r = { 0 };
	struct route got;
	u32 tags[ROUTES_MAX];

	(void)state;
	for (u32 i = 0; i < ROUTES_MAX; i++)
		assert_true((tags[i] = route_add(&r, 0, i)) != 0);
	assert_int_equal(route_add(&r, 0, 99), 0);
	route_forget(&r, 0);
	assert_int_equal(route_add(&r, 0, 99), 0);
	assert_false(route_take(&r, tags[7], &got));
	assert_true(route_add(&r, 0, 99) != 0);
}

static void tags_in_use_are_passed_over(void **state)
{
	struct routes r = { .last = UINT32_MAX - 1 };
	u32 a, b, c;

	(void)state;
	a = route_add(&r, 0, 0);
	b = route_add(&r, 0, 0);
	assert_int_equal(a, UINT32_MAX);
	assert_int_equal(b, 1);
	r.last = UINT32_MAX - 1;
	c = route_add(&r, 0, 0);
	assert_int_equal(c, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_go_back_under_their_tags),
		cmocka_unit_test(an_answer_owed_to_nobody_reaches_nobody),
		cmocka_unit_test(places_are_bounded_and_come_back),
		cmocka_unit_test(tags_in_use_are_passed_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
