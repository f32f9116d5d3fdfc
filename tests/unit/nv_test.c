/*
 * The boot state in NV: what each finding means, and what is written when.
 * Trust: test code.
 */
#include "tests/unit/nv_bed.h"

/* By what would be written: structs have padding. */
static void assert_same_state(const struct boot_state *a, const struct boot_state *b)
{
	u8 bytes_a[STATE_RECORD_SIZE];
	u8 bytes_b[STATE_RECORD_SIZE];

	boot_state_encode(a, bytes_a);
	boot_state_encode(b, bytes_b);
	assert_memory_equal(bytes_a, bytes_b, STATE_RECORD_SIZE);
}

static void row23_absent_indices_are_unprovisioned(void **state)
{
	struct nv_view v;

	(void)state;
	reset();
	v = read_ok();
	assert_int_equal(v.status, NV_UNPROVISIONED);
	assert_int_equal(v.image_floor, 0);
	/* Enrolment was cut after the floors: they hold already, but there is no state. */
	nv.written[NV_IMAGE_FLOOR] = true;
	floor_encode(4, nv.bytes[NV_IMAGE_FLOOR]);
	v = read_ok();
	assert_int_equal(v.status, NV_UNPROVISIONED);
	assert_int_equal(v.image_floor, 4);
	nv.bytes[NV_IMAGE_FLOOR][0] ^= 1;
	assert_int_equal(read_ok().status, NV_UNPROVISIONED);
}

static void what_was_committed_is_read(void **state)
{
	struct nv_view written = enrolled();
	struct nv_view v = read_ok();

	(void)state;
	assert_int_equal(v.status, NV_PROVISIONED);
	assert_same_state(&v.state, &written.state);
	assert_int_equal(v.state.sequence, 2);
	assert_int_equal(v.newest, 1);
	assert_int_equal(v.newest, written.newest);
	assert_int_equal(v.image_floor, 3);
	assert_int_equal(v.key_floor, 1);
	assert_false(v.floors_lag);
	assert_true(v.writable);
}

static void row23_a_torn_copy_leaves_the_other(void **state)
{
	struct nv_view v = enrolled();

	(void)state;
	nv.bytes[NV_STATE_1][100] ^= 1;
	v = read_ok();
	assert_int_equal(v.status, NV_PROVISIONED);
	assert_int_equal(v.state.sequence, 1);
	assert_int_equal(v.newest, 0);
	/* Either copy. */
	enrolled();
	nv.bytes[NV_STATE_0][100] ^= 1;
	v = read_ok();
	assert_int_equal(v.status, NV_PROVISIONED);
	assert_int_equal(v.state.sequence, 2);
}

static void row23_both_copies_torn_is_state_lost_and_the_floors_hold(void **state)
{
	struct nv_view v;

	(void)state;
	enrolled();
	nv.bytes[NV_STATE_0][100] ^= 1;
	nv.bytes[NV_STATE_1][100] ^= 1;
	v = read_ok();
	assert_int_equal(v.status, NV_STATE_LOST);
	assert_int_equal(v.image_floor, 3);
	assert_int_equal(v.key_floor, 1);
	/* One torn, the other never written: the same. */
	nv.written[NV_STATE_1] = false;
	assert_int_equal(read_ok().status, NV_STATE_LOST);
	/* Then a torn floor is known from nowhere. */
	nv.bytes[NV_KEY_FLOOR][0] ^= 1;
	assert_int_equal(nv_read_view(&store, &v), ERR_NV_DAMAGED);
	nv.bytes[NV_KEY_FLOOR][0] ^= 1;
	assert_int_equal(read_ok().status, NV_STATE_LOST);
}

static void row23_a_lost_state_can_be_set_again_above_the_floors(void **state)
{
	struct boot_state s = first_state();
	struct nv_view v;

	(void)state;
	enrolled();
	nv.bytes[NV_STATE_0][100] ^= 1;
	nv.bytes[NV_STATE_1][100] ^= 1;
	v = read_ok();
	s.image_floor = 0;
	assert_int_equal(nv_commit(&store, &v, &s), OK);
	v = read_ok();
	assert_int_equal(v.status, NV_PROVISIONED);
	assert_int_equal(v.state.image_floor, 3);
}

static void row23_foreign_attributes_stop(void **state)
{
	struct nv_view v;

	(void)state;
	for (u32 i = 0; i < NV_INDEXES; i++) {
		enrolled();
		nv.fault[i] = ERR_NV_FOREIGN;
		assert_int_equal(nv_read_view(&store, &v), ERR_NV_FOREIGN);
		nv.fault[i] = OK;
		assert_int_equal(nv_read_view(&store, &v), OK);
		/* Also where nothing else is there. */
		reset();
		nv.fault[i] = ERR_NV_FOREIGN;
		assert_int_equal(nv_read_view(&store, &v), ERR_NV_FOREIGN);
	}
}

static void row23_a_floor_taken_away_is_damaged(void **state)
{
	struct nv_view v;

	(void)state;
	for (u32 i = NV_IMAGE_FLOOR; i <= NV_KEY_FLOOR; i++) {
		enrolled();
		nv.written[i] = false;
		assert_int_equal(nv_read_view(&store, &v), ERR_NV_DAMAGED);
		nv.written[i] = true;
		assert_int_equal(nv_read_view(&store, &v), OK);
	}
}

static void a_tpm_that_fails_is_not_an_empty_one(void **state)
{
	struct nv_view v;

	(void)state;
	for (u32 i = 0; i < NV_INDEXES; i++) {
		reset();
		nv.fault[i] = ERR_TPM_TIMEOUT;
		assert_int_equal(nv_read_view(&store, &v), ERR_TPM_TIMEOUT);
	}
}

static void row23_a_torn_floor_is_known_from_the_state_and_repaired(void **state)
{
	struct nv_view v;

	(void)state;
	enrolled();
	nv.bytes[NV_IMAGE_FLOOR][3] ^= 1;
	v = read_ok();
	assert_int_equal(v.image_floor, 3);
	assert_true(v.floors_lag);
	nv.writes = 0;
	assert_int_equal(nv_commit(&store, &v, &v.state), OK);
	/* The floor alone: the state did not change. */
	assert_int_equal(nv.writes, 1);
	assert_false(v.floors_lag);
	v = read_ok();
	assert_false(v.floors_lag);
	assert_int_equal(v.image_floor, 3);
}

/* Whatever a floor is: an index that is torn, or behind the record, is told and caught up. */
static void row23_each_floor_that_lags_is_told(void **state)
{
	(void)state;
	for (u32 i = NV_IMAGE_FLOOR; i <= NV_KEY_FLOOR; i++) {
		struct nv_view v = enrolled();
		floor_encode(0, nv.bytes[i]);
		assert_true(read_ok().floors_lag);
		/* A floor of zero, torn: no number says that it lags. */
		struct boot_state s = { .slot = { { .state = SLOT_GOOD, .digest = { 1 } } } };
		reset();
		v = read_ok();
		assert_int_equal(nv_initialise(&store, &v, &s), OK);
		assert_false(read_ok().floors_lag);
		nv.bytes[i][0] ^= 1;
		v = read_ok();
		assert_true(v.floors_lag);
		assert_int_equal(nv_commit(&store, &v, &v.state), OK);
		assert_false(read_ok().floors_lag);
	}
}

/* A floor that cannot be raised is not said to be. */
static void a_floor_that_fails_is_told(void **state)
{
	(void)state;
	for (u32 i = NV_IMAGE_FLOOR; i <= NV_KEY_FLOOR; i++) {
		struct nv_view v = enrolled();
		struct boot_state s = v.state;
		s.image_floor = 4;
		s.key_floor = 2;
		nv.fault[i] = ERR_TPM_TIMEOUT;
		assert_int_equal(nv_commit(&store, &v, &s), ERR_TPM_TIMEOUT);
		assert_int_equal(v.image_floor, 3);
		assert_int_equal(v.key_floor, 1);
		/* Nor one that cannot be written. */
		v = enrolled();
		nv.bytes[i][0] ^= 1;
		v = read_ok();
		nv.refuses = true;
		assert_int_equal(nv_commit(&store, &v, &v.state), ERR_NV_POLICY);
		assert_true(v.floors_lag);
		/* And without its floors no state is begun. */
		reset();
		v = read_ok();
		nv.fault[i] = ERR_TPM_TIMEOUT;
		assert_int_equal(nv_initialise(&store, &v, &s), ERR_TPM_TIMEOUT);
		assert_false(nv.written[NV_STATE_0] || nv.written[NV_STATE_1]);
	}
}

static void every_field_that_changes_is_written(void **state)
{
	struct nv_view v = enrolled();

	(void)state;
	for (u32 i = 0; i < 5; i++) {
		struct boot_state s = v.state;
		struct slot_record *r = &s.slot[SLOT_B];
		*r = (struct slot_record){ .state = SLOT_TRYING, .tries = 2, .digest = { 1 } };
		assert_int_equal(nv_commit(&store, &v, &s), OK);
		s = v.state;
		if (i == 0)
			r->tries--;
		r->digest[5] = i == 1;
		s.image_floor += i == 2;
		s.key_floor += i == 3;
		if (i == 4)
			*r = (struct slot_record){ .state = SLOT_BAD, .cause = CAUSE_REFUSED, .digest = { 1 } };
		assert_int_equal(nv_commit(&store, &v, &s), OK);
		if (i == 4)
			r->cause = CAUSE_VERIFICATION;
		assert_int_equal(nv_commit(&store, &v, &s), OK);
		struct nv_view back = read_ok();
		s.sequence = back.state.sequence;
		assert_same_state(&back.state, &s);
	}
}

static void an_equal_state_is_not_written(void **state)
{
	struct nv_view v = enrolled();

	(void)state;
	nv.writes = 0;
	assert_int_equal(nv_commit(&store, &v, &v.state), OK);
	assert_int_equal(nv.writes, 0);
	struct boot_state s = v.state;

	s.slot[SLOT_B].state = SLOT_EMPTY;
	assert_int_equal(nv_commit(&store, &v, &s), OK);
	assert_int_equal(nv.writes, 1);
}

static void records_are_written_in_turn(void **state)
{
	struct nv_view v = enrolled();

	(void)state;
	for (u32 i = 0; i < 6; i++) {
		struct boot_state s = v.state;
		u8 newest = v.newest;
		u64 sequence = s.sequence;

		s.slot[SLOT_B].state = i % 2 ? SLOT_WRITING : SLOT_EMPTY;
		assert_int_equal(nv_commit(&store, &v, &s), OK);
		assert_int_equal(v.newest, newest ^ 1);
		assert_int_equal(v.state.sequence, sequence + 1);
		struct nv_view back = read_ok();

		assert_same_state(&back.state, &v.state);
	}
}

static void row14_a_floor_is_never_lowered(void **state)
{
	struct nv_view v = enrolled();
	struct boot_state s = v.state;

	(void)state;
	nv.writes = 0;
	s.image_floor = 2;
	assert_int_equal(nv_commit(&store, &v, &s), ERR_INTERNAL);
	s.image_floor = 3;
	s.key_floor = 0;
	assert_int_equal(nv_commit(&store, &v, &s), ERR_INTERNAL);
	assert_int_equal(nv.writes, 0);
	s.key_floor = 2;
	s.image_floor = 4;
	assert_int_equal(nv_commit(&store, &v, &s), OK);
	assert_int_equal(v.image_floor, 4);
	assert_int_equal(read_ok().key_floor, 2);
	/* An index ahead of the record lifts the next record. */
	floor_encode(9, nv.bytes[NV_IMAGE_FLOOR]);
	v = read_ok();
	assert_int_equal(v.image_floor, 9);
	s = v.state;
	s.slot[SLOT_B].state = SLOT_EMPTY;
	assert_int_equal(nv_commit(&store, &v, &s), OK);
	assert_int_equal(read_ok().state.image_floor, 9);
}

static void row23_without_the_policy_nothing_is_written(void **state)
{
	struct nv_view v = enrolled();
	struct boot_state s = v.state;

	(void)state;
	nv.writable = false;
	store = fake_nv_store(&nv);
	v = read_ok();
	assert_false(v.writable);
	s.slot[SLOT_B].state = SLOT_EMPTY;
	nv.writes = 0;
	assert_int_equal(nv_commit(&store, &v, &s), ERR_NV_POLICY);
	/* Even if the store believes it could. */
	store.writable = true;
	v.writable = true;
	assert_int_equal(nv_commit(&store, &v, &s), ERR_NV_POLICY);
	assert_int_equal(nv.writes, 0);
	assert_int_equal(v.state.slot[SLOT_B].state, SLOT_WRITING);
	nv.writable = true;
	/* Nor where the TPM would, but the boot is not to: each says no for itself. */
	v.writable = false;
	assert_int_equal(nv_commit(&store, &v, &s), ERR_NV_POLICY);
	v.writable = true;
	store.writable = false;
	assert_int_equal(nv_commit(&store, &v, &s), ERR_NV_POLICY);
	store.writable = true;
	assert_int_equal(nv_commit(&store, &v, &s), OK);
	/* A number that could not rise is not used again. */
	v.state.sequence = UINT64_MAX;
	assert_int_equal(nv_commit(&store, &v, &v.state), ERR_INTERNAL);
}

static void enrolment_needs_a_blank_tpm(void **state)
{
	struct boot_state s = first_state();
	struct nv_view v = enrolled();

	(void)state;
	assert_int_equal(nv_initialise(&store, &v, &s), ERR_STATE_TRANSITION);
	reset();
	v = read_ok();
	assert_int_equal(nv_commit(&store, &v, &s), ERR_NV_ABSENT);
	v.writable = false;
	assert_int_equal(nv_initialise(&store, &v, &s), ERR_NV_POLICY);
	v.writable = true;
	store.writable = false;
	assert_int_equal(nv_initialise(&store, &v, &s), ERR_NV_POLICY);
	store.writable = true;
	assert_int_equal(nv_initialise(&store, &v, &s), OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(row23_absent_indices_are_unprovisioned),
		cmocka_unit_test(what_was_committed_is_read),
		cmocka_unit_test(row23_a_torn_copy_leaves_the_other),
		cmocka_unit_test(row23_both_copies_torn_is_state_lost_and_the_floors_hold),
		cmocka_unit_test(row23_a_lost_state_can_be_set_again_above_the_floors),
		cmocka_unit_test(row23_foreign_attributes_stop),
		cmocka_unit_test(row23_a_floor_taken_away_is_damaged),
		cmocka_unit_test(a_tpm_that_fails_is_not_an_empty_one),
		cmocka_unit_test(row23_a_torn_floor_is_known_from_the_state_and_repaired),
		cmocka_unit_test(row23_each_floor_that_lags_is_told),
		cmocka_unit_test(a_floor_that_fails_is_told),
		cmocka_unit_test(every_field_that_changes_is_written),
		cmocka_unit_test(an_equal_state_is_not_written),
		cmocka_unit_test(records_are_written_in_turn),
		cmocka_unit_test(row14_a_floor_is_never_lowered),
		cmocka_unit_test(row23_without_the_policy_nothing_is_written),
		cmocka_unit_test(enrolment_needs_a_blank_tpm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
