/*
 * Slot records: one encoding, impossible records refused, and the transition table as docs/states.md shows it.
 * Trust: test code.
 */
#include "lib/bytes.h"
#include "tests/sim/doc_table.h"
#include "update/state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { STATE_AT = 48, TRIES_AT = 49, CAUSE_AT = 50, DIGEST_AT = 64, SEQUENCE_AT = 16, CHECKED = 176 };

static const u8 digest_1[SHA384_SIZE] = { 1, 2, 3 };
static const u8 digest_2[SHA384_SIZE] = { 9, 8, 7 };

static struct slot_record record_in(enum slot_state s)
{
	struct slot_record r = { .state = s };

	if (s != SLOT_EMPTY && s != SLOT_WRITING)
		memcpy(r.digest, digest_1, sizeof(r.digest));
	if (s == SLOT_TRYING)
		r.tries = 1;
	if (s == SLOT_BAD)
		r.cause = CAUSE_TRIAL_EXHAUSTED;
	return r;
}

static void encoded(u8 out[STATE_RECORD_SIZE])
{
	struct boot_state s = { .sequence = 7, .image_floor = 3, .key_floor = 2 };

	s.slot[SLOT_A] = record_in(SLOT_GOOD);
	s.slot[SLOT_B] = record_in(SLOT_TRYING);
	boot_state_encode(&s, out);
}

/* Bytes with a checksum that holds: what is tested is then the field, not the checksum. */
static enum err decode_sealed(u8 bytes[STATE_RECORD_SIZE])
{
	struct boot_state s;

	sha256_of(bytes, CHECKED, bytes + CHECKED);
	return boot_state_decode(bytes, STATE_RECORD_SIZE, &s);
}

static void every_possible_record_comes_back(void **state)
{
	(void)state;
	for (u32 a = 0; a < SLOT_STATES; a++) {
		struct boot_state s = { .sequence = a, .image_floor = UINT64_MAX, .key_floor = 1 };
		struct boot_state back;
		u8 bytes[STATE_RECORD_SIZE];
		u8 again[STATE_RECORD_SIZE];

		s.slot[SLOT_A] = record_in((enum slot_state)a);
		s.slot[SLOT_B] = record_in((enum slot_state)(SLOT_STATES - 1 - a));
		boot_state_encode(&s, bytes);
		assert_int_equal(boot_state_decode(bytes, sizeof(bytes), &back), OK);
		assert_memory_equal(&back.slot[SLOT_A].digest, &s.slot[SLOT_A].digest, SHA384_SIZE);
		assert_int_equal(back.slot[SLOT_B].state, s.slot[SLOT_B].state);
		boot_state_encode(&back, again);
		assert_memory_equal(bytes, again, sizeof(bytes));
	}
}

static void row23_every_flipped_bit_is_refused(void **state)
{
	u8 bytes[STATE_RECORD_SIZE];
	struct boot_state s;

	(void)state;
	encoded(bytes);
	assert_int_equal(boot_state_decode(bytes, sizeof(bytes), &s), OK);
	for (u32 bit = 0; bit < 8 * STATE_RECORD_SIZE; bit++) {
		bytes[bit / 8] ^= (u8)BIT(bit % 8);
		assert_int_equal(boot_state_decode(bytes, sizeof(bytes), &s), ERR_NV_RECORD);
		bytes[bit / 8] ^= (u8)BIT(bit % 8);
	}
	assert_int_equal(boot_state_decode(bytes, sizeof(bytes), &s), OK);
}

static void row23_every_torn_record_is_refused(void **state)
{
	u8 old[STATE_RECORD_SIZE];
	u8 new[STATE_RECORD_SIZE];
	u8 torn[STATE_RECORD_SIZE];
	struct boot_state s = { .sequence = 8 };
	u32 refused = 0;

	(void)state;
	encoded(old);
	boot_state_encode(&s, new);
	for (size_t cut = 0; cut <= sizeof(torn); cut++) {
		memcpy(torn, old, sizeof(torn));
		memcpy(torn, new, cut);
		/* All old or all new, and nothing between. */
		bool whole = memcmp(torn, old, sizeof(torn)) == 0 || memcmp(torn, new, sizeof(torn)) == 0;

		assert_int_equal(boot_state_decode(torn, sizeof(torn), &s), whole ? OK : ERR_NV_RECORD);
		refused += !whole;
	}
	assert_true(refused > STATE_RECORD_SIZE / 2);
}

static void wrong_lengths_are_refused(void **state)
{
	u8 bytes[STATE_RECORD_SIZE + 1] = { 0 };
	struct boot_state s;

	(void)state;
	encoded(bytes);
	assert_int_equal(boot_state_decode(bytes, STATE_RECORD_SIZE, &s), OK);
	assert_int_equal(boot_state_decode(bytes, STATE_RECORD_SIZE - 1, &s), ERR_NV_RECORD);
	assert_int_equal(boot_state_decode(bytes, STATE_RECORD_SIZE + 1, &s), ERR_NV_RECORD);
	assert_int_equal(boot_state_decode(bytes, 0, &s), ERR_NV_RECORD);
}

static void reserved_bytes_magic_and_version_are_checked(void **state)
{
	static const u8 fixed[] = { 0, 7, 8, 11, 12, 15, 40, 47, 51, 55, 56, 63, 115, 127 };
	u8 bytes[STATE_RECORD_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(fixed); i++) {
		encoded(bytes);
		bytes[fixed[i]] ^= 0x40;
		assert_int_equal(decode_sealed(bytes), ERR_NV_RECORD);
	}
	/* A neighbour that means something. */
	encoded(bytes);
	bytes[SEQUENCE_AT] ^= 0x40;
	assert_int_equal(decode_sealed(bytes), OK);
}

static enum err decode_slot(u8 slot_state, u8 tries, u8 cause, u8 digest)
{
	u8 bytes[STATE_RECORD_SIZE];

	encoded(bytes);
	bytes[STATE_AT] = slot_state;
	bytes[TRIES_AT] = tries;
	bytes[CAUSE_AT] = cause;
	memset(bytes + DIGEST_AT, digest, SHA384_SIZE);
	return decode_sealed(bytes);
}

/* docs/states.md: what each state carries. */
static void possible_records_are_those_of_the_docs(void **state)
{
	struct doc_table t;
	u32 accepted = 0;

	(void)state;
	assert_true(doc_table_read(
	        "docs/states.md", "| state | number | tries left | cause | manifest digest | meaning |", &t));
	assert_int_equal(t.rows, SLOT_STATES);
	for (u32 i = 0; i < t.rows; i++) {
		u8 last_try = strcmp(t.cell[i][2], "0 .. 2") == 0 ? 2 : 0;
		bool cause_wanted = strcmp(t.cell[i][3], "yes") == 0;
		bool digest_wanted = strcmp(t.cell[i][4], "yes") == 0;

		assert_string_equal(t.cell[i][0], slot_state_name((enum slot_state)i));
		assert_int_equal(t.cell[i][1][0] - '0', i);
		for (u8 tries = 0; tries < 5; tries++) {
			for (u8 cause = 0; cause < 6; cause++) {
				for (u8 digest = 0; digest < 2; digest++) {
					bool fits = tries <= last_try && (cause != 0) == cause_wanted &&
					        cause < SLOT_CAUSES && digest == digest_wanted;

					assert_int_equal(
					        decode_slot((u8)i, tries, cause, digest), fits ? OK : ERR_NV_RECORD);
					accepted += fits;
				}
			}
		}
	}
	assert_int_equal(accepted, 5 + 3 + 3);
	assert_int_equal(decode_slot(SLOT_STATES, 0, 0, 0), ERR_NV_RECORD);
	assert_int_equal(decode_slot(255, 0, 0, 1), ERR_NV_RECORD);
}

static void assert_same_record(const struct slot_record *a, const struct slot_record *b)
{
	assert_int_equal(a->state, b->state);
	assert_int_equal(a->tries, b->tries);
	assert_int_equal(a->cause, b->cause);
	assert_memory_equal(a->digest, b->digest, SHA384_SIZE);
}

/* The whole table of docs/states.md, every cell. */
static void transitions_are_those_of_the_docs(void **state)
{
	struct doc_table t;

	(void)state;
	assert_true(doc_table_read(
	        "docs/states.md", "| state | begin-write | stage | start | fail | healthy | commit | erase |", &t));
	assert_int_equal(t.rows, SLOT_STATES);
	assert_int_equal(t.columns, 1 + SLOT_EVENTS);
	for (u32 s = 0; s < SLOT_STATES; s++) {
		assert_string_equal(t.cell[s][0], slot_state_name((enum slot_state)s));
		for (u32 event = 0; event < SLOT_EVENTS; event++) {
			struct slot_record r = record_in((enum slot_state)s);
			struct slot_record before = r;
			enum err e = slot_transition(&r, (enum slot_event)event, digest_2, CAUSE_VERIFICATION);

			if (strcmp(t.cell[s][1 + event], "-") == 0) {
				assert_int_equal(e, ERR_STATE_TRANSITION);
				assert_same_record(&r, &before);
			} else {
				assert_int_equal(e, OK);
				assert_string_equal(t.cell[s][1 + event], slot_state_name(r.state));
			}
		}
	}
}

static void a_trial_has_three_tries(void **state)
{
	struct slot_record r = record_in(SLOT_WRITING);

	(void)state;
	assert_int_equal(slot_transition(&r, SLOT_STAGE, digest_2, CAUSE_NONE), OK);
	assert_memory_equal(r.digest, digest_2, SHA384_SIZE);
	for (u8 left = TRIES_MAX; left-- > 0;) {
		assert_int_equal(slot_transition(&r, SLOT_START, NULL, CAUSE_NONE), OK);
		assert_int_equal(r.state, SLOT_TRYING);
		assert_int_equal(r.tries, left);
	}
	assert_int_equal(slot_transition(&r, SLOT_START, NULL, CAUSE_NONE), ERR_STATE_TRANSITION);
	assert_int_equal(r.tries, 0);
	/* The last try may still succeed. */
	assert_int_equal(slot_transition(&r, SLOT_HEALTHY, NULL, CAUSE_NONE), OK);
	assert_int_equal(r.state, SLOT_UNCONFIRMED);
	assert_int_equal(slot_transition(&r, SLOT_START, NULL, CAUSE_NONE), OK);
	assert_int_equal(r.state, SLOT_UNCONFIRMED);
	assert_memory_equal(r.digest, digest_2, SHA384_SIZE);
}

static void what_an_event_must_bring_is_demanded(void **state)
{
	static const u8 none[SHA384_SIZE];
	struct slot_record r = record_in(SLOT_WRITING);

	(void)state;
	assert_int_equal(slot_transition(&r, SLOT_STAGE, none, CAUSE_NONE), ERR_STATE_TRANSITION);
	assert_int_equal(slot_transition(&r, SLOT_STAGE, NULL, CAUSE_NONE), ERR_STATE_TRANSITION);
	assert_int_equal(slot_transition(&r, SLOT_STAGE, digest_1, CAUSE_NONE), OK);
	assert_int_equal(slot_transition(&r, SLOT_FAIL, NULL, CAUSE_NONE), ERR_STATE_TRANSITION);
	assert_int_equal(slot_transition(&r, SLOT_FAIL, NULL, SLOT_CAUSES), ERR_STATE_TRANSITION);
	assert_int_equal(slot_transition(&r, SLOT_EVENTS, NULL, CAUSE_NONE), ERR_STATE_TRANSITION);
	assert_int_equal(r.state, SLOT_STAGED);
	assert_int_equal(slot_transition(&r, SLOT_FAIL, NULL, CAUSE_REFUSED), OK);
	assert_int_equal(r.cause, CAUSE_REFUSED);
	assert_memory_equal(r.digest, digest_1, SHA384_SIZE);
	/* Its cause stays while it boots as a last resort, and goes with the content. */
	assert_int_equal(slot_transition(&r, SLOT_START, NULL, CAUSE_NONE), OK);
	assert_int_equal(r.cause, CAUSE_REFUSED);
	assert_int_equal(slot_transition(&r, SLOT_BEGIN_WRITE, NULL, CAUSE_NONE), OK);
	assert_int_equal(r.cause, CAUSE_NONE);
	assert_true(bytes_are_zero(r.digest, SHA384_SIZE));
}

static void an_impossible_record_moves_nowhere(void **state)
{
	struct slot_record tries = record_in(SLOT_GOOD);
	struct slot_record unknown = record_in(SLOT_GOOD);

	(void)state;
	tries.tries = 1;
	assert_int_equal(slot_transition(&tries, SLOT_ERASE, NULL, CAUSE_NONE), ERR_STATE_TRANSITION);
	unknown.state = SLOT_STATES;
	assert_int_equal(slot_transition(&unknown, SLOT_ERASE, NULL, CAUSE_NONE), ERR_STATE_TRANSITION);
	assert_string_equal(slot_state_name(SLOT_STATES), "unknown");
	assert_string_equal(slot_cause_text(SLOT_CAUSES), "unknown");
}

static void floors_come_back_and_torn_ones_do_not(void **state)
{
	static const u64 values[] = { 0, 1, 0x7fffffff, 0x80000000, UINT64_MAX };
	u8 bytes[FLOOR_RECORD_SIZE];
	u64 back;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		floor_encode(values[i], bytes);
		assert_int_equal(floor_decode(bytes, sizeof(bytes), &back), OK);
		assert_true(back == values[i]);
		for (u32 bit = 0; bit < 8 * FLOOR_RECORD_SIZE; bit++) {
			bytes[bit / 8] ^= (u8)BIT(bit % 8);
			assert_int_equal(floor_decode(bytes, sizeof(bytes), &back), ERR_NV_RECORD);
			bytes[bit / 8] ^= (u8)BIT(bit % 8);
		}
	}
	assert_int_equal(floor_decode(bytes, sizeof(bytes) - 1, &back), ERR_NV_RECORD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_possible_record_comes_back),
		cmocka_unit_test(row23_every_flipped_bit_is_refused),
		cmocka_unit_test(row23_every_torn_record_is_refused),
		cmocka_unit_test(wrong_lengths_are_refused),
		cmocka_unit_test(reserved_bytes_magic_and_version_are_checked),
		cmocka_unit_test(possible_records_are_those_of_the_docs),
		cmocka_unit_test(transitions_are_those_of_the_docs),
		cmocka_unit_test(a_trial_has_three_tries),
		cmocka_unit_test(what_an_event_must_bring_is_demanded),
		cmocka_unit_test(an_impossible_record_moves_nowhere),
		cmocka_unit_test(floors_come_back_and_torn_ones_do_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
