/*
 * Which slot boots: the code's table against the one in docs/states.md, over every combination; order; and the plan.
 * Trust: test code.
 */
#include "tests/sim/doc_table.h"
#include "update/plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const u8 digest_a[SHA384_SIZE] = { 0xa };
static const u8 digest_b[SHA384_SIZE] = { 0xb };
static const char *const nv_name[] = { "unprovisioned", "provisioned", "state lost" };

static struct slot_facts facts_of(enum slot_state s, u8 tries, bool fits)
{
	struct slot_facts f = { .valid = true, .digest_fits = fits, .record = { .state = s, .tries = tries } };

	return f;
}

static bool cell_fits(const char *cell, bool is)
{
	return strcmp(cell, "any") == 0 || strcmp(cell, is ? "yes" : "no") == 0;
}

static bool row_fits(const struct doc_table *t, u32 i, enum nv_status nv, bool writable, const struct slot_facts *f)
{
	return strcmp(t->cell[i][0], nv_name[nv]) == 0 &&
	        (strcmp(t->cell[i][1], "any") == 0 || strcmp(t->cell[i][1], slot_state_name(f->record.state)) == 0) &&
	        cell_fits(t->cell[i][2], f->digest_fits) && cell_fits(t->cell[i][3], f->record.tries > 0) &&
	        cell_fits(t->cell[i][4], writable);
}

/* The reason docs/states.md gives, "none" without a row; rows must not contradict each other. */
static const char *documented(const struct doc_table *t, enum nv_status nv, bool writable, const struct slot_facts *f)
{
	const char *reason = "none";

	for (u32 i = 0; i < t->rows; i++) {
		if (row_fits(t, i, nv, writable, f)) {
			assert_string_equal(reason, "none");
			reason = t->cell[i][5];
		}
	}
	return reason;
}

static void compare_state(const struct doc_table *t, enum nv_status nv, enum slot_state s)
{
	for (u8 tries = 0; tries < TRIES_MAX; tries++) {
		for (u32 bits = 0; bits < 4; bits++) {
			struct slot_facts f = facts_of(s, tries, bits & 1);
			bool writable = bits & 2;

			assert_string_equal(
			        boot_reason_text(slot_reason(nv, writable, &f)), documented(t, nv, writable, &f));
			f.valid = false;
			assert_int_equal(slot_reason(nv, writable, &f), REASON_NONE);
		}
	}
}

static void reasons_are_those_of_the_docs(void **state)
{
	struct doc_table t;

	(void)state;
	assert_true(
	        doc_table_read("docs/states.md", "| NV | state | digest fits | tries left | writable | reason |", &t));
	for (u32 nv = NV_UNPROVISIONED; nv <= NV_STATE_LOST; nv++) {
		for (u32 s = 0; s < SLOT_STATES; s++)
			compare_state(&t, (enum nv_status)nv, (enum slot_state)s);
	}
}

static void the_order_of_reasons_is_that_of_the_docs(void **state)
{
	struct doc_table t;

	(void)state;
	assert_true(doc_table_read("docs/states.md", "| number | reason |", &t));
	assert_int_equal(t.rows, REASON_END - 1);
	for (u32 i = 0; i < t.rows; i++) {
		assert_int_equal(t.cell[i][0][0] - '0', i + 1);
		assert_string_equal(t.cell[i][1], boot_reason_text((enum boot_reason)(i + 1)));
	}
	assert_string_equal(boot_reason_text(REASON_END), "unknown");
}

static void unknown_status_or_state_does_not_boot(void **state)
{
	struct slot_facts f = facts_of(SLOT_STATES, 0, false);

	(void)state;
	assert_int_equal(slot_reason(NV_PROVISIONED, true, &f), REASON_NONE);
	f = facts_of(SLOT_GOOD, 0, true);
	assert_int_equal(slot_reason((enum nv_status)3, true, &f), REASON_NONE);
	assert_int_equal(slot_reason(NV_PROVISIONED, true, &f), REASON_GOOD);
}

static void the_better_reason_is_first_however_old(void **state)
{
	struct slot_facts f[SLOTS] = { facts_of(SLOT_GOOD, 0, true), facts_of(SLOT_TRYING, 1, true) };
	struct boot_choice c[SLOTS];

	(void)state;
	f[SLOT_A].svn = 9;
	assert_int_equal(boot_order(NV_PROVISIONED, true, f, c), 2);
	assert_int_equal(c[0].slot, SLOT_B);
	assert_int_equal(c[0].reason, REASON_TRIAL);
	assert_int_equal(c[1].slot, SLOT_A);
	/* The same without the right to count the try. */
	assert_int_equal(boot_order(NV_PROVISIONED, false, f, c), 2);
	assert_int_equal(c[0].slot, SLOT_A);
	assert_int_equal(c[1].reason, REASON_LAST_RESORT);
	f[SLOT_A].valid = false;
	assert_int_equal(boot_order(NV_PROVISIONED, true, f, c), 1);
	assert_int_equal(c[0].slot, SLOT_B);
	f[SLOT_B].valid = false;
	assert_int_equal(boot_order(NV_PROVISIONED, true, f, c), 0);
}

static u8 first_of(u32 svn_a, u64 created_a, u32 svn_b, u64 created_b)
{
	struct slot_facts f[SLOTS] = { facts_of(SLOT_GOOD, 0, true), facts_of(SLOT_GOOD, 0, true) };
	struct boot_choice c[SLOTS];

	f[SLOT_A].svn = svn_a;
	f[SLOT_A].created = created_a;
	f[SLOT_B].svn = svn_b;
	f[SLOT_B].created = created_b;
	assert_int_equal(boot_order(NV_UNPROVISIONED, false, f, c), 2);
	assert_int_equal(c[0].reason, REASON_UNPROVISIONED);
	assert_int_equal(c[0].slot + c[1].slot, SLOT_A + SLOT_B);
	return c[0].slot;
}

static void of_equal_reasons_the_newer_is_first(void **state)
{
	(void)state;
	assert_int_equal(first_of(2, 1, 1, 9), SLOT_A);
	assert_int_equal(first_of(1, 9, 2, 1), SLOT_B);
	assert_int_equal(first_of(2, 5, 2, 6), SLOT_B);
	assert_int_equal(first_of(2, 6, 2, 5), SLOT_A);
	assert_int_equal(first_of(2, 5, 2, 5), SLOT_A);
	/* Beyond the sign bit a number is still a number. */
	assert_int_equal(first_of(0x7fffffff, UINT64_MAX, 0x80000000, 0), SLOT_B);
}

static void a_newer_image_for_a_worse_reason_is_second(void **state)
{
	struct slot_facts f[SLOTS] = { facts_of(SLOT_GOOD, 0, true), facts_of(SLOT_BAD, 0, true) };
	struct boot_choice c[SLOTS];

	(void)state;
	f[SLOT_B].svn = 9;
	assert_int_equal(boot_order(NV_PROVISIONED, true, f, c), 2);
	assert_int_equal(c[0].slot, SLOT_A);
	assert_int_equal(c[1].reason, REASON_LAST_RESORT);
}

static struct slot_record record(enum slot_state s, u8 tries, const u8 *digest)
{
	struct slot_record r = { .state = s, .tries = tries };

	memcpy(r.digest, digest, SHA384_SIZE);
	return r;
}

/* A good and b in the given state, both as their records say. */
struct scene {
	struct nv_view view;
	struct slot_facts facts[SLOTS];
	enum err found[SLOTS];
	struct boot_state next;
	bool changed;
};

static void scene_init(struct scene *s, struct slot_record b)
{
	memset(s, 0, sizeof(*s));
	s->view.status = NV_PROVISIONED;
	s->view.writable = true;
	s->view.state.slot[SLOT_A] = record(SLOT_GOOD, 0, digest_a);
	s->view.state.slot[SLOT_B] = b;
	for (u8 i = 0; i < SLOTS; i++) {
		s->facts[i].valid = true;
		s->facts[i].digest_fits = true;
		s->facts[i].record = s->view.state.slot[i];
	}
}

/* As the stage does: an error found makes the slot invalid; the first in order is chosen. */
static struct boot_choice scene_plan(struct scene *s)
{
	struct boot_choice c[SLOTS];

	for (u8 i = 0; i < SLOTS; i++)
		s->facts[i].valid = s->found[i] == OK;
	assert_true(boot_order(s->view.status, s->view.writable, s->facts, c) > 0);
	assert_int_equal(boot_plan(&s->view, s->facts, s->found, &c[0], &s->next, &s->changed), OK);
	return c[0];
}

/* By what would be written: structs have padding. */
static void assert_same_state(const struct boot_state *a, const struct boot_state *b)
{
	u8 bytes_a[STATE_RECORD_SIZE];
	u8 bytes_b[STATE_RECORD_SIZE];

	boot_state_encode(a, bytes_a);
	boot_state_encode(b, bytes_b);
	assert_memory_equal(bytes_a, bytes_b, STATE_RECORD_SIZE);
}

static void an_ordinary_boot_changes_nothing(void **state)
{
	static const enum slot_state stable[] = { SLOT_GOOD, SLOT_BAD };
	struct scene s;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(stable); i++) {
		scene_init(&s, record(stable[i], 0, digest_b));
		scene_plan(&s);
		assert_false(s.changed);
		assert_same_state(&s.next, &s.view.state);
	}
	scene_init(&s, record(SLOT_UNCONFIRMED, 0, digest_b));
	assert_int_equal(scene_plan(&s).slot, SLOT_B);
	assert_false(s.changed);
}

static void a_slot_that_promises_no_image_cannot_fail(void **state)
{
	static const u8 none[SHA384_SIZE];
	struct scene s;

	(void)state;
	for (u32 i = SLOT_EMPTY; i <= SLOT_WRITING; i++) {
		scene_init(&s, record((enum slot_state)i, 0, none));
		s.found[SLOT_B] = ERR_IMAGE_ABSENT;
		assert_int_equal(scene_plan(&s).slot, SLOT_A);
		assert_false(s.changed);
	}
}

static void a_trial_is_counted_before_it_starts(void **state)
{
	struct scene s;

	(void)state;
	scene_init(&s, record(SLOT_STAGED, 0, digest_b));
	assert_int_equal(scene_plan(&s).reason, REASON_TRIAL);
	assert_true(s.changed);
	assert_int_equal(s.next.slot[SLOT_B].state, SLOT_TRYING);
	assert_int_equal(s.next.slot[SLOT_B].tries, TRIES_MAX - 1);
	scene_init(&s, record(SLOT_TRYING, 1, digest_b));
	scene_plan(&s);
	assert_true(s.changed);
	assert_int_equal(s.next.slot[SLOT_B].state, SLOT_TRYING);
	assert_int_equal(s.next.slot[SLOT_B].tries, 0);
}

static void an_exhausted_trial_falls_back_and_says_why(void **state)
{
	struct scene s;

	(void)state;
	scene_init(&s, record(SLOT_TRYING, 0, digest_b));
	assert_int_equal(scene_plan(&s).slot, SLOT_A);
	assert_true(s.changed);
	assert_int_equal(s.next.slot[SLOT_B].state, SLOT_BAD);
	assert_int_equal(s.next.slot[SLOT_B].cause, CAUSE_TRIAL_EXHAUSTED);
	/* With nothing else it boots all the same, once as the record changes and then without a write. */
	s.found[SLOT_A] = ERR_IMAGE_CONTENT;
	assert_int_equal(scene_plan(&s).reason, REASON_LAST_RESORT);
	assert_int_equal(s.next.slot[SLOT_B].state, SLOT_BAD);
	assert_int_equal(s.next.slot[SLOT_A].state, SLOT_BAD);
	s.view.state = s.next;
	for (u8 i = 0; i < SLOTS; i++)
		s.facts[i].record = s.next.slot[i];
	assert_int_equal(scene_plan(&s).slot, SLOT_B);
	assert_false(s.changed);
}

static void what_was_found_decides_the_cause(void **state)
{
	static const struct {
		enum err found;
		enum slot_cause cause;
	} cases[] = {
		{ ERR_IMAGE_CONTENT, CAUSE_VERIFICATION },
		{ ERR_SIGNATURE_MISSING, CAUSE_VERIFICATION },
		{ ERR_KEYS_CHAIN, CAUSE_VERIFICATION },
		{ ERR_IMAGE_ABSENT, CAUSE_VERIFICATION },
		{ ERR_IMAGE_FLOOR, CAUSE_REFUSED },
		{ ERR_KEYS_FLOOR, CAUSE_REFUSED },
		{ ERR_IMAGE_HARDWARE, CAUSE_REFUSED },
		{ ERR_IMAGE_DEVELOPMENT, CAUSE_REFUSED },
		/* Not the image's fault. */
		{ ERR_NO_MEMORY, CAUSE_NONE },
		{ ERR_BOOT_MEMORY, CAUSE_NONE },
		{ ERR_TPM_TIMEOUT, CAUSE_NONE },
		{ ERR_IO, CAUSE_NONE },
	};
	struct scene s;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		scene_init(&s, record(SLOT_STAGED, 0, digest_b));
		s.found[SLOT_B] = cases[i].found;
		assert_int_equal(scene_plan(&s).slot, SLOT_A);
		assert_int_equal(s.changed, cases[i].cause != CAUSE_NONE);
		assert_int_equal(s.next.slot[SLOT_B].cause, cases[i].cause);
		assert_int_equal(s.next.slot[SLOT_B].state, cases[i].cause ? SLOT_BAD : SLOT_STAGED);
	}
}

static void another_image_than_recorded_boots_unstaged(void **state)
{
	struct scene s;

	(void)state;
	scene_init(&s, record(SLOT_STAGED, 0, digest_b));
	s.facts[SLOT_B].digest_fits = false;
	assert_int_equal(scene_plan(&s).slot, SLOT_A);
	assert_int_equal(s.next.slot[SLOT_B].cause, CAUSE_VERIFICATION);
	/* Nothing better verifies: it boots, and no try is counted on a record that speaks of another image. */
	s.found[SLOT_A] = ERR_IMAGE_ABSENT;
	assert_int_equal(scene_plan(&s).reason, REASON_UNSTAGED);
	assert_int_equal(s.next.slot[SLOT_B].state, SLOT_BAD);
}

static void without_the_right_to_write_nothing_changes(void **state)
{
	struct scene s;

	(void)state;
	scene_init(&s, record(SLOT_TRYING, 0, digest_b));
	s.view.writable = false;
	s.view.floors_lag = true;
	assert_int_equal(scene_plan(&s).slot, SLOT_A);
	assert_false(s.changed);
	s.view.writable = true;
	s.view.status = NV_STATE_LOST;
	scene_plan(&s);
	assert_false(s.changed);
}

static void lagging_floors_are_a_change(void **state)
{
	struct scene s;

	(void)state;
	scene_init(&s, record(SLOT_GOOD, 0, digest_b));
	s.view.floors_lag = true;
	scene_plan(&s);
	assert_true(s.changed);
	assert_same_state(&s.next, &s.view.state);
}

static void a_choice_that_may_not_boot_is_refused(void **state)
{
	struct boot_choice c = { .slot = SLOT_A, .reason = REASON_GOOD };
	struct scene s;

	(void)state;
	scene_init(&s, record(SLOT_GOOD, 0, digest_b));
	assert_int_equal(boot_plan(&s.view, s.facts, s.found, &c, &s.next, &s.changed), OK);
	s.found[SLOT_A] = ERR_IMAGE_CONTENT;
	assert_int_equal(boot_plan(&s.view, s.facts, s.found, &c, &s.next, &s.changed), ERR_INTERNAL);
	s.found[SLOT_A] = OK;
	c.reason = REASON_TRIAL;
	assert_int_equal(boot_plan(&s.view, s.facts, s.found, &c, &s.next, &s.changed), ERR_INTERNAL);
	c.slot = SLOT_NONE;
	assert_int_equal(boot_plan(&s.view, s.facts, s.found, &c, &s.next, &s.changed), ERR_INTERNAL);
	/* Also where both agree that there is none. */
	c = (struct boot_choice){ .slot = SLOT_A, .reason = REASON_NONE };
	s.facts[SLOT_A].valid = false;
	s.view.writable = false;
	assert_int_equal(boot_plan(&s.view, s.facts, s.found, &c, &s.next, &s.changed), ERR_INTERNAL);
	assert_false(s.changed);
}

static void row20_the_floor_rises_at_the_commit_and_not_before(void **state)
{
	struct running_image image = { digest_b, 5, 2 };
	struct scene s;
	struct boot_state next;

	(void)state;
	scene_init(&s, record(SLOT_TRYING, 0, digest_b));
	s.view.state.image_floor = 3;
	assert_int_equal(plan_commit(&s.view, SLOT_B, &image, 5, 2, &next), ERR_STATE_TRANSITION);
	assert_int_equal(plan_healthy(&s.view, SLOT_B, &next), OK);
	assert_int_equal(next.image_floor, 3);
	assert_int_equal(next.slot[SLOT_B].state, SLOT_UNCONFIRMED);
	s.view.state = next;
	assert_int_equal(plan_healthy(&s.view, SLOT_B, &next), ERR_STATE_TRANSITION);
	assert_int_equal(plan_commit(&s.view, SLOT_B, &image, 5, 2, &next), OK);
	assert_int_equal(next.image_floor, 5);
	assert_int_equal(next.key_floor, 2);
	assert_int_equal(next.slot[SLOT_B].state, SLOT_GOOD);
	/* A verdict may leave a floor where it is; it never lowers one. */
	s.view.state.key_floor = 1;
	assert_int_equal(plan_commit(&s.view, SLOT_B, &image, 0, 0, &next), OK);
	assert_int_equal(next.image_floor, 3);
	assert_int_equal(next.key_floor, 1);
}

static void without_a_record_there_is_nothing_to_confirm(void **state)
{
	struct running_image image = { digest_b, 5, 2 };
	struct nv_view view = { .status = NV_UNPROVISIONED };
	struct boot_state next;

	(void)state;
	assert_int_equal(plan_healthy(&view, SLOT_B, &next), ERR_STATE_TRANSITION);
	assert_int_equal(plan_commit(&view, SLOT_B, &image, 5, 2, &next), ERR_STATE_TRANSITION);
}

static void row14_a_floor_beyond_the_running_image_is_refused(void **state)
{
	struct running_image image = { digest_b, 5, 2 };
	struct scene s;
	struct boot_state next;

	(void)state;
	scene_init(&s, record(SLOT_UNCONFIRMED, 0, digest_b));
	assert_int_equal(plan_commit(&s.view, SLOT_B, &image, 6, 2, &next), ERR_RANGE);
	assert_int_equal(plan_commit(&s.view, SLOT_B, &image, UINT64_MAX, 2, &next), ERR_RANGE);
	assert_int_equal(plan_commit(&s.view, SLOT_B, &image, 5, 3, &next), ERR_RANGE);
	assert_int_equal(plan_commit(&s.view, SLOT_B, &image, 5, 2, &next), OK);
	/* The verdict is for another image than the slot's record. */
	image.manifest_digest = digest_a;
	assert_int_equal(plan_commit(&s.view, SLOT_B, &image, 5, 2, &next), ERR_STATE_TRANSITION);
}

static void facts_come_from_record_and_image(void **state)
{
	static struct verified_image image;
	struct scene s;
	struct slot_facts f;

	(void)state;
	image.manifest.svn = 5;
	image.manifest.created = 77;
	memcpy(image.manifest_digest, digest_b, SHA384_SIZE);
	scene_init(&s, record(SLOT_STAGED, 0, digest_b));
	f = slot_facts_of(&s.view, SLOT_B, &image);
	assert_true(f.valid && f.digest_fits && f.svn == 5 && f.created == 77);
	assert_int_equal(f.record.state, SLOT_STAGED);
	f = slot_facts_of(&s.view, SLOT_A, &image);
	assert_true(f.valid && !f.digest_fits);
	f = slot_facts_of(&s.view, SLOT_B, NULL);
	assert_false(f.valid || f.digest_fits);
	s.view.status = NV_UNPROVISIONED;
	f = slot_facts_of(&s.view, SLOT_B, &image);
	assert_true(f.valid && !f.digest_fits && f.record.state == SLOT_EMPTY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reasons_are_those_of_the_docs),
		cmocka_unit_test(the_order_of_reasons_is_that_of_the_docs),
		cmocka_unit_test(unknown_status_or_state_does_not_boot),
		cmocka_unit_test(the_better_reason_is_first_however_old),
		cmocka_unit_test(of_equal_reasons_the_newer_is_first),
		cmocka_unit_test(a_newer_image_for_a_worse_reason_is_second),
		cmocka_unit_test(an_ordinary_boot_changes_nothing),
		cmocka_unit_test(a_slot_that_promises_no_image_cannot_fail),
		cmocka_unit_test(a_trial_is_counted_before_it_starts),
		cmocka_unit_test(an_exhausted_trial_falls_back_and_says_why),
		cmocka_unit_test(what_was_found_decides_the_cause),
		cmocka_unit_test(another_image_than_recorded_boots_unstaged),
		cmocka_unit_test(without_the_right_to_write_nothing_changes),
		cmocka_unit_test(lagging_floors_are_a_change),
		cmocka_unit_test(a_choice_that_may_not_boot_is_refused),
		cmocka_unit_test(row20_the_floor_rises_at_the_commit_and_not_before),
		cmocka_unit_test(without_a_record_there_is_nothing_to_confirm),
		cmocka_unit_test(row14_a_floor_beyond_the_running_image_is_refused),
		cmocka_unit_test(facts_come_from_record_and_image),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
