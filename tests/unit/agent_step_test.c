/* What the agent does next: every state, every end of every step. */
#include "agent/agentd/addresses.h"
#include "agent/agentd/step.h"
#include "agent/agentd/waiting.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { NOW = 1000000, AGAIN = 64800000 };

/* The state of a number: its bits are prepared, known, asked, due, rested. */
static struct agent_state state_of(u32 bits)
{
	return (struct agent_state){ .prepared = bits & 1,
		.known = bits & 2,
		.asked = bits & 4,
		.due = bits & 8 ? NOW : NOW + 5000,
		.rest = bits & 16 ? NOW : NOW + 3000 };
}

static enum agent_step expected(u32 bits)
{
	if (!(bits & 16))
		return STEP_WAIT;
	if (!(bits & 1))
		return STEP_PREPARE;
	if (!(bits & 2))
		return STEP_ENROL;
	return bits & (4 | 8) ? STEP_ATTEST : STEP_WAIT;
}

static void every_state_has_its_step(void **state)
{
	(void)state;
	for (u32 bits = 0; bits < 32; bits++) {
		struct agent_state s = state_of(bits);

		assert_int_equal(agent_next(&s, NOW), expected(bits));
		/* Who sleeps as long as told wakes to something, and never sleeps while there is something to do. */
		u32 sleep = agent_sleep(&s, NOW);
		assert_int_equal(sleep == 0, expected(bits) != STEP_WAIT);
		assert_true(sleep <= REST_MOST_MS);
		if (sleep)
			assert_true(agent_next(&s, NOW + sleep) != STEP_WAIT || agent_sleep(&s, NOW + sleep) > 0);
	}
}

static void every_end_leads_on(void **state)
{
	(void)state;
	for (u32 bits = 0; bits < 32; bits++)
		for (u32 step = STEP_PREPARE; step < AGENT_STEPS; step++)
			for (u32 outcome = 0; outcome < AGENT_OUTCOMES; outcome++) {
				struct agent_state s = state_of(bits);
				bool done = outcome == OUTCOME_DONE;

				agent_begin(&s, (enum agent_step)step);
				agent_after(&s, (enum agent_step)step, (enum agent_outcome)outcome, NOW, AGAIN, 7);
				assert_int_equal(s.failures, !done);
				/* Nothing that failed is tried again at once, and nothing rests for ever. */
				if (!done)
					assert_in_range(s.rest, NOW + REST_LEAST_MS / 2, NOW + REST_REFUSED_MS);
				if (outcome == OUTCOME_FAILED)
					assert_false(s.prepared);
				if (outcome == OUTCOME_REFUSED)
					assert_true(s.rest >= NOW + REST_REFUSED_MS / 2);
				if (step == STEP_ATTEST && outcome == OUTCOME_UNKNOWN)
					assert_false(s.known);
				if (step == STEP_ATTEST && done)
					assert_int_equal(s.due, NOW + AGAIN);
				if (step == STEP_ATTEST && !done)
					assert_true(s.due <= NOW);
			}
}

/* From power-on to the lease, with a server that knows the node or not. */
static void the_way_to_a_ticket(void **state)
{
	static const struct {
		enum agent_step step;
		enum agent_outcome outcome;
	} way[] = { { STEP_PREPARE, OUTCOME_DONE }, { STEP_ATTEST, OUTCOME_UNKNOWN }, { STEP_ENROL, OUTCOME_DONE },
		{ STEP_ATTEST, OUTCOME_UNREACHABLE }, { STEP_ATTEST, OUTCOME_DONE } };
	struct agent_state s = { 0 };
	u64 now = NOW;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(way); i++) {
		while (agent_next(&s, now) == STEP_WAIT)
			now += agent_sleep(&s, now);
		assert_int_equal(agent_next(&s, now), way[i].step);
		agent_begin(&s, way[i].step);
		agent_after(&s, way[i].step, way[i].outcome, now, AGAIN, 3);
	}
	assert_int_equal(agent_next(&s, now), STEP_WAIT);
	assert_int_equal(agent_next(&s, now + AGAIN), STEP_ATTEST);
}

static void who_asks_is_heard(void **state)
{
	struct agent_state s = { .prepared = true, .known = true, .due = NOW + AGAIN, .rest = NOW + 100000 };

	(void)state;
	agent_ask(&s);
	assert_int_equal(agent_next(&s, NOW), STEP_ATTEST);
	agent_begin(&s, STEP_ATTEST);
	/* While it is under way somebody asks once more: it may have begun too early for them. */
	agent_ask(&s);
	agent_after(&s, STEP_ATTEST, OUTCOME_DONE, NOW, AGAIN, 0);
	assert_int_equal(agent_next(&s, NOW), STEP_ATTEST);
	agent_begin(&s, STEP_ATTEST);
	agent_after(&s, STEP_ATTEST, OUTCOME_DONE, NOW, AGAIN, 0);
	assert_int_equal(agent_next(&s, NOW), STEP_WAIT);
}

static void rests_grow_to_a_bound(void **state)
{
	u32 whole = REST_LEAST_MS;

	(void)state;
	for (u32 failures = 1; failures < 100; failures++) {
		for (u32 random = 0; random < 200000; random += 997)
			assert_in_range(rest_of(failures, random), whole / 2, whole);
		assert_int_equal(rest_of(failures, 0), whole / 2);
		whole = whole * 2 > REST_MOST_MS ? REST_MOST_MS : whole * 2;
	}
	assert_in_range(rest_of(UINT32_MAX, UINT32_MAX), REST_MOST_MS / 2, REST_MOST_MS);
}

static void addresses_take_turns(void **state)
{
	struct addresses a;

	(void)state;
	assert_int_equal(addresses_read(&a, "one:1,two:2,[::1]:3"), OK);
	struct address *first = address_pick(&a, NOW);
	assert_string_equal(first->host, "one");
	address_good(&a, first);
	assert_ptr_equal(address_pick(&a, NOW), first);
	address_failed(&a, first, NOW, 0);
	struct address *second = address_pick(&a, NOW);
	assert_string_equal(second->host, "two");
	address_failed(&a, second, NOW, 0);
	struct address *third = address_pick(&a, NOW);
	assert_string_equal(third->host, "::1");
	address_failed(&a, third, NOW, 0);
	assert_null(address_pick(&a, NOW));
	assert_ptr_equal(address_pick(&a, NOW + REST_LEAST_MS), first);
	/* The one that answered stays the one to ask, though another has rested too. */
	address_good(&a, third);
	assert_ptr_equal(address_pick(&a, NOW + REST_MOST_MS), third);
}

/* What an order is about may be newer than an attestation that was under way when it came. */
static void orders_wait_for_what_begins_after_them(void **state)
{
	struct waiting w = { .count = 0 };
	u64 ids[WAITING_MAX];
	u32 ended = UINT32_MAX; /* the next one is number 0 */

	(void)state;
	assert_true(waiting_add(&w, 7, waiting_for(ended, false)));
	assert_true(waiting_add(&w, 8, waiting_for(ended, true)));
	assert_true(waiting_add(&w, 9, waiting_for(ended, false)));
	assert_int_equal(waiting_take(&w, ended, false, ids), 0);
	assert_int_equal(waiting_take(&w, ++ended, false, ids), 2);
	assert_int_equal(ids[0], 7);
	assert_int_equal(ids[1], 9);
	assert_int_equal(waiting_take(&w, ended, false, ids), 0);
	assert_int_equal(waiting_take(&w, ++ended, false, ids), 1);
	assert_int_equal(ids[0], 8);
}

static void so_many_wait_and_all_hear_of_a_failure(void **state)
{
	struct waiting w = { .count = 0 };
	u64 ids[WAITING_MAX];

	(void)state;
	for (u64 i = 0; i < WAITING_MAX; i++)
		assert_true(waiting_add(&w, i, waiting_for(5, true)));
	assert_false(waiting_add(&w, WAITING_MAX, waiting_for(5, true)));
	assert_int_equal(waiting_take(&w, 5, true, ids), WAITING_MAX);
	for (u64 i = 0; i < WAITING_MAX; i++)
		assert_int_equal(ids[i], i);
	assert_int_equal(waiting_take(&w, 9, true, ids), 0);
}

static void addresses_are_checked(void **state)
{
	static const char *const bad[] = { "", "one", "one:1,,two:2", "one:1,two", ":1", "one:x",
		"a:1,a:1,a:1,a:1,a:1,a:1,a:1,a:1,a:1,a:1,a:1,a:1,a:1,a:1,a:1,a:1,a:1" };
	struct addresses a;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(addresses_read(&a, bad[i]), ERR_ARGUMENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_state_has_its_step),
		cmocka_unit_test(every_end_leads_on),
		cmocka_unit_test(the_way_to_a_ticket),
		cmocka_unit_test(who_asks_is_heard),
		cmocka_unit_test(rests_grow_to_a_bound),
		cmocka_unit_test(addresses_take_turns),
		cmocka_unit_test(orders_wait_for_what_begins_after_them),
		cmocka_unit_test(so_many_wait_and_all_hear_of_a_failure),
		cmocka_unit_test(addresses_are_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
