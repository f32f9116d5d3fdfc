/*
 * The boot state in NV when power goes: a cut in any write leaves a usable state and no lower floor.
 * Trust: test code.
 */
#include "tests/unit/nv_bed.h"

/* Two changes after enrolment: the second raises both floors. */
static void run_commits(struct nv_view *v)
{
	struct boot_state s = v->state;

	s.slot[SLOT_B].state = SLOT_EMPTY;
	assert_int_equal(nv_commit(&store, v, &s), OK);
	s = v->state;
	s.image_floor = 5;
	s.key_floor = 2;
	assert_int_equal(nv_commit(&store, v, &s), OK);
}

/* Cut once in the commits, then again in the repair; true when the first cut was reached. */
static bool cut_twice(u32 first, enum tear tear, u32 second)
{
	struct nv_view before = enrolled();
	struct nv_view v = before;
	volatile bool cut = false;

	power_on(&power, first, tear);
	if (setjmp(power.off) == 0)
		run_commits(&v);
	else
		cut = true;
	power_on(&power, second, tear);
	if (setjmp(power.off) == 0) {
		v = read_ok();
		assert_int_equal(nv_commit(&store, &v, &v.state), OK);
	}
	power_on(&power, 0, tear);
	v = read_ok();
	assert_int_equal(v.status, NV_PROVISIONED);
	assert_true(v.state.sequence >= before.state.sequence);
	assert_true(v.image_floor == 3 || v.image_floor == 5);
	assert_true(v.key_floor == 1 || v.key_floor == 2);
	/* A record with the new floors is the last one, or the floors are not yet in force. */
	assert_true((v.image_floor == 5) == (v.state.image_floor == 5));
	return cut;
}

static void row19_row23_any_cut_leaves_a_state_and_no_lower_floor(void **state)
{
	u32 cuts = 0;

	(void)state;
	for (u32 tear = 0; tear < TEARS; tear++) {
		if (!tear_applies(OP_NV_WRITE, (enum tear)tear))
			continue;
		for (u32 first = 1; cut_twice(first, (enum tear)tear, 0); first++) {
			for (u32 second = 1; second < 12; second++)
				cut_twice(first, (enum tear)tear, second);
			cuts++;
		}
	}
	/* Four writes and as many reads of floors, each in five ways. */
	assert_true(cuts >= 40);
}

/* Enrolment: floors and state, then the state read again; true when the cut was reached. */
static bool cut_enrolment(u32 at, enum tear tear)
{
	struct boot_state s = first_state();
	struct nv_view v;
	volatile bool cut = false;

	reset();
	v = read_ok();
	power_on(&power, at, tear);
	if (setjmp(power.off) == 0)
		assert_int_equal(nv_initialise(&store, &v, &s), OK);
	else
		cut = true;
	power_on(&power, 0, tear);
	v = read_ok();
	if (v.status == NV_UNPROVISIONED)
		assert_int_equal(nv_initialise(&store, &v, &s), OK);
	else if (v.status == NV_STATE_LOST)
		assert_int_equal(nv_commit(&store, &v, &s), OK);
	v = read_ok();
	assert_int_equal(v.status, NV_PROVISIONED);
	assert_int_equal(v.image_floor, 3);
	return cut;
}

static void row23_a_cut_enrolment_is_never_damage(void **state)
{
	(void)state;
	for (u32 tear = 0; tear < TEARS; tear++) {
		u32 at = 1;

		if (!tear_applies(OP_NV_WRITE, (enum tear)tear))
			continue;
		while (cut_enrolment(at, (enum tear)tear))
			at++;
		assert_int_equal(at, 1 + 2 + 2 + 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(row19_row23_any_cut_leaves_a_state_and_no_lower_floor),
		cmocka_unit_test(row23_a_cut_enrolment_is_never_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
