/* Updates as the fleet server decides on them: which node gets an image, and what becomes of it there. */
#include "signetd/update_judge.h"
#include "signetd/update_track.h"
#include "update/refusal.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

static struct node_entry node;
static struct verified_image image;
static struct anchor anchor;
static struct update_facts facts;

/* A node and an image that fits it. */
static int set_up(void **state)
{
	(void)state;
	node = (struct node_entry){
		.state = NODE_ENROLLED, .provisioned = true, .image_floor = 5, .first_image_floor = 3, .key_floor = 2
	};
	image = (struct verified_image){ .manifest = { .product = "signet", .hardware_class = "any", .svn = 6 },
		.manifest_digest = { 1 },
		.keys = { .version = 2 } };
	anchor = (struct anchor){ .flags = IMAGE_DEVELOPMENT | IMAGE_DEBUG, .hardware_class = "rack" };
	facts = (struct update_facts){
		.node = &node, .image = &image, .anchor = &anchor, .stage_version = 1, .now = 1000
	};
	return 0;
}

static void set_pending(void)
{
	node.state = NODE_PENDING;
}

static void set_unprovisioned(void)
{
	node.provisioned = false;
}

static void set_under_way(void)
{
	facts.under_way = true;
}

static void set_same(void)
{
	node.manifest[0] = 1;
}

static void set_old_keys(void)
{
	image.keys.version = 1;
}

static void set_old(void)
{
	image.manifest.svn = 4;
}

/* Before anything was attested, the floor it was enrolled with counts. */
static void set_older_than_enrolled(void)
{
	node.image_floor = 0;
	image.manifest.svn = 2;
}

static void set_leap(void)
{
	image.manifest.svn = UINT32_MAX;
}

static void set_new_stage(void)
{
	image.manifest.min_stage_version = 2;
}

static void set_other_class(void)
{
	(void)strcpy(image.manifest.hardware_class, "laptop");
}

/* The stage would take it, the fleet does not. */
static void set_development(void)
{
	image.manifest.flags = IMAGE_DEVELOPMENT;
}

/* The fleet would let it pass, the stage does not. */
static void set_debug(void)
{
	image.manifest.flags = IMAGE_DEBUG;
	facts.allowed_flags = IMAGE_DEBUG;
	anchor.flags = 0;
}

static void set_expired(void)
{
	image.manifest.expiry = 999;
}

static void set_other_product(void)
{
	(void)strcpy(image.manifest.product, "other");
}

static void set_fell_back(void)
{
	facts.fell_back = true;
}

static const struct {
	void (*change)(void);
	enum err error;
	const char *code;
} cases[] = {
	{ set_pending, ERR_NV_ABSENT, "not-enrolled" },
	{ set_unprovisioned, ERR_NV_ABSENT, "not-enrolled" },
	{ set_under_way, ERR_UPDATE_UNDER_WAY, "under-way" },
	{ set_same, ERR_UPDATE_SAME, "runs-already" },
	{ set_old_keys, ERR_KEYS_FLOOR, "keys-revoked" },
	{ set_old, ERR_IMAGE_FLOOR, "below-minimum" },
	{ set_older_than_enrolled, ERR_IMAGE_FLOOR, "below-minimum" },
	{ set_leap, ERR_IMAGE_LEAP, "svn-leap" },
	{ set_new_stage, ERR_IMAGE_STAGE, "stage-too-old" },
	{ set_other_class, ERR_IMAGE_HARDWARE, "other-hardware" },
	{ set_development, ERR_IMAGE_DEVELOPMENT, "development-image" },
	{ set_debug, ERR_IMAGE_DEBUG, "debug-image" },
	{ set_expired, ERR_IMAGE_EXPIRED, "expired" },
	{ set_other_product, ERR_IMAGE_PRODUCT, "other-product" },
	{ set_fell_back, ERR_UPDATE_FELL_BACK, "fell-back" },
};

static void each_refusal_has_its_name(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		(void)set_up(state);
		assert_int_equal(update_judge(&facts), OK);
		cases[i].change();
		assert_int_equal(update_judge(&facts), cases[i].error);
		assert_string_equal(refusal_of(cases[i].error)->code, cases[i].code);
		assert_non_null(refusal_named(cases[i].code));
	}
	assert_null(refusal_of(ERR_IO));
	assert_null(refusal_named("error-4"));
}

static void neighbours_pass(void **state)
{
	(void)state;
	image.manifest.svn = 5;
	image.manifest.expiry = 1001;
	image.manifest.flags = IMAGE_DEVELOPMENT;
	facts.allowed_flags = IMAGE_DEVELOPMENT;
	(void)strcpy(image.manifest.hardware_class, "rack");
	image.manifest.min_stage_version = 1;
	facts.fell_back = facts.force = true;
	assert_int_equal(update_judge(&facts), OK);
	/* Of which stage a node has nothing is known before it has attested. */
	image.manifest.min_stage_version = 9;
	facts.stage_version = UINT32_MAX;
	assert_int_equal(update_judge(&facts), OK);
}

static const u8 wanted[SHA384_SIZE] = { 7 };

static struct update_node share_in(enum update_state state)
{
	struct update_node n = { .state = state, .sequence = 10, .total = 100 };

	memcpy(n.image, wanted, sizeof(n.image));
	return n;
}

/* What runs: ours or another image; and the slot that has ours. */
static struct update_sight sight_of(enum sight_kind kind, bool runs, enum slot_state slot)
{
	struct update_sight s = { .kind = kind, .verdict = VERDICT_BASELINE_DIFFERS, .sequence = 11, .session = { 2 } };

	s.running[0] = runs ? 7 : 8;
	s.slot[SLOT_A] = (struct slot_record){ .state = SLOT_GOOD, .digest = { 8 } };
	s.slot[SLOT_B] = (struct slot_record){ .state = slot, .digest = { 7 } };
	if (slot == SLOT_BAD)
		s.slot[SLOT_B].cause = CAUSE_TRIAL_EXHAUSTED;
	return s;
}

static void what_is_seen_moves_it(void **state)
{
	(void)state;
	static const struct {
		enum update_state from;
		enum sight_kind kind;
		bool runs;
		enum slot_state slot;
		enum update_state to;
	} rows[] = {
		{ UPDATE_DRAINING, SIGHT_GOOD, true, SLOT_TRYING, UPDATE_TRYING },
		{ UPDATE_WAITING, SIGHT_GOOD, true, SLOT_TRYING, UPDATE_TRYING },
		{ UPDATE_TRYING, SIGHT_GOOD, true, SLOT_UNCONFIRMED, UPDATE_UNCONFIRMED },
		{ UPDATE_UNCONFIRMED, SIGHT_GOOD, true, SLOT_GOOD, UPDATE_COMMITTED },
		{ UPDATE_WAITING, SIGHT_GOOD, true, SLOT_GOOD, UPDATE_COMMITTED },
		/* Only good evidence commits. */
		{ UPDATE_TRYING, SIGHT_REPORT, true, SLOT_GOOD, UPDATE_UNCONFIRMED },
		{ UPDATE_DRAINING, SIGHT_AUTHENTIC, true, SLOT_GOOD, UPDATE_TRYING },
		{ UPDATE_UNCONFIRMED, SIGHT_REPORT, true, SLOT_TRYING, UPDATE_UNCONFIRMED },
		/* Before it runs, nothing is concluded. */
		{ UPDATE_WRITING, SIGHT_GOOD, false, SLOT_WRITING, UPDATE_WRITING },
		{ UPDATE_STAGED, SIGHT_REPORT, false, SLOT_STAGED, UPDATE_STAGED },
		{ UPDATE_TRYING, SIGHT_AUTHENTIC, false, SLOT_BAD, UPDATE_TRYING },
		{ UPDATE_TRYING, SIGHT_GOOD, false, SLOT_BAD, UPDATE_FALLEN_BACK },
		{ UPDATE_DRAINING, SIGHT_REPORT, false, SLOT_BAD, UPDATE_FALLEN_BACK },
		/* Bad from before it was ordered. */
		{ UPDATE_WAITING, SIGHT_REPORT, false, SLOT_BAD, UPDATE_WAITING },
		/* Ends are ends. */
		{ UPDATE_CANCELLED, SIGHT_GOOD, true, SLOT_GOOD, UPDATE_CANCELLED },
		{ UPDATE_FALLEN_BACK, SIGHT_GOOD, true, SLOT_GOOD, UPDATE_FALLEN_BACK },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct update_node n = share_in(rows[i].from);
		struct update_sight s = sight_of(rows[i].kind, rows[i].runs, rows[i].slot);

		(void)update_see(&n, &s);
		assert_int_equal(n.state, rows[i].to);
	}
}

static void an_old_failure_is_none(void **state)
{
	(void)state;
	struct update_node n = share_in(UPDATE_WRITING);
	struct update_sight s = sight_of(SIGHT_GOOD, false, SLOT_BAD);

	s.sequence = n.sequence;
	assert_false(update_see(&n, &s));
	s.sequence++;
	assert_true(update_see(&n, &s));
	assert_string_equal(n.reason, slot_cause_text(CAUSE_TRIAL_EXHAUSTED));
}

static void reasons_come_and_go(void **state)
{
	(void)state;
	struct update_node n = share_in(UPDATE_DRAINING);
	struct update_sight s = sight_of(SIGHT_AUTHENTIC, true, SLOT_TRYING);

	assert_true(update_see(&n, &s));
	assert_non_null(strstr(n.reason, verdict_name(VERDICT_BASELINE_DIFFERS)));
	assert_false(update_see(&n, &s));
	s = sight_of(SIGHT_GOOD, true, SLOT_UNCONFIRMED);
	s.held = true;
	assert_true(update_see(&n, &s));
	assert_non_null(strstr(n.reason, "signet attest clear"));
	s.held = false;
	assert_true(update_see(&n, &s));
	assert_string_equal(n.reason, "");
	assert_false(update_see(&n, &s));
}

/* Told to start, and started: then it must be tried, or it has failed. */
static void a_start_without_a_trial_fails(void **state)
{
	(void)state;
	static const u8 boot[ATTEST_ID_SIZE] = { 1 };
	struct update_sight s = sight_of(SIGHT_GOOD, false, SLOT_STAGED);
	struct update_node n = share_in(UPDATE_STAGED);

	update_staged(&n, boot);
	assert_int_equal(n.state, UPDATE_DRAINING);
	memcpy(s.session, boot, sizeof(boot));
	assert_false(update_see(&n, &s));
	s.session[0] = 2;
	assert_true(update_see(&n, &s));
	assert_int_equal(n.state, UPDATE_FAILED);
	assert_string_equal(n.code, "not-tried");
	n = share_in(UPDATE_STAGED);
	update_staged(&n, boot);
	s.slot[SLOT_B] = (struct slot_record){ .state = SLOT_EMPTY };
	assert_true(update_see(&n, &s));
	assert_string_equal(n.code, "slot-lost");
}

static void answers_end_or_repeat_it(void **state)
{
	(void)state;
	static const struct {
		const char *code;
		enum update_state to;
		bool again;
	} rows[] = { { "below-minimum", UPDATE_REFUSED, false }, { "cancelled", UPDATE_CANCELLED, false },
		{ "error-4", UPDATE_FAILED, false }, { "interrupted", UPDATE_WRITING, true } };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct update_node n = share_in(UPDATE_WRITING);

		n.order = 5;
		assert_int_equal(update_not_staged(&n, rows[i].code, "why"), rows[i].again);
		assert_int_equal(n.state, rows[i].to);
		assert_int_equal(n.order, rows[i].again ? 0 : 5);
	}
	/* It runs already because it is on trial: an answer that was lost, given again. */
	struct update_node n = share_in(UPDATE_TRYING);
	assert_false(update_not_staged(&n, "runs-already", "why"));
	assert_int_equal(n.state, UPDATE_TRYING);
}

/* One node's words, cut in the middle of a character, would let nobody see any update any more. */
static void long_words_are_cut_between_characters(void **state)
{
	(void)state;
	struct update_node n = share_in(UPDATE_WRITING);
	char words[2 * UPDATE_REASON_SIZE];

	for (size_t i = 0; i + 1 < sizeof(words); i += 2)
		memcpy(words + i, "\xC3\xA9", 2);
	words[sizeof(words) - 2] = '\0';
	assert_false(update_not_staged(&n, words, words));
	assert_int_equal(n.state, UPDATE_FAILED);
	assert_int_equal(strlen(n.reason), UPDATE_REASON_SIZE - 2);
	assert_int_equal(strlen(n.code) % 2, 0);
	/* Whole ones stay. */
	struct update_node whole = share_in(UPDATE_WRITING);
	assert_false(update_not_staged(&whole, "x", "\xF0\x9F\x98\x80\xC3\xA9"));
	assert_string_equal(whole.reason, "\xF0\x9F\x98\x80\xC3\xA9");
}

static void progress_goes_forward(void **state)
{
	(void)state;
	struct update_node n = share_in(UPDATE_WAITING);
	struct update_progress p = { .state = UPDATE_WRITING, .done = 50, .total = 100, .fetched = 20 };

	assert_true(update_advance(&n, &p));
	assert_int_equal(n.done, 50);
	assert_false(update_advance(&n, &p));
	p.state = UPDATE_TRYING;
	assert_false(update_advance(&n, &p));
	n.state = UPDATE_COMMITTED;
	p.state = UPDATE_WRITING;
	assert_false(update_advance(&n, &p));
	assert_int_equal(n.state, UPDATE_COMMITTED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(each_refusal_has_its_name, set_up),
		cmocka_unit_test_setup(neighbours_pass, set_up),
		cmocka_unit_test(what_is_seen_moves_it),
		cmocka_unit_test(an_old_failure_is_none),
		cmocka_unit_test(reasons_come_and_go),
		cmocka_unit_test(a_start_without_a_trial_fails),
		cmocka_unit_test(answers_end_or_repeat_it),
		cmocka_unit_test(long_words_are_cut_between_characters),
		cmocka_unit_test(progress_goes_forward),
	};

	return cmocka_run_group_tests_name("fleet updates", tests, NULL, NULL);
}
