/*
 * Firmware judged by none, one or several baselines, and which of them it is compared with.
 */
#include "tests/adversarial/scene.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <string.h>

static struct scene s;
static struct baseline list[BASELINES_MAX];

static int set_up(void **state)
{
	(void)state;
	scene_init(&s);
	memset(list, 0, sizeof(list));
	s.terms.baselines = (struct baseline_set){ list, 0 };
	return 0;
}

/* Another firmware: this many events of the scene's are not its own. */
static void add_other(u64 number, u32 events)
{
	struct baseline *b = &list[s.terms.baselines.count++];

	*b = s.baseline;
	b->number = number;
	for (u32 i = 0; i < events; i++)
		b->events[i].digest[0] ^= (u8)number;
}

static void none_accepts_nothing(void **state)
{
	(void)state;
	assert_int_equal(scene_judge(&s), VERDICT_BASELINE_NONE);
	assert_int_equal(s.result.baseline, 0);
	s.policy.no_baseline = true;
	assert_int_equal(scene_judge(&s), VERDICT_GOOD);
	assert_int_equal(s.result.baseline, 0);
}

static void one_accepts_its_own(void **state)
{
	(void)state;
	add_other(3, 0);
	assert_int_equal(scene_judge(&s), VERDICT_GOOD);
	assert_int_equal(s.result.baseline, 3);
	list[0].events[0].type ^= 1;
	assert_int_equal(scene_judge(&s), VERDICT_BASELINE_DIFFERS);
	assert_int_equal(s.result.baseline, 3);
	assert_true(s.result.difference.known);
}

static void any_of_several_accepts(void **state)
{
	(void)state;
	for (u64 number = 1; number <= BASELINES_MAX; number++)
		add_other(number, 1);
	assert_int_equal(scene_judge(&s), VERDICT_BASELINE_DIFFERS);
	for (size_t i = 0; i < BASELINES_MAX; i++) {
		struct baseline other = list[i];
		list[i] = s.baseline;
		list[i].number = i + 1;
		assert_int_equal(scene_judge(&s), VERDICT_GOOD);
		assert_int_equal(s.result.baseline, i + 1);
		assert_false(s.result.difference.known);
		list[i] = other;
	}
	/* Some events of one and some of another are nobody's firmware. */
	memset(list, 0, sizeof(list));
	s.terms.baselines.count = 0;
	add_other(1, 1);
	add_other(2, 0);
	list[1].events[1].digest[0] ^= 1;
	assert_int_equal(scene_judge(&s), VERDICT_BASELINE_DIFFERS);
}

static u64 compared(enum baseline_reason expected)
{
	enum baseline_reason reason;
	const struct baseline *b =
	        baseline_to_compare(&s.terms.baselines, s.node.baseline, s.log_bytes, s.log.bytes.used, &reason);

	assert_non_null(b);
	assert_int_equal(reason, expected);
	return b->number;
}

static void comparison_has_one_rule(void **state)
{
	enum baseline_reason reason;

	(void)state;
	assert_null(baseline_to_compare(&s.terms.baselines, 1, s.log_bytes, s.log.bytes.used, &reason));
	add_other(2, 3);
	add_other(4, 1);
	add_other(5, 1);
	add_other(7, 2);
	/* The nearest, of equally near ones the newest; never matched, or matched one that is gone. */
	assert_int_equal(compared(BASELINE_NEAREST), 5);
	s.node.baseline = 6;
	assert_int_equal(compared(BASELINE_NEAREST), 5);
	/* The one that it matched last, however far; the difference is from that one. */
	s.node.baseline = 2;
	assert_int_equal(compared(BASELINE_MATCHED_LAST), 2);
	assert_int_equal(scene_judge(&s), VERDICT_BASELINE_DIFFERS);
	assert_int_equal(s.result.baseline, 2);
	assert_memory_equal(s.result.difference.expected, list[0].events[0].digest, SHA256_SIZE);
	/* The one that accepts it, whatever it matched last. */
	add_other(8, 0);
	assert_int_equal(compared(BASELINE_ACCEPTS), 8);
}

/* An event more or less moves all the others: near is what shares most of them, not what is the same place by place. */
static void nearness_is_by_changes(void **state)
{
	(void)state;
	add_other(1, 0);
	memmove(&list[0].events[1], &list[0].events[0], list[0].count * sizeof(list[0].events[0]));
	list[0].events[0].digest[0] ^= 1;
	list[0].count++;
	add_other(2, 2);
	assert_int_equal(compared(BASELINE_NEAREST), 1);
	/* What is no log at all is as near to one as to another. */
	s.log_bytes[0] ^= 1;
	assert_int_equal(compared(BASELINE_NEAREST), 2);
}

static void sameness_is_of_events(void **state)
{
	static struct baseline a, b;

	(void)state;
	a = b = s.baseline;
	b.number = a.number + 1;
	assert_true(baseline_same(&a, &b));
	b.count--;
	assert_false(baseline_same(&a, &b));
	b = a;
	b.events[b.count - 1].pcr ^= 1;
	assert_false(baseline_same(&a, &b));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(none_accepts_nothing, set_up),
		cmocka_unit_test_setup(one_accepts_its_own, set_up),
		cmocka_unit_test_setup(any_of_several_accepts, set_up),
		cmocka_unit_test_setup(comparison_has_one_rule, set_up),
		cmocka_unit_test_setup(nearness_is_by_changes, set_up),
		cmocka_unit_test_setup(sameness_is_of_events, set_up),
	};
	return cmocka_run_group_tests_name("attest_baseline", tests, NULL, NULL);
}
