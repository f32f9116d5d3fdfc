/* Key manifests: parsing, looking up, editing, and walking the chain. */
#include "lib/bytes.h"
#include "tests/adversarial/forge.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static struct forge forged;
static struct key_set parsed;

static size_t body_length(const u8 *manifest)
{
	return load_le32(manifest + 12);
}

static void a_body_parses_to_what_was_encoded(void **state)
{
	(void)state;
	u8 again[KEYS_BODY_MAX];

	forge_init(&forged);
	size_t n = body_length(forged.region);
	assert_int_equal(key_set_parse(forged.region, n, &parsed), OK);
	assert_memory_equal(&parsed, &forged.keys, sizeof(parsed));
	assert_int_equal(keys_body_encode(&parsed, FORGE_SIGNATURE_ROOM, again), n);
	assert_memory_equal(again, forged.region, n);
}

static void any_other_length_is_refused(void **state)
{
	(void)state;
	forge_init(&forged);
	size_t n = body_length(forged.region);
	for (size_t k = 0; k < n + 16; k++)
		assert_int_equal(key_set_parse(forged.region, k, &parsed), k == n ? OK : ERR_KEYS_FORMAT);
}

/* The first key follows the fixed part, roots first; seven keys, the policy key last. */
enum { FIRST_KEY = KEYS_FIXED_SIZE, POLICY_KEY = KEYS_FIXED_SIZE + 6 * KEY_ENTRY_SIZE };

static const struct {
	const char *what;
	u32 offset;
	u32 value;
} malformed[] = {
	{ "magic", 0, 0 },
	{ "total not a multiple of 8", 8, 2004 },
	{ "total without a list", 8, KEYS_FIXED_SIZE + 7 * KEY_ENTRY_SIZE },
	{ "total beyond any region", 8, IMAGE_KEYS_MAX + 8 },
	{ "total near 2^32", 8, 0xFFFFFFF8 },
	{ "body shorter than the fixed part", 12, 40 },
	{ "body shorter than it is", 12, KEYS_FIXED_SIZE + 6 * KEY_ENTRY_SIZE },
	{ "body near 2^31", 12, 0x80000000 },
	{ "version 0", 16, 0 },
	{ "no root threshold", 24, 0 },
	{ "more than all roots", 24, 4 },
	{ "no release threshold", 28, 0 },
	{ "more than all release keys", 28, 4 },
	{ "no keys", 32, 0 },
	{ "too many keys", 32, KEYS_COUNT_MAX + 1 },
	{ "key count near 2^32", 32, 0xFFFFFFFF },
	{ "one revoked too many", 36, 1 },
	{ "revoked count near 2^32", 36, 0xFFFFFFFF },
	{ "reserved", 40, 1 },
	{ "reserved, second half", 44, 1 },
	{ "role 0", FIRST_KEY, 0 },
	{ "role 4", POLICY_KEY, 4 },
	{ "no policy key", POLICY_KEY, ROLE_RELEASE },
	{ "a root key of P-256", FIRST_KEY + 4, ALGORITHM_P256 },
	{ "a root key of LMS", FIRST_KEY + 4, ALGORITHM_LMS_RESERVED },
	{ "a policy key of P-384", POLICY_KEY + 4, ALGORITHM_P384 },
	{ "bytes behind the policy key", POLICY_KEY + 8 + P256_KEY_SIZE, 1 },
	{ "keys out of order", FIRST_KEY + 8, 0xFFFFFFFF },
};

static void malformed_bodies_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(malformed); i++) {
		forge_init(&forged);
		size_t n = body_length(forged.region);
		store_le32(forged.region + malformed[i].offset, malformed[i].value);
		if (key_set_parse(forged.region, n, &parsed) != ERR_KEYS_FORMAT)
			fail_msg("accepted: %s", malformed[i].what);
	}
}

static enum err parse_encoded(void)
{
	static u8 body[KEYS_BODY_MAX];
	size_t n = keys_body_encode(&forged.keys, SIGNATURE_LIST_HEADER, body);

	return key_set_parse(body, n, &parsed);
}

/* Whichever it is: a manifest that holds a key and revokes it says two things. */
static void no_key_is_held_and_revoked(void **state)
{
	(void)state;
	forge_init(&forged);
	for (u32 i = 0; i < forged.keys.key_count; i++) {
		forged.keys.revoked_count = 1;
		memcpy(forged.keys.revoked[0], forged.keys.keys[i].id, KEY_ID_SIZE);
		assert_int_equal(parse_encoded(), ERR_KEYS_FORMAT);
		forged.keys.revoked[0][0] ^= 1;
		assert_int_equal(parse_encoded(), OK);
	}
}

static void one_key_or_all_may_be_needed(void **state)
{
	(void)state;
	forge_init(&forged);
	forged.keys.root_threshold = forged.keys.release_threshold = 1;
	assert_int_equal(parse_encoded(), OK);
	forged.keys.root_threshold = 0;
	assert_int_equal(parse_encoded(), ERR_KEYS_FORMAT);
	/* Or all may be needed. */
	forged.keys.root_threshold = forged.keys.release_threshold = 3;
	assert_int_equal(parse_encoded(), OK);
	assert_int_equal(key_set_count(&parsed, ROLE_ROOT), 3);
}

static void a_header_has_its_limits(void **state)
{
	(void)state;
	static const struct {
		u32 total, body;
		enum err e;
	} rows[] = {
		{ IMAGE_KEYS_MAX, KEYS_BODY_MAX, OK },
		{ IMAGE_KEYS_MAX + 8, KEYS_BODY_MAX, ERR_KEYS_FORMAT },
		{ IMAGE_KEYS_MAX, KEYS_BODY_MAX + 1, ERR_KEYS_FORMAT },
		{ IMAGE_KEYS_MAX, KEYS_FIXED_SIZE, OK },
		{ IMAGE_KEYS_MAX, KEYS_FIXED_SIZE - 1, ERR_KEYS_FORMAT },
		{ KEYS_FIXED_SIZE + SIGNATURE_LIST_HEADER, KEYS_FIXED_SIZE, OK },
		{ KEYS_FIXED_SIZE + SIGNATURE_LIST_HEADER, KEYS_FIXED_SIZE + 1, ERR_KEYS_FORMAT },
	};
	struct keys_header h;

	forge_init(&forged);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		store_le32(forged.region + 8, rows[i].total);
		store_le32(forged.region + 12, rows[i].body);
		assert_int_equal(
		        keys_header_read(forged.region, KEYS_FIXED_SIZE + SIGNATURE_LIST_HEADER, &h), rows[i].e);
	}
	assert_int_equal(
	        keys_header_read(forged.region, KEYS_FIXED_SIZE + SIGNATURE_LIST_HEADER - 1, &h), ERR_KEYS_FORMAT);
}

/* By its own bytes alone, as everybody else computes it. */
static void a_key_is_known_by_its_hash(void **state)
{
	(void)state;
	u8 id[KEY_ID_SIZE] = { 0 };

	forge_init(&forged);
	assert_int_equal(parse_encoded(), OK);
	for (u32 i = 0; i < parsed.key_count; i++) {
		const struct public_key *key = &parsed.keys[i];

		sha256_of(key->bytes, key->role == ROLE_POLICY ? P256_KEY_SIZE : P384_KEY_SIZE, id);
		assert_memory_equal(key->id, id, KEY_ID_SIZE);
		assert_ptr_equal(key_set_find(&parsed, key->role, id), key);
	}
	/* A full set is searched to its end, and no further. */
	parsed.key_count = KEYS_COUNT_MAX;
	id[0] ^= 1;
	assert_null(key_set_find(&parsed, ROLE_POLICY, id));
}

static void there_is_exactly_one_policy_key(void **state)
{
	(void)state;
	static const u8 second[P384_KEY_SIZE] = { 0xFF };

	forge_init(&forged);
	assert_int_equal(parse_encoded(), OK);
	assert_int_equal(key_set_insert(&forged.keys, ROLE_POLICY, second), OK);
	assert_int_equal(parse_encoded(), ERR_KEYS_FORMAT);
	forged.keys.key_count = 6;
	assert_int_equal(parse_encoded(), ERR_KEYS_FORMAT);
	assert_null(key_set_policy_key(&forged.keys));
}

/* No parsed set is like that; one put together by other means must not get by either. */
static void a_listed_key_that_is_revoked_is_not_found(void **state)
{
	(void)state;
	forge_init(&forged);
	assert_non_null(key_set_find(&forged.keys, ROLE_RELEASE, forge_id(RELEASE_A)));
	memcpy(forged.keys.revoked[0], forge_id(RELEASE_A), KEY_ID_SIZE);
	forged.keys.revoked_count = 1;
	assert_null(key_set_find(&forged.keys, ROLE_RELEASE, forge_id(RELEASE_A)));
}

static void keys_are_found_by_role_and_id(void **state)
{
	(void)state;
	forge_init(&forged);
	const struct public_key *key = key_set_find(&forged.keys, ROLE_ROOT, forge_id(ROOT_B));
	assert_non_null(key);
	assert_memory_equal(key->bytes, forge_public(ROOT_B), P384_KEY_SIZE);
	assert_null(key_set_find(&forged.keys, ROLE_RELEASE, forge_id(ROOT_B)));
	assert_null(key_set_find(&forged.keys, ROLE_ROOT, forge_id(STRANGER)));
	assert_memory_equal(key_set_policy_key(&forged.keys), forge_public(POLICY), P256_KEY_SIZE);
}

static void a_revoked_key_is_gone_for_this_set(void **state)
{
	(void)state;
	forge_init(&forged);
	assert_int_equal(key_set_revoke(&forged.keys, forge_id(RELEASE_A)), OK);
	assert_null(key_set_find(&forged.keys, ROLE_RELEASE, forge_id(RELEASE_A)));
	assert_int_equal(key_set_insert(&forged.keys, ROLE_RELEASE, forge_public(RELEASE_A)), ERR_KEY_EXISTS);
	assert_int_equal(key_set_revoke(&forged.keys, forge_id(RELEASE_A)), ERR_KEY_EXISTS);
	assert_int_equal(key_set_insert(&forged.keys, ROLE_RELEASE, forge_public(RELEASE_SPARE)), OK);
	forge_rotate(&forged, FORGE_ROOTS);

	const u8 *body = forged.region + forged.newest;
	assert_int_equal(key_set_parse(body, body_length(body), &parsed), OK);
	assert_memory_equal(&parsed, &forged.keys, sizeof(parsed));
}

static void a_listed_key_cannot_be_revoked_in_the_same_body(void **state)
{
	(void)state;
	forge_init(&forged);
	forged.keys.revoked_count = 1;
	memcpy(forged.keys.revoked[0], forge_id(RELEASE_A), KEY_ID_SIZE);
	forge_rotate(&forged, FORGE_ROOTS);
	const u8 *body = forged.region + forged.newest;
	assert_int_equal(key_set_parse(body, body_length(body), &parsed), ERR_KEYS_FORMAT);
	/* The same place with an id of nobody is fine. */
	u8 *id = forged.region + forged.newest + body_length(body) - KEY_ID_SIZE;
	memcpy(id, forge_id(STRANGER), KEY_ID_SIZE);
	assert_int_equal(key_set_parse(body, body_length(body), &parsed), OK);
}

static void revoked_ids_are_strictly_ascending(void **state)
{
	(void)state;
	forge_init(&forged);
	forged.keys.revoked_count = 2;
	forged.keys.revoked[0][0] = 1;
	forged.keys.revoked[1][0] = 2;
	forge_rotate(&forged, FORGE_ROOTS);
	u8 *body = forged.region + forged.newest;
	size_t n = body_length(body);
	assert_int_equal(key_set_parse(body, n, &parsed), OK);
	body[n - KEY_ID_SIZE] = 1;
	assert_int_equal(key_set_parse(body, n, &parsed), ERR_KEYS_FORMAT);
	body[n - KEY_ID_SIZE] = 0;
	assert_int_equal(key_set_parse(body, n, &parsed), ERR_KEYS_FORMAT);
}

static void each_owner_is_taken_once_a_role(void **state)
{
	(void)state;
	u8 mirrored[P384_KEY_SIZE];

	forge_init(&forged);
	memcpy(mirrored, forge_public(RELEASE_A), P384_KEY_SIZE);
	assert_int_equal(key_set_insert(&forged.keys, ROLE_RELEASE, mirrored), ERR_KEY_EXISTS);
	mirrored[P384_KEY_SIZE - 1] ^= 1;
	assert_int_equal(key_set_insert(&forged.keys, ROLE_RELEASE, mirrored), ERR_KEY_EXISTS);
	assert_int_equal(forged.keys.key_count, 7);
	assert_int_equal(key_set_insert(&forged.keys, ROLE_ROOT, mirrored), OK);
}

static void a_full_set_takes_no_more(void **state)
{
	(void)state;
	u8 key[P384_KEY_SIZE] = { 0 };
	u8 id[KEY_ID_SIZE] = { 0 };

	forge_init(&forged);
	for (u8 i = 0; forged.keys.key_count < KEYS_COUNT_MAX; i++) {
		key[0] = i;
		assert_int_equal(key_set_insert(&forged.keys, ROLE_RELEASE, key), OK);
	}
	key[1] = 1;
	assert_int_equal(key_set_insert(&forged.keys, ROLE_RELEASE, key), ERR_RANGE);
	for (u8 i = 0; i < REVOKED_COUNT_MAX; i++) {
		id[0] = (u8)~i;
		assert_int_equal(key_set_revoke(&forged.keys, id), OK);
	}
	id[1] = 1;
	assert_int_equal(key_set_revoke(&forged.keys, id), ERR_RANGE);

	/* The largest key manifest there can be is still one. */
	u8 body[KEYS_BODY_MAX];
	assert_int_equal(keys_body_encode(&forged.keys, SIGNATURE_LIST_HEADER, body), KEYS_BODY_MAX);
	assert_int_equal(key_set_parse(body, KEYS_BODY_MAX, &parsed), OK);
	assert_memory_equal(parsed.keys, forged.keys.keys, sizeof(parsed.keys));
	assert_memory_equal(parsed.revoked, forged.keys.revoked, sizeof(parsed.revoked));
}

/* The fixed part of a body that claims these counts and has bytes for them. */
static size_t body_of(u8 *body, u32 keys, u32 revoked)
{
	size_t n = KEYS_FIXED_SIZE + keys * KEY_ENTRY_SIZE + revoked * KEY_ID_SIZE;

	store_le32(body + 8, (u32)n + SIGNATURE_LIST_HEADER);
	store_le32(body + 12, (u32)n);
	store_le32(body + 32, keys);
	store_le32(body + 36, revoked);
	return n;
}

static void fill_keys(u32 count)
{
	u8 key[P384_KEY_SIZE] = { 0 };

	for (u8 i = 0; forged.keys.key_count < count; i++) {
		key[0] = i;
		assert_int_equal(key_set_insert(&forged.keys, ROLE_RELEASE, key), OK);
	}
}

/* Counts beyond the arrays, with well-formed entries to match: they must not be written behind the set's end. */
static void one_entry_too_many_is_refused(void **state)
{
	(void)state;
	static u8 body[KEYS_BODY_MAX + KEY_ENTRY_SIZE + 8];

	forge_init(&forged);
	fill_keys(KEYS_COUNT_MAX);
	(void)keys_body_encode(&forged.keys, SIGNATURE_LIST_HEADER, body);
	assert_int_equal(key_set_parse(body, body_of(body, KEYS_COUNT_MAX, 0), &parsed), OK);
	u8 *policy = body + KEYS_FIXED_SIZE + (KEYS_COUNT_MAX - 1) * KEY_ENTRY_SIZE;
	memcpy(policy + KEY_ENTRY_SIZE, policy, KEY_ENTRY_SIZE);
	memset(policy, 0xFF, KEY_ENTRY_SIZE);
	store_le32(policy, ROLE_RELEASE);
	store_le32(policy + 4, ALGORITHM_P384);
	assert_int_equal(key_set_parse(body, body_of(body, KEYS_COUNT_MAX + 1, 0), &parsed), ERR_KEYS_FORMAT);

	forge_init(&forged);
	size_t n = keys_body_encode(&forged.keys, SIGNATURE_LIST_HEADER, body);
	for (u8 i = 0; i <= REVOKED_COUNT_MAX; i++)
		memset(body + n + i * KEY_ID_SIZE, i, KEY_ID_SIZE);
	assert_int_equal(key_set_parse(body, body_of(body, 7, REVOKED_COUNT_MAX), &parsed), OK);
	assert_int_equal(key_set_parse(body, body_of(body, 7, REVOKED_COUNT_MAX + 1), &parsed), ERR_KEYS_FORMAT);
}

/* On the heap, so that the sanitizer sees one byte too many. */
static void a_header_is_there_whole_and_claims_a_body(void **state)
{
	struct keys_header h;

	(void)state;
	forge_init(&forged);
	for (size_t n = 0; n < KEYS_FIXED_SIZE + SIGNATURE_LIST_HEADER; n++) {
		u8 *exact = malloc(n ? n : 1);
		memcpy(exact, forged.region, n);
		assert_int_equal(keys_header_read(exact, n, &h), ERR_KEYS_FORMAT);
		free(exact);
	}
	assert_int_equal(keys_header_read(forged.region, forged.region_length, &h), OK);
	store_le32(forged.region + 12, KEYS_FIXED_SIZE - 1);
	assert_int_equal(keys_header_read(forged.region, forged.region_length, &h), ERR_KEYS_FORMAT);
}

static void a_header_claims_no_longer_body_than_there_can_be(void **state)
{
	(void)state;
	struct keys_header h;

	forge_init(&forged);
	store_le32(forged.region + 8, KEYS_BODY_MAX + 64);
	store_le32(forged.region + 12, KEYS_BODY_MAX);
	assert_int_equal(keys_header_read(forged.region, sizeof(forged.region), &h), OK);
	store_le32(forged.region + 12, KEYS_BODY_MAX + 8);
	assert_int_equal(keys_header_read(forged.region, sizeof(forged.region), &h), ERR_KEYS_FORMAT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_body_parses_to_what_was_encoded),
		cmocka_unit_test(any_other_length_is_refused),
		cmocka_unit_test(malformed_bodies_are_refused),
		cmocka_unit_test(no_key_is_held_and_revoked),
		cmocka_unit_test(one_key_or_all_may_be_needed),
		cmocka_unit_test(a_header_has_its_limits),
		cmocka_unit_test(a_key_is_known_by_its_hash),
		cmocka_unit_test(there_is_exactly_one_policy_key),
		cmocka_unit_test(a_listed_key_that_is_revoked_is_not_found),
		cmocka_unit_test(keys_are_found_by_role_and_id),
		cmocka_unit_test(a_revoked_key_is_gone_for_this_set),
		cmocka_unit_test(a_listed_key_cannot_be_revoked_in_the_same_body),
		cmocka_unit_test(revoked_ids_are_strictly_ascending),
		cmocka_unit_test(one_entry_too_many_is_refused),
		cmocka_unit_test(a_header_is_there_whole_and_claims_a_body),
		cmocka_unit_test(a_header_claims_no_longer_body_than_there_can_be),
		cmocka_unit_test(each_owner_is_taken_once_a_role),
		cmocka_unit_test(a_full_set_takes_no_more),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
