/*
 * The write authority's one encoding: what was encoded parses to the same, anything else is refused.
 * Trust: test code.
 */
#include "update/authority.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { PARTITION = 65536, VERSION_AT = 8, COUNT_AT = 12 };

static u8 partition[PARTITION];

static struct authority make(u32 count)
{
	struct authority a = { .count = 0 };
	memset(a.node_id, 0x11, sizeof(a.node_id));
	memset(a.policy_key, 0x22, sizeof(a.policy_key));
	/* Downwards, so that adding has to sort. */
	for (u32 i = count; i > 0; i--) {
		struct authority_entry e;
		memset(e.approved, (int)i, sizeof(e.approved));
		memset(e.signature, (int)(0x80 + i), sizeof(e.signature));
		assert_int_equal(authority_add(&a, &e), OK);
	}
	return a;
}

static size_t put(const struct authority *a)
{
	memset(partition, 0, sizeof(partition));
	return authority_encode(a, partition);
}

static void any_count_survives(void **state)
{
	(void)state;
	for (u32 i = 0; i <= AUTHORITY_ENTRIES_MAX; i++) {
		struct authority a = make(i), b;
		size_t n = put(&a);
		assert_int_equal(n, AUTHORITY_HEADER_SIZE + i * AUTHORITY_ENTRY_SIZE);
		assert_int_equal(authority_parse(partition, n, &b), OK);
		assert_memory_equal(&a, &b, sizeof(a));
		assert_int_equal(authority_parse(partition, sizeof(partition), &b), OK);
		assert_memory_equal(&a, &b, sizeof(a));
	}
}

static void entries_are_found_by_their_digest(void **state)
{
	struct authority a = make(3);
	u8 digest[SHA256_SIZE];
	(void)state;
	memset(digest, 2, sizeof(digest));
	const struct authority_entry *e = authority_find(&a, digest);
	assert_non_null(e);
	assert_int_equal(e->signature[0], 0x82);
	digest[31] ^= 1;
	assert_null(authority_find(&a, digest));
}

static void adding_again_renews(void **state)
{
	struct authority a = make(AUTHORITY_ENTRIES_MAX);
	struct authority_entry e = a.entry[4];
	(void)state;
	e.signature[0] ^= 1;
	assert_int_equal(authority_add(&a, &e), OK);
	assert_int_equal(a.count, AUTHORITY_ENTRIES_MAX);
	assert_memory_equal(&a.entry[4], &e, sizeof(e));
	e.approved[0] ^= 0x40;
	assert_int_equal(authority_add(&a, &e), ERR_RANGE);
}

static void every_cut_is_refused(void **state)
{
	struct authority a = make(2), b;
	(void)state;
	size_t n = put(&a);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(authority_parse(partition, i, &b), ERR_AUTHORITY_FORMAT);
	assert_int_equal(authority_parse(partition, n, &b), OK);
}

/* Refused with this byte set to value, accepted with it set back. */
static void refuses(size_t at, u8 value)
{
	struct authority a = make(2), b;
	put(&a);
	partition[at] = value;
	assert_int_equal(authority_parse(partition, sizeof(partition), &b), ERR_AUTHORITY_FORMAT);
	put(&a);
	assert_int_equal(authority_parse(partition, sizeof(partition), &b), OK);
}

static void other_encodings_are_refused(void **state)
{
	size_t second = AUTHORITY_HEADER_SIZE + AUTHORITY_ENTRY_SIZE;
	(void)state;
	refuses(0, 's');
	refuses(7, '2');
	refuses(VERSION_AT, 2);
	refuses(VERSION_AT + 3, 1);
	refuses(COUNT_AT, 1); /* leaves the second entry behind the end */
	refuses(COUNT_AT, AUTHORITY_ENTRIES_MAX + 1);
	refuses(COUNT_AT + 3, 0x80);
	refuses(second, 0); /* out of order */
	refuses(second + AUTHORITY_ENTRY_SIZE, 1); /* first byte after the last entry */
	refuses(PARTITION - 1, 1);
}

static void equal_entries_are_refused(void **state)
{
	struct authority a = make(2), b;
	(void)state;
	put(&a);
	memcpy(partition + AUTHORITY_HEADER_SIZE + AUTHORITY_ENTRY_SIZE, partition + AUTHORITY_HEADER_SIZE,
	        SHA256_SIZE);
	assert_int_equal(authority_parse(partition, sizeof(partition), &b), ERR_AUTHORITY_FORMAT);
}

static void an_empty_partition_is_none(void **state)
{
	struct authority b;
	(void)state;
	memset(partition, 0, sizeof(partition));
	assert_int_equal(authority_parse(partition, sizeof(partition), &b), ERR_AUTHORITY_FORMAT);
	memset(partition, 0xFF, sizeof(partition));
	assert_int_equal(authority_parse(partition, sizeof(partition), &b), ERR_AUTHORITY_FORMAT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_count_survives),
		cmocka_unit_test(entries_are_found_by_their_digest),
		cmocka_unit_test(adding_again_renews),
		cmocka_unit_test(every_cut_is_refused),
		cmocka_unit_test(other_encodings_are_refused),
		cmocka_unit_test(equal_entries_are_refused),
		cmocka_unit_test(an_empty_partition_is_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
