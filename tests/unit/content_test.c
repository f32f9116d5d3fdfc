/* Payloads against their manifests, with and without a root to make: what is wrong where, and by which name. */
#include "image/content.h"
#include "lib/bytes.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <string.h>

enum { START = 8192, FIRST = 70000, SECOND_AT = 73728, SECOND = 5000, LENGTH = 81920 };

static u8 payload[LENGTH];
static struct manifest m;

static void sign(void)
{
	struct merkle tree;
	u8 digest[SHA384_SIZE];

	merkle_init(&tree);
	for (size_t at = 0; at < LENGTH; at += LEAF_SIZE) {
		merkle_leaf(payload + at, LENGTH - at < LEAF_SIZE ? LENGTH - at : LEAF_SIZE, digest);
		merkle_add(&tree, digest);
	}
	m.leaf_count = tree.count;
	merkle_root(&tree, m.merkle_root);
}

static int set_up(void **state)
{
	(void)state;
	memset(payload, 0, sizeof(payload));
	memset(payload, 0xA1, FIRST);
	memset(payload + SECOND_AT, 0xB2, SECOND);
	m = (struct manifest){ .component_count = 2,
		.components = {
		        { .offset = START, .length = FIRST }, { .offset = START + SECOND_AT, .length = SECOND } } };
	sha384_of(payload, FIRST, m.components[0].digest);
	sha384_of(payload + SECOND_AT, SECOND, m.components[1].digest);
	sign();
	return 0;
}

static enum err check(size_t length, bool leaves_known)
{
	struct content_check c;
	enum err e = OK;

	content_check_begin(&c, &m, START, leaves_known);
	for (size_t at = 0; !e && at < length; at += LEAF_SIZE)
		e = content_check_leaf(&c, payload + at, length - at < LEAF_SIZE ? length - at : LEAF_SIZE);
	return e ? e : content_check_end(&c);
}

static void what_was_signed_passes(void **state)
{
	(void)state;
	assert_int_equal(check(LENGTH, false), OK);
	assert_int_equal(check(LENGTH, true), OK);
}

static void each_changed_byte_is_found(void **state)
{
	static const size_t places[] = { 0, LEAF_SIZE, FIRST - 1, FIRST, SECOND_AT - 1, SECOND_AT, SECOND_AT + SECOND,
		LENGTH - 1 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		payload[places[i]] ^= 1;
		assert_int_equal(check(LENGTH, false), ERR_IMAGE_CONTENT);
		assert_int_equal(check(LENGTH, true), ERR_IMAGE_CONTENT);
		payload[places[i]] ^= 1;
	}
}

/* A receiver stops with the leaf that completes a component that is not the signed one, or fills a gap. */
static void damage_is_told_with_its_leaf(void **state)
{
	static const struct {
		size_t place, told;
	} rows[] = { { 0, FIRST - 1 }, { FIRST, FIRST }, { SECOND_AT - 1, SECOND_AT - 1 },
		{ SECOND_AT, SECOND_AT + SECOND - 1 }, { LENGTH - 1, LENGTH - 1 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct content_check c;
		enum err e = OK;
		size_t at = 0;

		payload[rows[i].place] ^= 1;
		content_check_begin(&c, &m, START, true);
		for (; !e && at < LENGTH; at += LEAF_SIZE)
			e = content_check_leaf(&c, payload + at, LENGTH - at < LEAF_SIZE ? LENGTH - at : LEAF_SIZE);
		assert_int_equal(e, ERR_IMAGE_CONTENT);
		assert_int_equal(at / LEAF_SIZE - 1, rows[i].told / LEAF_SIZE);
		payload[rows[i].place] ^= 1;
	}
}

/* A node would put zeros there, and find that they are not what was signed. */
static void padding_that_was_signed_must_be_zeros_too(void **state)
{
	(void)state;
	payload[FIRST] = 1;
	sign();
	assert_int_equal(check(LENGTH, false), ERR_IMAGE_CONTENT);
}

static void another_root_is_found(void **state)
{
	(void)state;
	m.merkle_root[0] ^= 1;
	assert_int_equal(check(LENGTH, false), ERR_IMAGE_MERKLE);
}

static void what_ends_early_is_found(void **state)
{
	(void)state;
	assert_int_equal(check(LEAF_SIZE, false), ERR_IMAGE_CONTENT);
	assert_int_equal(check(LEAF_SIZE, true), ERR_IMAGE_CONTENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(what_was_signed_passes, set_up),
		cmocka_unit_test_setup(each_changed_byte_is_found, set_up),
		cmocka_unit_test_setup(damage_is_told_with_its_leaf, set_up),
		cmocka_unit_test_setup(padding_that_was_signed_must_be_zeros_too, set_up),
		cmocka_unit_test_setup(another_root_is_found, set_up),
		cmocka_unit_test_setup(what_ends_early_is_found, set_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
