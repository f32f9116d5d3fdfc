/* Attacks through lengths and places: rows 2, 4, 5, 8 and 17. */
#include "image/merkle.h"
#include "lib/bytes.h"
#include "tests/adversarial/forge.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <string.h>

static struct forge forged;
static struct verified_image image;

static int set_up(void **state)
{
	(void)state;
	forge_init(&forged);
	assert_int_equal(forge_verdict(&forged), OK);
	return 0;
}

/* Header offsets of the four lengths and of the image's. */
enum { KEYS = 24, MANIFEST = 40, SIGNATURES = 56, PAYLOAD = 72, IMAGE = 80 };

/* The forger owns release keys here: even a well-signed header must be consistent. */
static void refuse_length(u32 field, u64 value)
{
	u64 good = load_le64(forged.image + field);

	store_le64(forged.image + field, value);
	forge_sign(&forged, FORGE_RELEASES);
	assert_int_equal(forge_verdict(&forged), ERR_IMAGE_HEADER);
	store_le64(forged.image + field, good);
}

static void row02_lengths_around_two_and_four_gigabytes(void **state)
{
	(void)state;
	static const u32 fields[] = { KEYS, MANIFEST, SIGNATURES, PAYLOAD, IMAGE };
	static const u64 edges[] = { (u64)1 << 31, (u64)1 << 32, (u64)1 << 63 };

	for (size_t f = 0; f < ARRAY_SIZE(fields); f++) {
		for (size_t e = 0; e < ARRAY_SIZE(edges); e++) {
			for (u64 step = 0; step <= 8192; step += 4096) {
				refuse_length(fields[f], edges[e] - 4096 + step);
				refuse_length(fields[f], edges[e] - 1 + step);
			}
		}
		refuse_length(fields[f], UINT64_MAX);
		refuse_length(fields[f], UINT64_MAX - 4095);
	}
}

/* A length that keeps its low 32 bits would pass where somebody narrows it. */
static void row02_lengths_with_high_bits_added(void **state)
{
	(void)state;
	static const u32 fields[] = { KEYS, MANIFEST, SIGNATURES, PAYLOAD, IMAGE };

	for (size_t f = 0; f < ARRAY_SIZE(fields); f++) {
		for (u32 bit = 32; bit < 64; bit++)
			refuse_length(fields[f], load_le64(forged.image + fields[f]) | (u64)1 << bit);
	}
}

/* Consistent in itself, larger than the slot: the layout is fine and the slot's end decides. */
static void row02_huge_but_consistent_payload(void **state)
{
	(void)state;
	static const u64 sizes[] = { (u64)1 << 31, (u64)1 << 32, (u64)1 << 48 };

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct image_layout l;
		set_up(NULL);
		assert_int_equal(image_layout_of(forged.layout.keys_length, forged.layout.manifest_length,
		                         forged.layout.signatures_length, sizes[i], &l),
		        OK);
		image_header_encode(&l, forged.image);
		forge_sign(&forged, FORGE_RELEASES);
		assert_int_equal(forge_verdict(&forged), ERR_IMAGE_LENGTH);
	}
}

/* CVE-2026-34155's shape: a manifest length that leaves the components outside the signed bytes. */
static void row02_manifest_signed_only_in_its_first_bytes(void **state)
{
	(void)state;
	struct image_layout l;

	assert_int_equal(image_layout_of(forged.layout.keys_length, MANIFEST_FIXED_SIZE, IMAGE_ALIGN,
	                         forged.layout.payload_length, &l),
	        OK);
	image_header_encode(&l, forged.image);
	forged.layout = l;
	forge_sign(&forged, FORGE_RELEASES);
	/* The components now lie in a gap, which must be zero. */
	assert_int_equal(forge_verdict(&forged), ERR_IMAGE_HEADER);
	memset(forged.image + l.manifest_offset + l.manifest_length, 0, 2 * COMPONENT_SIZE);
	assert_int_equal(forge_verdict(&forged), ERR_IMAGE_MANIFEST);
}

static void row02_component_lengths_that_wrap(void **state)
{
	(void)state;
	static const u64 lengths[] = { UINT64_MAX, UINT64_MAX - 4095, (u64)1 << 63, (u64)1 << 32, (u64)1 << 31 };

	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		set_up(NULL);
		u8 *component = forged.image + forged.layout.manifest_offset + MANIFEST_FIXED_SIZE;
		store_le64(component + 16, lengths[i]);
		store_le64(component + 32, lengths[i]);
		forge_sign(&forged, FORGE_RELEASES);
		assert_int_equal(forge_verdict(&forged), ERR_IMAGE_MANIFEST);
	}
}

/* Whatever the header says is signed with the manifest: moving a manifest under another header fails. */
static void row04_header_fields_are_signed(void **state)
{
	(void)state;
	u8 signatures[4096];
	u64 at = forged.layout.signatures_offset;

	memcpy(signatures, forged.image + at, sizeof(signatures));
	/* An extra page of signatures region: consistent, and nothing else changed. */
	assert_int_equal(image_layout_of(forged.layout.keys_length, forged.layout.manifest_length, 8192,
	                         forged.layout.payload_length, &forged.layout),
	        OK);
	image_header_encode(&forged.layout, forged.image);
	memset(forged.image + at, 0, 8192);
	memcpy(forged.image + at, signatures, sizeof(signatures));
	assert_int_equal(forge_verdict(&forged), ERR_SIGNATURE_WRONG);
}

static void row04_nothing_hides_in_gaps(void **state)
{
	(void)state;
	const struct image_layout *l = &forged.layout;
	const u64 gaps[] = {
		l->keys_offset + l->keys_length,
		l->manifest_offset - 1,
		l->manifest_offset + l->manifest_length,
		l->signatures_offset - 1,
	};

	for (size_t i = 0; i < ARRAY_SIZE(gaps); i++) {
		forged.image[gaps[i]] = 1;
		forge_sign(&forged, FORGE_RELEASES);
		assert_int_equal(forge_verdict(&forged), ERR_IMAGE_HEADER);
		forged.image[gaps[i]] = 0;
		assert_int_equal(forge_verdict(&forged), OK);
	}
}

static void row04_a_second_manifest_is_not_looked_at(void **state)
{
	(void)state;
	/* A copy with a higher SVN right behind the first, as if the field stood twice. */
	u64 at = forged.layout.manifest_offset;
	u64 n = forged.layout.manifest_length;

	memcpy(forged.image + at + n, forged.image + at, n);
	store_le32(forged.image + at + n + 80, SVN_MAX);
	assert_int_equal(forge_verdict(&forged), ERR_IMAGE_HEADER);
}

static void row05_merkle_root_is_signed(void **state)
{
	(void)state;
	u8 *root = forged.image + forged.layout.manifest_offset + 224;
	u8 *leaf_count = forged.image + forged.layout.manifest_offset + 272;

	root[0] ^= 1;
	assert_int_equal(forge_verdict(&forged), ERR_SIGNATURE_WRONG);
	root[0] ^= 1;
	leaf_count[0] ^= 1;
	assert_int_equal(forge_verdict(&forged), ERR_SIGNATURE_WRONG);
	forge_sign(&forged, FORGE_RELEASES);
	assert_int_equal(forge_verdict(&forged), ERR_IMAGE_MANIFEST);
}

/* An inner node passed off as a leaf, or a leaf as a node, needs prefixes that differ. */
static void row05_a_node_is_no_leaf(void **state)
{
	(void)state;
	u8 halves[2 * SHA384_SIZE] = { 1 };
	u8 leaf[SHA384_SIZE];
	u8 node[SHA384_SIZE];

	merkle_leaf(halves, sizeof(halves), leaf);
	merkle_node(halves, halves + SHA384_SIZE, node);
	assert_memory_not_equal(leaf, node, SHA384_SIZE);
}

/* The signer cannot choose what is signed: a message over header and manifest alone is computed, whatever they hold. */
static void row08_the_signers_scope_is_not_believed(void **state)
{
	(void)state;
	u8 digest[SHA384_SIZE];
	u8 signature[P384_SIGNATURE_SIZE];
	u8 *list = forged.image + forged.layout.signatures_offset;
	const u8 *manifest = forged.image + forged.layout.manifest_offset;

	/* Good keys sign the manifest alone, without domain and header. */
	sha384_of(manifest, forged.layout.manifest_length, digest);
	memset(list, 0, forged.layout.signatures_length);
	for (enum forge_person who = RELEASE_A; who <= RELEASE_B; who++) {
		forge_signature(who, digest, signature);
		assert_int_equal(
		        signature_list_insert(list, forged.layout.signatures_length, forge_id(who), signature), OK);
	}
	assert_int_equal(forge_verdict(&forged), ERR_SIGNATURE_WRONG);
	forge_sign(&forged, FORGE_RELEASES);
	assert_int_equal(forge_verdict(&forged), OK);
}

static void row17_bytes_beyond_the_image_change_nothing(void **state)
{
	(void)state;
	static struct verified_image alone;
	u64 end = forged.layout.image_length;

	assert_int_equal(forge_verify(&forged, &alone), OK);
	memset(forged.image + end, 0xEE, sizeof(forged.image) - end);
	assert_int_equal(image_verify_head(forged.image, sizeof(forged.image), sizeof(forged.image), &forged.anchor,
	                         NULL, &image),
	        OK);
	assert_memory_equal(&image, &alone, sizeof(image));
}

static void row17_any_cut_of_the_head_is_refused(void **state)
{
	(void)state;
	for (u64 n = 0; n < forged.layout.payload_offset; n += n < 100 ? 1 : 499) {
		enum err e =
		        image_verify_head(forged.image, n, forged.layout.image_length, &forged.anchor, NULL, &image);
		assert_int_equal(e, n < IMAGE_HEADER_SIZE ? ERR_IMAGE_ABSENT : ERR_RANGE);
	}
}

static void row17_an_image_cut_short_by_its_slot_is_refused(void **state)
{
	(void)state;
	u64 head = forged.layout.payload_offset;

	for (u64 slot = head; slot < forged.layout.image_length; slot += 1000)
		assert_int_equal(
		        image_verify_head(forged.image, head, slot, &forged.anchor, NULL, &image), ERR_IMAGE_LENGTH);
	assert_int_equal(forge_verdict(&forged), OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(row02_lengths_around_two_and_four_gigabytes, set_up),
		cmocka_unit_test_setup(row02_lengths_with_high_bits_added, set_up),
		cmocka_unit_test(row02_huge_but_consistent_payload),
		cmocka_unit_test_setup(row02_manifest_signed_only_in_its_first_bytes, set_up),
		cmocka_unit_test(row02_component_lengths_that_wrap),
		cmocka_unit_test_setup(row04_header_fields_are_signed, set_up),
		cmocka_unit_test_setup(row04_nothing_hides_in_gaps, set_up),
		cmocka_unit_test_setup(row04_a_second_manifest_is_not_looked_at, set_up),
		cmocka_unit_test_setup(row05_merkle_root_is_signed, set_up),
		cmocka_unit_test(row05_a_node_is_no_leaf),
		cmocka_unit_test_setup(row08_the_signers_scope_is_not_believed, set_up),
		cmocka_unit_test_setup(row17_bytes_beyond_the_image_change_nothing, set_up),
		cmocka_unit_test_setup(row17_any_cut_of_the_head_is_refused, set_up),
		cmocka_unit_test_setup(row17_an_image_cut_short_by_its_slot_is_refused, set_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
