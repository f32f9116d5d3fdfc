/* Signature lists: their shape, whose signatures count, and how a list is built. */
#include "image/signature.h"
#include "lib/bytes.h"
#include "tests/adversarial/forge.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

enum { ROOM = SIGNATURE_LIST_HEADER + 4 * SIGNATURE_ENTRY_SIZE };

static struct forge forged;
static u8 list[ROOM];
static const u8 digest[SHA384_SIZE] = { 1, 2, 3 };

static int set_up(void **state)
{
	(void)state;
	forge_init(&forged);
	memset(list, 0, sizeof(list));
	return 0;
}

static void sign(enum forge_person who)
{
	u8 signature[P384_SIGNATURE_SIZE];

	forge_signature(who, digest, signature);
	assert_int_equal(signature_list_insert(list, ROOM, forge_id(who), signature), OK);
}

static enum err check(u32 threshold)
{
	return signatures_check(list, ROOM, digest, &forged.keys, ROLE_RELEASE, threshold);
}

static u8 *entry(u32 i)
{
	return list + signature_list_size(i);
}

static void the_threshold_decides(void **state)
{
	(void)state;
	sign(RELEASE_A);
	assert_int_equal(check(1), OK);
	assert_int_equal(check(2), ERR_SIGNATURE_MISSING);
	sign(RELEASE_C);
	assert_int_equal(check(2), OK);
	assert_int_equal(check(3), ERR_SIGNATURE_MISSING);
	sign(RELEASE_B);
	assert_int_equal(check(3), OK);
	assert_int_equal(check(4), ERR_SIGNATURE_MISSING);
}

/* Under ASan nothing is behind the list. */
static void no_signature_behind_the_list_is_read(void **state)
{
	(void)state;
	sign(RELEASE_A);
	size_t n = signature_list_size(1);
	u8 *exact = malloc(n);
	u8 *header = calloc(1, SIGNATURE_LIST_HEADER);
	u32 count = 1;

	memcpy(exact, list, n);
	assert_int_equal(signatures_check(exact, n, digest, &forged.keys, ROLE_RELEASE, 1), OK);
	assert_int_equal(signatures_check(exact, n - 1, digest, &forged.keys, ROLE_RELEASE, 1), ERR_SIGNATURE_LIST);
	assert_int_equal(signature_list_shape(header, SIGNATURE_LIST_HEADER, &count), OK);
	assert_int_equal(count, 0);
	assert_int_equal(signature_list_shape(header, SIGNATURE_LIST_HEADER - 1, &count), ERR_SIGNATURE_LIST);
	free(exact);
	free(header);
}

static void nothing_is_put_into_what_is_no_list(void **state)
{
	(void)state;
	static const u8 signature[P384_SIGNATURE_SIZE];

	store_le32(list + 4, 1);
	assert_int_equal(signature_list_insert(list, ROOM, forge_id(RELEASE_A), signature), ERR_SIGNATURE_LIST);
	store_le32(list + 4, 0);
	assert_int_equal(signature_list_insert(list, ROOM, forge_id(RELEASE_A), signature), OK);
}

static void an_empty_list_never_passes(void **state)
{
	(void)state;
	assert_int_equal(check(1), ERR_SIGNATURE_MISSING);
	assert_int_equal(check(0), ERR_SIGNATURE_MISSING);
}

static void strangers_and_other_roles_do_not_count(void **state)
{
	(void)state;
	sign(STRANGER);
	sign(ROOT_A);
	assert_int_equal(check(1), ERR_SIGNATURE_MISSING);
	sign(RELEASE_A);
	assert_int_equal(check(1), OK);
}

static void a_wrong_signature_of_a_known_key_refuses_the_list(void **state)
{
	(void)state;
	u8 wrong[P384_SIGNATURE_SIZE];

	sign(RELEASE_A);
	sign(RELEASE_B);
	forge_signature(RELEASE_B, digest, wrong);
	wrong[95] ^= 1;
	assert_int_equal(check(2), OK);
	assert_int_equal(signature_list_insert(list, ROOM, forge_id(RELEASE_C), wrong), OK);
	assert_int_equal(check(2), ERR_SIGNATURE_WRONG);
}

static void degenerate_signatures_are_wrong(void **state)
{
	(void)state;
	static const u8 zeros[P384_SIGNATURE_SIZE];
	u8 ones[P384_SIGNATURE_SIZE];

	memset(ones, 0xFF, sizeof(ones));
	assert_int_equal(signature_list_insert(list, ROOM, forge_id(RELEASE_A), zeros), OK);
	assert_int_equal(check(1), ERR_SIGNATURE_WRONG);
	memcpy(entry(0) + SIGNATURE_ENTRY_HEADER, ones, sizeof(ones));
	assert_int_equal(check(1), ERR_SIGNATURE_WRONG);
	set_up(NULL);
	sign(RELEASE_A);
	assert_int_equal(check(1), OK);
}

static void malformed_lists_are_refused(void **state)
{
	(void)state;
	static const struct {
		const char *what;
		u32 offset;
		u32 value;
	} malformed[] = {
		{ "one entry more than written", 0, 3 },
		{ "one entry fewer than written", 0, 1 },
		{ "more entries than fit", 0, 5 },
		{ "count near 2^31", 0, 0x80000000 },
		{ "count near 2^32", 0, 0xFFFFFFFF },
		{ "reserved", 4, 1 },
		{ "algorithm 0", 8 + 32, 0 },
		{ "LMS", 8 + 32, ALGORITHM_LMS_RESERVED },
		{ "P-256", 8 + 32, ALGORITHM_P256 },
		{ "length 95", 8 + 36, 95 },
		{ "length beyond the list", 8 + 36, 0xFFFFFFFF },
		{ "a byte behind the list", ROOM - 4, 0x01000000 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(malformed); i++) {
		set_up(NULL);
		sign(RELEASE_A);
		sign(RELEASE_B);
		assert_int_equal(check(2), OK);
		store_le32(list + malformed[i].offset, malformed[i].value);
		if (check(2) != ERR_SIGNATURE_LIST)
			fail_msg("accepted: %s", malformed[i].what);
	}
}

static void any_shorter_room_is_refused(void **state)
{
	(void)state;
	sign(RELEASE_A);
	size_t exact = signature_list_size(1);
	for (size_t n = 0; n <= ROOM; n++)
		assert_int_equal(signatures_check(list, n, digest, &forged.keys, ROLE_RELEASE, 1),
		        n < exact ? ERR_SIGNATURE_LIST : OK);
}

static void entries_out_of_order_are_refused(void **state)
{
	(void)state;
	u8 first[SIGNATURE_ENTRY_SIZE];

	sign(RELEASE_A);
	sign(RELEASE_B);
	memcpy(first, entry(0), sizeof(first));
	memcpy(entry(0), entry(1), sizeof(first));
	memcpy(entry(1), first, sizeof(first));
	assert_int_equal(check(1), ERR_SIGNATURE_LIST);
	memcpy(entry(1), entry(0), sizeof(first));
	memcpy(entry(0), first, sizeof(first));
	assert_int_equal(check(2), OK);
}

static void insertion_keeps_to_its_room_and_takes_each_key_once(void **state)
{
	(void)state;
	u8 signature[P384_SIGNATURE_SIZE] = { 0 };
	u8 id[KEY_ID_SIZE] = { 0 };

	for (u8 i = 4; i > 0; i--) {
		id[0] = i;
		assert_int_equal(signature_list_insert(list, ROOM, id, signature), OK);
		assert_int_equal(
		        signature_list_insert(list, ROOM, id, signature), i > 1 ? ERR_SIGNATURE_LIST : ERR_RANGE);
	}
	for (u8 i = 0; i < 4; i++)
		assert_int_equal(entry(i)[0], i + 1);
	id[0] = 9;
	assert_int_equal(signature_list_insert(list, ROOM, id, signature), ERR_RANGE);
}

static void a_list_holds_at_most_its_maximum(void **state)
{
	(void)state;
	static u8 long_list[SIGNATURE_LIST_MAX + SIGNATURE_ENTRY_SIZE];
	u8 signature[P384_SIGNATURE_SIZE] = { 0 };
	u8 id[KEY_ID_SIZE] = { 0 };
	u32 count;

	memset(long_list, 0, sizeof(long_list));
	for (u8 i = 0; i < SIGNATURES_COUNT_MAX; i++) {
		id[0] = i;
		assert_int_equal(signature_list_insert(long_list, sizeof(long_list), id, signature), OK);
	}
	assert_int_equal(signature_list_shape(long_list, sizeof(long_list), &count), OK);
	assert_int_equal(count, SIGNATURES_COUNT_MAX);
	id[0] = SIGNATURES_COUNT_MAX;
	assert_int_equal(signature_list_insert(long_list, sizeof(long_list), id, signature), ERR_RANGE);

	/* One more, in its place and well-formed, with room to spare. */
	u8 *last = long_list + signature_list_size(SIGNATURES_COUNT_MAX);
	memcpy(last, last - SIGNATURE_ENTRY_SIZE, SIGNATURE_ENTRY_SIZE);
	last[0] = SIGNATURES_COUNT_MAX;
	store_le32(long_list, SIGNATURES_COUNT_MAX + 1);
	assert_int_equal(signature_list_shape(long_list, sizeof(long_list), &count), ERR_SIGNATURE_LIST);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_threshold_decides, set_up),
		cmocka_unit_test_setup(no_signature_behind_the_list_is_read, set_up),
		cmocka_unit_test_setup(nothing_is_put_into_what_is_no_list, set_up),
		cmocka_unit_test_setup(an_empty_list_never_passes, set_up),
		cmocka_unit_test_setup(strangers_and_other_roles_do_not_count, set_up),
		cmocka_unit_test_setup(a_wrong_signature_of_a_known_key_refuses_the_list, set_up),
		cmocka_unit_test_setup(degenerate_signatures_are_wrong, set_up),
		cmocka_unit_test_setup(malformed_lists_are_refused, set_up),
		cmocka_unit_test_setup(any_shorter_room_is_refused, set_up),
		cmocka_unit_test_setup(entries_out_of_order_are_refused, set_up),
		cmocka_unit_test(a_list_holds_at_most_its_maximum),
		cmocka_unit_test_setup(insertion_keeps_to_its_room_and_takes_each_key_once, set_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
