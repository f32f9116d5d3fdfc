/* The chain of key manifests: where it starts, what it passes over, what the visitor is told. */
#include "image/host/chain.h"
#include "lib/bytes.h"
#include "tests/adversarial/forge.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static struct forge forged;
static struct key_set set;

static enum err walk_from(const struct key_set *anchor, const struct keys_visitor *visitor)
{
	set = *anchor;
	return keys_chain_walk(forged.region, forged.region_length, &set, visitor);
}

static enum err walk(void)
{
	return walk_from(&forged.anchor, NULL);
}

static void forge_three(void)
{
	forge_init(&forged);
	forge_rotate(&forged, FORGE_ROOTS);
	forge_rotate(&forged, FORGE_ROOTS);
}

static void the_newest_set_comes_out(void **state)
{
	(void)state;
	forge_three();
	assert_int_equal(walk(), OK);
	assert_memory_equal(&set, &forged.keys, sizeof(set));
}

struct told {
	u32 count;
	u64 versions[4];
	u8 last[SHA384_SIZE];
};

static void remember(void *context, u64 version, const u8 digest[SHA384_SIZE])
{
	struct told *told = context;

	told->versions[told->count++] = version;
	memcpy(told->last, digest, SHA384_SIZE);
}

static void the_visitor_is_told_of_each_from_the_anchor_on(void **state)
{
	(void)state;
	struct told told = { 0 };
	const struct keys_visitor visitor = { remember, &told };

	forge_three();
	assert_int_equal(walk_from(&forged.anchor, &visitor), OK);
	assert_int_equal(told.count, 3);
	for (u32 i = 0; i < 3; i++)
		assert_int_equal(told.versions[i], i + 1);
	assert_memory_equal(told.last, forged.keys.digest, SHA384_SIZE);

	told = (struct told){ 0 };
	assert_int_equal(walk_from(&forged.keys, &visitor), OK);
	assert_int_equal(told.count, 1);
	assert_int_equal(told.versions[0], 3);
}

static void manifests_before_the_anchor_are_passed_over(void **state)
{
	(void)state;
	forge_three();
	struct key_set newest = forged.keys;
	/* Somewhere in the body of the first: a stage anchored later neither reads nor needs it. */
	forged.region[KEYS_FIXED_SIZE + 20] ^= 1;
	assert_int_equal(walk_from(&newest, NULL), OK);
	assert_int_equal(walk(), ERR_KEYS_CHAIN);
}

static void a_region_that_ends_before_the_anchor_is_refused(void **state)
{
	(void)state;
	forge_three();
	struct key_set later = forged.keys;
	later.version = 4;
	assert_int_equal(walk_from(&later, NULL), ERR_KEYS_CHAIN);
	assert_int_equal(walk_from(&forged.keys, NULL), OK);
}

/* Refused at its first manifest: nobody is told of a version, and no curve operation is spent. */
static void a_region_that_starts_behind_the_anchor_is_refused(void **state)
{
	(void)state;
	struct told told = { 0 };
	const struct keys_visitor visitor = { remember, &told };

	forge_three();
	u32 first = load_le32(forged.region + 8);
	set = forged.anchor;
	assert_int_equal(
	        keys_chain_walk(forged.region + first, forged.region_length - first, &set, &visitor), ERR_KEYS_CHAIN);
	assert_int_equal(told.count, 0);
}

/* What is older than the anchor need not be there at all. */
static void a_region_may_start_at_the_anchor(void **state)
{
	(void)state;
	forge_three();
	u32 first = load_le32(forged.region + 8);
	u32 second = load_le32(forged.region + first + 8);

	set = forged.anchor;
	assert_int_equal(keys_chain_walk(forged.region, first + second, &set, NULL), OK);
	assert_int_equal(set.version, 2);
	assert_int_equal(keys_chain_walk(forged.region + first, forged.region_length - first, &set, NULL), OK);
	assert_int_equal(set.version, 3);
}

static void the_visitor_is_not_told_of_what_is_refused(void **state)
{
	(void)state;
	struct told told = { 0 };
	const struct keys_visitor visitor = { remember, &told };

	forge_init(&forged);
	forge_rotate(&forged, BIT(ROOT_A));
	assert_int_equal(walk_from(&forged.anchor, &visitor), ERR_SIGNATURE_MISSING);
	assert_int_equal(told.count, 1);
	/* Nor of an anchor with another body. */
	told = (struct told){ 0 };
	forged.region[28] ^= 1;
	assert_int_equal(walk_from(&forged.anchor, &visitor), ERR_KEYS_CHAIN);
	assert_int_equal(told.count, 0);
}

static void bytes_behind_the_last_manifest_are_refused(void **state)
{
	(void)state;
	forge_three();
	forged.region_length += 8;
	assert_int_equal(walk(), ERR_KEYS_FORMAT);
	forged.region_length -= 16;
	assert_int_equal(walk(), ERR_KEYS_FORMAT);
	forged.region_length += 8;
	assert_int_equal(walk(), OK);
}

static void an_empty_region_is_refused(void **state)
{
	(void)state;
	forge_init(&forged);
	forged.region_length = 0;
	assert_int_equal(walk(), ERR_KEYS_CHAIN);
}

static void another_body_of_the_anchors_version_is_refused(void **state)
{
	(void)state;
	forge_init(&forged);
	assert_int_equal(walk(), OK);
	/* Properly signed by the same roots, but not the one that this stage was built with. */
	forged.region[28] = 1;
	forge_sign_keys(&forged, FORGE_ROOTS);
	assert_int_equal(walk(), ERR_KEYS_CHAIN);
}

static void as_many_links_as_fit_are_walked(void **state)
{
	(void)state;
	forge_init(&forged);
	while (forged.region_length + KEYS_BODY_MAX + FORGE_SIGNATURE_ROOM <= sizeof(forged.region))
		forge_rotate(&forged, FORGE_ROOTS);
	assert_true(forged.keys.version > 30);
	assert_int_equal(walk(), OK);
	assert_int_equal(set.version, forged.keys.version);
}

static enum err claims_of(size_t n)
{
	/* Under ASan nothing is behind it. */
	u8 *exact = malloc(n ? n : 1);

	memcpy(exact, forged.region, n);
	enum err e = keys_chain_claims(exact, n, &set);
	free(exact);
	return e;
}

/* An operator's file of key manifests: believed of itself, and damage to it is told all the same. */
static void a_file_of_manifests_is_whole(void **state)
{
	(void)state;
	forge_three();
	size_t n = forged.region_length;

	for (size_t cut = 8; cut < n; cut += 104)
		assert_int_not_equal(claims_of(n - cut), OK);
	assert_int_equal(claims_of(0), ERR_KEYS_FORMAT);
	/* Two of the three are a file as well. */
	assert_int_equal(claims_of(n - load_le32(forged.region + forged.newest + 8)), OK);
	assert_int_equal(set.version, 2);
	forged.region[28] = 9;
	assert_int_equal(claims_of(n), ERR_KEYS_FORMAT);
	forge_three();
	forged.region[n - 1] ^= 1;
	assert_int_not_equal(claims_of(n), OK);
	forged.region[n - 1] ^= 1;
	assert_int_equal(claims_of(n), OK);
	assert_memory_equal(&set, &forged.keys, sizeof(set));
}

static void a_manifest_is_found_by_its_digest(void **state)
{
	(void)state;
	const u8 *body = NULL;
	size_t length;
	u8 digest[SHA384_SIZE] = { 1 };

	forge_three();
	size_t n = forged.region_length;
	assert_int_equal(keys_body_find(forged.region, n, digest, &body, &length), ERR_KEYS_CHAIN);
	assert_null(body);
	assert_int_equal(keys_body_find(forged.region, n, forged.anchor.digest, &body, &length), OK);
	assert_ptr_equal(body, forged.region);
	assert_int_equal(length, load_le32(forged.region + 12));
	assert_int_equal(keys_body_find(forged.region, n, forged.keys.digest, &body, &length), OK);
	assert_ptr_equal(body, forged.region + forged.newest);
	assert_int_equal(keys_body_find(forged.region, n - 8, forged.keys.digest, &body, &length), ERR_KEYS_FORMAT);
	assert_int_equal(keys_body_find(forged.region, 0, forged.keys.digest, &body, &length), ERR_KEYS_CHAIN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_newest_set_comes_out),
		cmocka_unit_test(the_visitor_is_told_of_each_from_the_anchor_on),
		cmocka_unit_test(manifests_before_the_anchor_are_passed_over),
		cmocka_unit_test(a_region_that_ends_before_the_anchor_is_refused),
		cmocka_unit_test(a_region_that_starts_behind_the_anchor_is_refused),
		cmocka_unit_test(a_region_may_start_at_the_anchor),
		cmocka_unit_test(the_visitor_is_not_told_of_what_is_refused),
		cmocka_unit_test(bytes_behind_the_last_manifest_are_refused),
		cmocka_unit_test(an_empty_region_is_refused),
		cmocka_unit_test(a_file_of_manifests_is_whole),
		cmocka_unit_test(a_manifest_is_found_by_its_digest),
		cmocka_unit_test(another_body_of_the_anchors_version_is_refused),
		cmocka_unit_test(as_many_links_as_fit_are_walked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
