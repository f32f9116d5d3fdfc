/* Attacks through keys and their rotation: rows 9, 10 and 16. */
#include "lib/bytes.h"
#include "tests/adversarial/forge.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <string.h>

static struct forge forged;

static int set_up(void **state)
{
	(void)state;
	forge_init(&forged);
	assert_int_equal(forge_verdict(&forged), OK);
	return 0;
}

static void signed_by(u32 signers, enum err expected)
{
	forge_sign(&forged, signers);
	assert_int_equal(forge_verdict(&forged), expected);
}

static void row09_only_release_keys_of_the_set_count(void **state)
{
	(void)state;
	signed_by(BIT(RELEASE_A), ERR_SIGNATURE_MISSING);
	signed_by(BIT(RELEASE_A) | BIT(STRANGER), ERR_SIGNATURE_MISSING);
	signed_by(BIT(RELEASE_A) | BIT(RELEASE_SPARE), ERR_SIGNATURE_MISSING);
	signed_by(BIT(RELEASE_A) | BIT(ROOT_A) | BIT(ROOT_B), ERR_SIGNATURE_MISSING);
	signed_by(BIT(ROOT_A) | BIT(ROOT_B) | BIT(ROOT_C), ERR_SIGNATURE_MISSING);
	signed_by(0, ERR_SIGNATURE_MISSING);
	signed_by(BIT(RELEASE_A) | BIT(RELEASE_C) | BIT(STRANGER), OK);
}

/* The forger's own key manifest, complete and self-consistent, brought along with the image. */
static void row09_own_key_manifest_brought_along(void **state)
{
	(void)state;
	struct key_set own = { .version = 1, .root_threshold = 1, .release_threshold = 1 };

	assert_int_equal(key_set_insert(&own, ROLE_ROOT, forge_public(STRANGER)), OK);
	assert_int_equal(key_set_insert(&own, ROLE_RELEASE, forge_public(STRANGER)), OK);
	assert_int_equal(key_set_insert(&own, ROLE_POLICY, forge_public(POLICY)), OK);
	forged.keys = own;
	forged.region_length = 0;
	forge_append_keys(&forged, BIT(STRANGER));
	forge_seal(&forged);
	signed_by(BIT(STRANGER), ERR_KEYS_CHAIN);

	/* Behind the genuine one, as its next version. */
	set_up(NULL);
	forged.keys = own;
	forge_rotate(&forged, BIT(STRANGER));
	forge_seal(&forged);
	signed_by(BIT(STRANGER), ERR_SIGNATURE_MISSING);

	/* A stage that trusts the stranger takes exactly that: the refusals above were about trust. */
	set_up(NULL);
	forged.keys = own;
	forged.region_length = 0;
	forge_append_keys(&forged, BIT(STRANGER));
	forged.anchor = forged.keys;
	forge_seal(&forged);
	signed_by(BIT(STRANGER), OK);
}

static void row10_one_signature_twice(void **state)
{
	(void)state;
	forge_sign(&forged, BIT(RELEASE_A));
	u8 *list = forged.image + forged.layout.signatures_offset;
	memcpy(list + signature_list_size(1), list + signature_list_size(0), SIGNATURE_ENTRY_SIZE);
	store_le32(list, 2);
	assert_int_equal(forge_verdict(&forged), ERR_SIGNATURE_LIST);
}

/* The id in the second entry is made up: it names no key, so the signature under it counts for nobody. */
static void row10_one_key_under_two_ids(void **state)
{
	(void)state;
	forge_sign(&forged, BIT(RELEASE_A));
	u8 *list = forged.image + forged.layout.signatures_offset;
	u8 *first = list + signature_list_size(0);
	u8 *second = list + signature_list_size(1);
	memcpy(second, first, SIGNATURE_ENTRY_SIZE);
	memset(second, 0xFF, KEY_ID_SIZE);
	store_le32(list, 2);
	assert_int_equal(forge_verdict(&forged), ERR_SIGNATURE_MISSING);
	signed_by(FORGE_RELEASES, OK);
}

static u8 *release_key(u32 i)
{
	return forged.region + forged.newest + KEYS_FIXED_SIZE + (3 + i) * KEY_ENTRY_SIZE + 8;
}

/* A key manifest that lists one owner twice is refused even when all roots signed it. */
static void refuse_changed_keys(void)
{
	forge_sign_keys(&forged, FORGE_ROOTS);
	forge_seal(&forged);
	assert_int_equal(forge_verdict(&forged), ERR_KEYS_FORMAT);
}

static void row10_one_key_listed_twice(void **state)
{
	(void)state;
	forge_rotate(&forged, FORGE_ROOTS);
	memcpy(release_key(1), release_key(0), P384_KEY_SIZE);
	refuse_changed_keys();
}

static void row10_one_key_and_its_mirror_image(void **state)
{
	(void)state;
	forge_rotate(&forged, FORGE_ROOTS);
	forge_seal(&forged);
	assert_int_equal(forge_verdict(&forged), OK);
	/* Same X; any other Y stands for -Y, since X alone decides: a smaller one and a larger one. */
	memcpy(release_key(1), release_key(0), P384_KEY_SIZE / 2);
	memset(release_key(1) + P384_KEY_SIZE / 2, 0x00, P384_KEY_SIZE / 2);
	refuse_changed_keys();
	memset(release_key(1) + P384_KEY_SIZE / 2, 0xFF, P384_KEY_SIZE / 2);
	refuse_changed_keys();
}

static void rotated_by(u32 signers, enum err expected)
{
	set_up(NULL);
	assert_int_equal(key_set_revoke(&forged.keys, forge_id(ROOT_A)), OK);
	assert_int_equal(key_set_revoke(&forged.keys, forge_id(ROOT_C)), OK);
	assert_int_equal(key_set_insert(&forged.keys, ROLE_ROOT, forge_public(ROOT_SPARE)), OK);
	forge_rotate(&forged, signers);
	forge_seal(&forged);
	assert_int_equal(forge_verdict(&forged), expected);
}

/* Old roots A B C, new roots B and the spare one, two each. */
static void row16_rotation_needs_old_and_new_roots(void **state)
{
	(void)state;
	rotated_by(BIT(ROOT_A) | BIT(ROOT_B), ERR_SIGNATURE_MISSING);
	rotated_by(BIT(ROOT_A) | BIT(ROOT_C), ERR_SIGNATURE_MISSING);
	rotated_by(BIT(ROOT_B) | BIT(ROOT_SPARE), ERR_SIGNATURE_MISSING);
	rotated_by(BIT(ROOT_A) | BIT(ROOT_SPARE), ERR_SIGNATURE_MISSING);
	rotated_by(BIT(RELEASE_A) | BIT(RELEASE_B) | BIT(ROOT_SPARE), ERR_SIGNATURE_MISSING);
	rotated_by(BIT(ROOT_A) | BIT(ROOT_B) | BIT(ROOT_SPARE), OK);
}

static void row16_wrong_signature_of_a_root(void **state)
{
	(void)state;
	forge_rotate(&forged, BIT(ROOT_A) | BIT(ROOT_B) | BIT(ROOT_C));
	u8 *list = forged.region + forged.newest + load_le32(forged.region + forged.newest + 12);
	list[signature_list_size(3) - 1] ^= 1;
	forge_seal(&forged);
	assert_int_equal(forge_verdict(&forged), ERR_SIGNATURE_WRONG);
	list[signature_list_size(3) - 1] ^= 1;
	forge_seal(&forged);
	assert_int_equal(forge_verdict(&forged), OK);
}

static void row16_a_skipped_step(void **state)
{
	(void)state;
	forged.keys.version = 2;
	forge_rotate(&forged, FORGE_ROOTS);
	forge_seal(&forged);
	assert_int_equal(forge_verdict(&forged), ERR_KEYS_CHAIN);

	set_up(NULL);
	forge_rotate(&forged, FORGE_ROOTS);
	forge_rotate(&forged, FORGE_ROOTS);
	forge_seal(&forged);
	assert_int_equal(forge_verdict(&forged), OK);
}

static void row16_a_step_back_or_a_repeated_one(void **state)
{
	(void)state;
	forge_rotate(&forged, FORGE_ROOTS);
	forge_append_keys(&forged, FORGE_ROOTS);
	forge_seal(&forged);
	assert_int_equal(forge_verdict(&forged), ERR_KEYS_CHAIN);

	set_up(NULL);
	forge_rotate(&forged, FORGE_ROOTS);
	forged.keys.version = 0;
	forge_rotate(&forged, FORGE_ROOTS);
	forge_seal(&forged);
	assert_int_equal(forge_verdict(&forged), ERR_KEYS_CHAIN);
}

/* A release key revoked by rotation no longer signs, though it did before. */
static void row16_a_revoked_release_key(void **state)
{
	(void)state;
	signed_by(BIT(RELEASE_A) | BIT(RELEASE_B), OK);
	assert_int_equal(key_set_revoke(&forged.keys, forge_id(RELEASE_A)), OK);
	forge_rotate(&forged, FORGE_ROOTS);
	forge_seal(&forged);
	signed_by(BIT(RELEASE_A) | BIT(RELEASE_B), ERR_SIGNATURE_MISSING);
	signed_by(BIT(RELEASE_B) | BIT(RELEASE_C), OK);
}

/* A signature over an image must not serve for a key manifest: domains differ. */
static void row16_key_manifest_signed_as_an_image(void **state)
{
	(void)state;
	u8 digest[SHA384_SIZE];
	u8 signature[P384_SIGNATURE_SIZE];

	forge_rotate(&forged, 0);
	u8 *body = forged.region + forged.newest;
	u32 n = load_le32(body + 12);
	sha384_of(body, n, digest);
	for (enum forge_person who = ROOT_A; who <= ROOT_B; who++) {
		forge_signature(who, digest, signature);
		assert_int_equal(signature_list_insert(body + n, FORGE_SIGNATURE_ROOM, forge_id(who), signature), OK);
	}
	forge_seal(&forged);
	assert_int_equal(forge_verdict(&forged), ERR_SIGNATURE_WRONG);
	forge_sign_keys(&forged, FORGE_ROOTS);
	forge_seal(&forged);
	assert_int_equal(forge_verdict(&forged), OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(row09_only_release_keys_of_the_set_count, set_up),
		cmocka_unit_test_setup(row09_own_key_manifest_brought_along, set_up),
		cmocka_unit_test_setup(row10_one_signature_twice, set_up),
		cmocka_unit_test_setup(row10_one_key_under_two_ids, set_up),
		cmocka_unit_test_setup(row10_one_key_listed_twice, set_up),
		cmocka_unit_test_setup(row10_one_key_and_its_mirror_image, set_up),
		cmocka_unit_test(row16_rotation_needs_old_and_new_roots),
		cmocka_unit_test_setup(row16_wrong_signature_of_a_root, set_up),
		cmocka_unit_test_setup(row16_a_skipped_step, set_up),
		cmocka_unit_test_setup(row16_a_step_back_or_a_repeated_one, set_up),
		cmocka_unit_test_setup(row16_a_revoked_release_key, set_up),
		cmocka_unit_test_setup(row16_key_manifest_signed_as_an_image, set_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
