/*
 * Every single bit of an image's head, one after another (rows 1, 2, 4, 5 and 16): each flip is refused. The one
 * exception is what docs/format.md says is never read; there the image must verify with not a byte of its meaning
 * changed.
 */
#include "lib/bytes.h"
#include "tests/adversarial/forge.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <string.h>

static struct forge forged;
static struct verified_image good;
static struct verified_image image;

/* Thousands of curve operations: spare them a stack trace of each of their allocations. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "malloc_context_size=0:quarantine_size_mb=4";
}

/* Fewest keys and signatures, so that a flip costs one curve operation. */
static void forge_fewest(void)
{
	forge_init(&forged);
	memset(&forged.keys, 0, sizeof(forged.keys));
	forged.keys.root_threshold = 1;
	forged.keys.release_threshold = 1;
	assert_int_equal(key_set_insert(&forged.keys, ROLE_ROOT, forge_public(ROOT_A)), OK);
	assert_int_equal(key_set_insert(&forged.keys, ROLE_RELEASE, forge_public(RELEASE_A)), OK);
	assert_int_equal(key_set_insert(&forged.keys, ROLE_POLICY, forge_public(POLICY)), OK);
	forged.region_length = 0;
	forge_rotate(&forged, BIT(ROOT_A));
	forged.anchor = forged.keys;
}

static void seal(void)
{
	forge_seal(&forged);
	forge_sign(&forged, BIT(RELEASE_A));
	assert_int_equal(forge_verify(&forged, &good), OK);
}

static int one_key_manifest(void **state)
{
	(void)state;
	forge_fewest();
	seal();
	return 0;
}

static int two_key_manifests(void **state)
{
	(void)state;
	forge_fewest();
	forge_rotate(&forged, BIT(ROOT_A));
	seal();
	assert_int_equal(good.keys.version, 2);
	return 0;
}

static bool flip_is_refused(u64 bit)
{
	forged.image[bit / 8] ^= (u8)(1u << bit % 8);
	enum err e = forge_verify(&forged, &image);
	forged.image[bit / 8] ^= (u8)(1u << bit % 8);
	return e != OK;
}

static void refuse_all(u64 from, u64 to)
{
	for (u64 bit = from * 8; bit < to * 8; bit++) {
		if (!flip_is_refused(bit))
			fail_msg("accepted: byte %llu bit %llu", (unsigned long long)bit / 8,
			        (unsigned long long)bit % 8);
	}
	assert_int_equal(forge_verdict(&forged), OK);
}

static void row02_every_bit_of_the_header(void **state)
{
	(void)state;
	refuse_all(0, IMAGE_HEADER_SIZE);
}

static u64 anchor_body(void)
{
	return load_le32(forged.region + 12);
}

static void row16_every_bit_of_the_keys_and_the_gap_behind(void **state)
{
	(void)state;
	u64 first = forged.layout.keys_offset;

	refuse_all(first, first + anchor_body());
	refuse_all(first + forged.newest, forged.layout.manifest_offset);
}

/* The anchor is trusted already: its own signatures say nothing, whatever they are. */
static void row16_signatures_of_the_anchor_mean_nothing(void **state)
{
	(void)state;
	u64 list = forged.layout.keys_offset + anchor_body();

	for (u32 fill = 0; fill < 256; fill += 15) {
		memset(forged.image + list, (int)fill, FORGE_SIGNATURE_ROOM);
		assert_int_equal(forge_verify(&forged, &image), OK);
		assert_memory_equal(&image, &good, sizeof(image));
	}
}

static void row01_every_bit_of_the_manifest_and_the_gap_behind(void **state)
{
	(void)state;
	refuse_all(forged.layout.manifest_offset, forged.layout.signatures_offset);
}

static void row04_every_bit_of_the_signatures_region(void **state)
{
	(void)state;
	refuse_all(forged.layout.signatures_offset, forged.layout.payload_offset);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(row02_every_bit_of_the_header, one_key_manifest),
		cmocka_unit_test_setup(row16_every_bit_of_the_keys_and_the_gap_behind, two_key_manifests),
		cmocka_unit_test_setup(row16_signatures_of_the_anchor_mean_nothing, two_key_manifests),
		cmocka_unit_test_setup(row01_every_bit_of_the_manifest_and_the_gap_behind, one_key_manifest),
		cmocka_unit_test_setup(row04_every_bit_of_the_signatures_region, one_key_manifest),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
