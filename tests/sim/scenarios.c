/*
 * Scenarios, named by what they show and by their row in the catalogue of attacks.
 * Trust: test code.
 */
#include "tests/sim/scenarios.h"

#include "tests/sim/check.h"

#include <string.h>

static struct slot_record record(enum slot_state s, enum release r)
{
	struct slot_record out = { .state = s };

	if (s != SLOT_EMPTY && s != SLOT_WRITING)
		memcpy(out.digest, release_image(r)->image.manifest_digest, SHA384_SIZE);
	if (s == SLOT_BAD)
		out.cause = CAUSE_TRIAL_EXHAUSTED;
	return out;
}

/* Both slots hold what their records say; A is GOOD. Floors 10 and 1. */
static void enrolled(struct node *n, enum release a, enum slot_state state_b, enum release b)
{
	struct boot_state first = { .image_floor = 10, .key_floor = 1 };

	node_place(n, SLOT_A, a);
	if (state_b != SLOT_EMPTY)
		node_place(n, SLOT_B, b);
	first.slot[SLOT_A] = record(SLOT_GOOD, a);
	first.slot[SLOT_B] = record(state_b, b);
	CHECK(n, node_reread(n) == OK);
	CHECK(n, node_enrol(n, &first) == OK);
}

static void expect(struct node *n, u8 slot, enum boot_reason reason)
{
	node_boot(n);
	CHECK(n, n->up.choice.slot == slot);
	CHECK(n, n->up.choice.reason == reason);
}

static void expect_bad(struct node *n, u8 slot, enum slot_cause cause)
{
	CHECK(n, node_reread(n) == OK);
	CHECK(n, n->up.view.state.slot[slot].state == SLOT_BAD);
	CHECK(n, n->up.view.state.slot[slot].cause == cause);
}

static void good_and_empty(struct node *n)
{
	enrolled(n, RELEASE_OLD, SLOT_EMPTY, RELEASE_NEW);
}

static void old_and_staged(struct node *n)
{
	enrolled(n, RELEASE_OLD, SLOT_STAGED, RELEASE_NEW);
}

static void old_and_unconfirmed(struct node *n)
{
	enrolled(n, RELEASE_OLD, SLOT_UNCONFIRMED, RELEASE_NEW);
}

static void old_and_bad(struct node *n)
{
	enrolled(n, RELEASE_OLD, SLOT_BAD, RELEASE_NEW);
}

static void two_good(struct node *n)
{
	enrolled(n, RELEASE_NEW, SLOT_GOOD, RELEASE_OLD);
}

static void update_and_commit(struct node *n)
{
	expect(n, SLOT_A, REASON_GOOD);
	CHECK(n, node_install(n, SLOT_B, RELEASE_NEW) == OK);
	expect(n, SLOT_B, REASON_TRIAL);
	CHECK(n, n->up.view.image_floor == 10);
	CHECK(n, node_healthy(n) == OK);
	expect(n, SLOT_B, REASON_UNCONFIRMED);
	CHECK(n, n->up.view.image_floor == 10);
	CHECK(n, node_commit(n) == OK);
	expect(n, SLOT_B, REASON_GOOD);
	CHECK(n, n->up.view.image_floor == 11);
	expect_bad(n, SLOT_A, CAUSE_REFUSED);
}

/* Both floors rise in one commit, over a slot that was the way back. */
static void update_keys_and_commit(struct node *n)
{
	expect(n, SLOT_A, REASON_GOOD);
	CHECK(n, node_install(n, SLOT_B, RELEASE_NEXT) == OK);
	expect(n, SLOT_B, REASON_TRIAL);
	CHECK(n, node_install(n, SLOT_A, RELEASE_NEXT) == ERR_STATE_TRANSITION);
	CHECK(n, node_install(n, SLOT_B, RELEASE_NEXT) == ERR_ARGUMENT);
	CHECK(n, node_healthy(n) == OK);
	CHECK(n, node_commit(n) == OK);
	expect(n, SLOT_B, REASON_GOOD);
	CHECK(n, n->up.view.image_floor == 12);
	CHECK(n, n->up.view.key_floor == 2);
	expect_bad(n, SLOT_A, CAUSE_REFUSED);
}

static void never_healthy(struct node *n)
{
	for (u32 i = 0; i < TRIES_MAX; i++)
		expect(n, SLOT_B, REASON_TRIAL);
	expect(n, SLOT_A, REASON_GOOD);
	expect_bad(n, SLOT_B, CAUSE_TRIAL_EXHAUSTED);
	expect(n, SLOT_A, REASON_GOOD);
}

/* A trial under way; then firmware changes and the write policy with it. */
static void policy_lost_and_found(struct node *n)
{
	u32 writes;

	expect(n, SLOT_B, REASON_TRIAL);
	n->nv.writable = false;
	writes = n->nv.writes;
	expect(n, SLOT_A, REASON_GOOD);
	expect(n, SLOT_A, REASON_GOOD);
	CHECK(n, n->nv.writes == writes);
	n->nv.writable = true;
	CHECK(n, node_reread(n) == OK);
	CHECK(n, node_install(n, SLOT_B, RELEASE_NEXT) == OK);
	expect(n, SLOT_B, REASON_TRIAL);
}

/* The TPM says no although the stage had reason to think otherwise: a try that is not counted is not started. */
static void policy_refused_late(struct node *n)
{
	n->nv.refuses = true;
	expect(n, SLOT_A, REASON_GOOD);
	CHECK(n, !n->up.view.writable);
	n->nv.refuses = false;
	expect(n, SLOT_B, REASON_TRIAL);
}

static void install_over_bad(struct node *n)
{
	expect(n, SLOT_A, REASON_GOOD);
	CHECK(n, node_install(n, SLOT_B, RELEASE_NEW) == OK);
	expect(n, SLOT_B, REASON_TRIAL);
	CHECK(n, node_healthy(n) == OK);
}

/* Two releases on trial one after the other, neither confirmed: installing over UNCONFIRMED, then over STAGED. */
static void install_over_unconfirmed(struct node *n)
{
	expect(n, SLOT_B, REASON_UNCONFIRMED);
	CHECK(n, node_install(n, SLOT_A, RELEASE_NEXT) == OK);
	expect(n, SLOT_A, REASON_TRIAL);
	CHECK(n, node_healthy(n) == OK);
	expect(n, SLOT_A, REASON_UNCONFIRMED);
	CHECK(n, node_install(n, SLOT_B, RELEASE_NEW) == OK);
	CHECK(n, node_install(n, SLOT_B, RELEASE_NEXT) == OK);
	expect(n, SLOT_B, REASON_TRIAL);
}

static void erase_every_state(struct node *n)
{
	expect(n, SLOT_A, REASON_GOOD);
	CHECK(n, node_erase(n, SLOT_B) == OK); /* GOOD */
	CHECK(n, node_erase(n, SLOT_B) == OK); /* EMPTY */
	CHECK(n, node_install(n, SLOT_B, RELEASE_NEW) == OK);
	CHECK(n, node_erase(n, SLOT_B) == OK); /* STAGED */
	CHECK(n, node_install(n, SLOT_B, RELEASE_NEW) == OK);
	expect(n, SLOT_B, REASON_TRIAL);
	CHECK(n, node_erase(n, SLOT_B) == OK); /* TRYING */
	expect(n, SLOT_A, REASON_GOOD);
}

static void erase_failed_and_unconfirmed(struct node *n)
{
	expect(n, SLOT_B, REASON_UNCONFIRMED);
	CHECK(n, node_erase(n, SLOT_B) == OK); /* UNCONFIRMED */
	expect(n, SLOT_A, REASON_GOOD);
	CHECK(n, node_install(n, SLOT_B, RELEASE_NEW) == OK);
	node_damage_header(n, SLOT_B);
	expect(n, SLOT_A, REASON_GOOD);
	expect_bad(n, SLOT_B, CAUSE_VERIFICATION);
	CHECK(n, node_erase(n, SLOT_B) == OK); /* BAD */
	CHECK(n, node_begin_only(n, SLOT_B, RELEASE_NEW) == OK);
	CHECK(n, node_begin_only(n, SLOT_B, RELEASE_NEXT) == OK); /* begun twice */
	CHECK(n, node_erase(n, SLOT_B) == OK); /* WRITING */
	expect(n, SLOT_A, REASON_GOOD);
}

static void only_an_unrecorded_slot_is_left(struct node *n)
{
	expect(n, SLOT_A, REASON_GOOD);
	CHECK(n, node_erase(n, SLOT_B) == OK);
	node_damage_payload(n, SLOT_A);
	expect(n, SLOT_B, REASON_UNSTAGED);
	expect_bad(n, SLOT_A, CAUSE_VERIFICATION);
	expect(n, SLOT_B, REASON_UNSTAGED);
}

static void only_a_bad_slot_is_left(struct node *n)
{
	expect(n, SLOT_A, REASON_GOOD);
	node_damage_header(n, SLOT_A);
	expect(n, SLOT_B, REASON_LAST_RESORT);
	expect_bad(n, SLOT_A, CAUSE_VERIFICATION);
	expect(n, SLOT_B, REASON_LAST_RESORT);
}

static void only_an_exhausted_trial_is_left(struct node *n)
{
	for (u32 i = 0; i < TRIES_MAX; i++)
		expect(n, SLOT_B, REASON_TRIAL);
	node_damage_payload(n, SLOT_A);
	expect(n, SLOT_B, REASON_LAST_RESORT);
	expect_bad(n, SLOT_B, CAUSE_TRIAL_EXHAUSTED);
}

static void unconfirmed_slot_goes_bad(struct node *n)
{
	expect(n, SLOT_B, REASON_UNCONFIRMED);
	node_damage_payload(n, SLOT_B);
	expect(n, SLOT_A, REASON_GOOD);
	expect_bad(n, SLOT_B, CAUSE_VERIFICATION);
}

/* Leaf by leaf from afar, cut anywhere; what comes after a cut resumes it (node_bring_to). */
static void transfer_and_commit(struct node *n)
{
	struct transfer_count count;

	expect(n, SLOT_A, REASON_GOOD);
	CHECK(n, node_transfer(n, SLOT_B, RELEASE_NEXT, &count) == OK);
	CHECK(n, count.leaves == RELEASE_LEAVES && count.reused == 1 && count.repaired == 0);
	expect(n, SLOT_B, REASON_TRIAL);
	CHECK(n, node_healthy(n) == OK);
	CHECK(n, node_commit(n) == OK);
	expect(n, SLOT_B, REASON_GOOD);
}

/* The slot's mark speaks of another release than the one that comes next. */
static void transfer_after_another(struct node *n)
{
	struct transfer_count count;

	expect(n, SLOT_A, REASON_GOOD);
	n->fetch_fault = FETCH_BREAKS_LATE;
	CHECK(n, node_transfer(n, SLOT_B, RELEASE_NEW, &count) == ERR_IO);
	CHECK(n, count.leaves == RELEASE_LEAVES - 1);
	n->fetch_fault = FETCH_WELL;
	CHECK(n, node_transfer(n, SLOT_B, RELEASE_NEXT, &count) == OK);
	CHECK(n, count.resumed == 0);
	expect(n, SLOT_B, REASON_TRIAL);
}

static void blank_nv(struct node *n)
{
	node_place(n, SLOT_A, RELEASE_OLD);
	node_place(n, SLOT_B, RELEASE_NEW);
}

static void enrol(struct node *n)
{
	struct boot_state first = { .image_floor = 10, .key_floor = 1 };

	expect(n, SLOT_B, REASON_UNPROVISIONED);
	first.slot[SLOT_B] = record(SLOT_GOOD, RELEASE_NEW);
	CHECK(n, node_enrol(n, &first) == OK);
	expect(n, SLOT_B, REASON_GOOD);
}

static void both_records_torn(struct node *n)
{
	enrolled(n, RELEASE_OLD, SLOT_STAGED, RELEASE_NEW);
	CHECK(n, node_erase(n, SLOT_B) == OK);
	n->nv.bytes[NV_STATE_0][STATE_RECORD_SIZE - 1] ^= 1;
	n->nv.bytes[NV_STATE_1][40] ^= 1;
}

static void state_lost(struct node *n)
{
	struct boot_state again = { .image_floor = 10, .key_floor = 1 };

	expect(n, SLOT_B, REASON_STATE_LOST);
	CHECK(n, n->up.view.image_floor == 10);
	again.slot[SLOT_B] = record(SLOT_GOOD, RELEASE_NEW);
	CHECK(n, node_enrol(n, &again) == OK);
	expect(n, SLOT_B, REASON_GOOD);
}

static void one_record_and_a_floor_torn(struct node *n)
{
	old_and_bad(n);
	CHECK(n, node_erase(n, SLOT_B) == OK);
	n->nv.bytes[n->up.view.newest][STATE_RECORD_SIZE - 1] ^= 1;
	n->nv.bytes[NV_IMAGE_FLOOR][0] ^= 1;
}

static void repair(struct node *n)
{
	u32 writes;

	expect(n, SLOT_A, REASON_GOOD);
	CHECK(n, n->up.view.image_floor == 10);
	writes = n->nv.writes;
	expect(n, SLOT_A, REASON_GOOD);
	CHECK(n, n->nv.writes == writes);
	CHECK(n, n->up.view.state.slot[SLOT_B].state == SLOT_BAD);
}

const struct scenario scenarios[] = {
	{ "row19_update_and_commit", good_and_empty, update_and_commit },
	{ "row14_row20_floors_rise_with_the_commit_alone", two_good, update_keys_and_commit },
	{ "row19_a_trial_never_healthy_falls_back", old_and_staged, never_healthy },
	{ "row23_without_the_policy_nothing_is_written_or_tried", old_and_staged, policy_lost_and_found },
	{ "row23_a_try_that_is_not_counted_is_not_started", old_and_staged, policy_refused_late },
	{ "row20_install_over_bad", old_and_bad, install_over_bad },
	{ "row20_install_over_unconfirmed_and_staged", old_and_unconfirmed, install_over_unconfirmed },
	{ "row19_erase_every_state", two_good, erase_every_state },
	{ "row20_erase_failed_unconfirmed_and_half_written", old_and_unconfirmed, erase_failed_and_unconfirmed },
	{ "only_an_unrecorded_slot_is_left", two_good, only_an_unrecorded_slot_is_left },
	{ "only_a_bad_slot_is_left", old_and_bad, only_a_bad_slot_is_left },
	{ "only_an_exhausted_trial_is_left", old_and_staged, only_an_exhausted_trial_is_left },
	{ "an_unconfirmed_slot_goes_bad", old_and_unconfirmed, unconfirmed_slot_goes_bad },
	{ "row19_row20_transfer_and_commit", good_and_empty, transfer_and_commit },
	{ "row20_a_transfer_after_another_was_given_up", good_and_empty, transfer_after_another },
	{ "row23_enrolment", blank_nv, enrol },
	{ "row23_both_records_torn", both_records_torn, state_lost },
	{ "row23_one_record_and_a_floor_torn", one_record_and_a_floor_torn, repair },
};
const u32 scenario_count = ARRAY_SIZE(scenarios);

/* Reported as installed before anything is there. */
static void staged_too_early(struct node *n)
{
	struct boot_state next;

	node_boot(n);
	next = n->up.view.state;
	next.slot[SLOT_B] = record(SLOT_STAGED, RELEASE_NEW);
	CHECK(n, node_write_state(n, &next) == OK);
	node_write_unordered(n, SLOT_B, RELEASE_NEW);
}

/* Written over the image that its record still promises. */
static void written_without_saying(struct node *n)
{
	node_boot(n);
	node_write_unordered(n, SLOT_B, RELEASE_NEXT);
}

/* The floor rises while the image that reaches it is still on trial. */
static void floor_too_early(struct node *n)
{
	struct boot_state next;

	node_boot(n);
	next = n->up.view.state;
	next.image_floor = 11;
	CHECK(n, node_write_state(n, &next) == OK);
}

const struct scenario wrong_scenarios[] = {
	{ "control_staged_too_early_is_noticed", good_and_empty, staged_too_early },
	{ "control_written_without_saying_is_noticed", two_good, written_without_saying },
	{ "control_a_floor_too_early_is_noticed", good_and_empty, floor_too_early },
};
const u32 wrong_scenario_count = ARRAY_SIZE(wrong_scenarios);
