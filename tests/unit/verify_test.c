/* Image heads: layout, regions, order of the checks, and what is left behind after a refusal. */
#include "image/message.h"
#include "lib/bytes.h"
#include "tests/adversarial/forge.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static struct forge forged;
static struct verified_image image;

static int set_up(void **state)
{
	(void)state;
	forge_init(&forged);
	return 0;
}

static enum err read_layout(struct image_layout *l)
{
	return image_layout_read(forged.image, IMAGE_HEADER_SIZE, forged.layout.image_length, l);
}

static void a_good_image_verifies(void **state)
{
	(void)state;
	u8 digest[SHA384_SIZE];

	assert_int_equal(forge_verify(&forged, &image), OK);
	assert_memory_equal(&image.layout, &forged.layout, sizeof(image.layout));
	assert_memory_equal(&image.keys, &forged.keys, sizeof(image.keys));
	sha384_of(forged.image + image.layout.manifest_offset, image.layout.manifest_length, digest);
	assert_memory_equal(image.manifest_digest, digest, SHA384_SIZE);
	for (u32 i = 0; i < image.manifest.component_count; i++) {
		const struct component *c = &image.manifest.components[i];
		assert_int_equal(image_verify_component(c, forged.image + c->offset), OK);
	}
}

static void a_slot_without_an_image_is_absent(void **state)
{
	(void)state;
	static const u8 ones[1] = { 0xFF };
	struct image_layout l;

	forged.image[0] ^= 1;
	assert_int_equal(read_layout(&l), ERR_IMAGE_ABSENT);
	memset(forged.image, 0, MAGIC_SIZE);
	assert_int_equal(read_layout(&l), ERR_IMAGE_ABSENT);
	memset(forged.image, 0xFF, IMAGE_HEADER_SIZE);
	assert_int_equal(read_layout(&l), ERR_IMAGE_ABSENT);
	assert_int_equal(image_layout_read(ones, 1, MIB(48), &l), ERR_IMAGE_ABSENT);
	set_up(state);
	assert_int_equal(image_layout_read(forged.image, IMAGE_HEADER_SIZE, 4095, &l), ERR_IMAGE_ABSENT);
	assert_int_equal(read_layout(&l), OK);
}

static const struct {
	const char *what;
	u32 offset;
	u64 value;
} malformed[] = {
	{ "header size", 8, 4097 | (u64)IMAGE_FORMAT_VERSION << 32 },
	{ "format version 0", 8, IMAGE_HEADER_SIZE },
	{ "format version 2", 8, IMAGE_HEADER_SIZE | (u64)2 << 32 },
	{ "keys offset", 16, 8192 },
	{ "no keys", 24, 0 },
	{ "odd keys length", 24, 1004 },
	{ "keys length over the maximum", 24, IMAGE_KEYS_MAX + 8 },
	{ "manifest offset inside the keys", 32, 4096 },
	{ "no manifest", 40, 0 },
	{ "manifest length over the maximum", 40, IMAGE_MANIFEST_MAX + 1 },
	{ "manifest length near 2^64", 40, UINT64_MAX },
	{ "signatures offset", 48, 16384 },
	{ "no signatures", 56, 0 },
	{ "signatures not in pages", 56, 4097 },
	{ "signatures over the maximum", 56, IMAGE_SIGNATURES_MAX + 4096 },
	{ "payload offset", 64, 0 },
	{ "no payload", 72, 0 },
	{ "payload not in pages", 72, 12289 },
	{ "payload near 2^64", 72, UINT64_MAX - 4095 },
	{ "image length", 80, 0 },
	{ "reserved", 88, 1 },
	{ "reserved at the very end", 4088, (u64)1 << 63 },
};

static void malformed_headers_are_refused(void **state)
{
	struct image_layout l;

	for (size_t i = 0; i < ARRAY_SIZE(malformed); i++) {
		set_up(state);
		assert_int_equal(read_layout(&l), OK);
		store_le64(forged.image + malformed[i].offset, malformed[i].value);
		if (read_layout(&l) != ERR_IMAGE_HEADER)
			fail_msg("accepted: %s", malformed[i].what);
	}
}

static void an_image_ends_within_its_slot(void **state)
{
	(void)state;
	struct image_layout l;
	u64 n = forged.layout.image_length;

	assert_int_equal(image_layout_read(forged.image, IMAGE_HEADER_SIZE, n - 1, &l), ERR_IMAGE_LENGTH);
	assert_int_equal(image_layout_read(forged.image, IMAGE_HEADER_SIZE, n, &l), OK);
	assert_int_equal(image_layout_read(forged.image, IMAGE_HEADER_SIZE, n + 1, &l), OK);
}

static void a_head_that_is_not_all_there_is_refused(void **state)
{
	(void)state;
	u64 head = forged.layout.payload_offset;

	assert_int_equal(
	        image_verify_head(forged.image, head - 1, forged.layout.image_length, &forged.anchor, NULL, &image),
	        ERR_RANGE);
	assert_int_equal(
	        image_verify_head(forged.image, head, forged.layout.image_length, &forged.anchor, NULL, &image), OK);
}

/* A digest or curve operation would need readable bytes behind the header: under ASan this test has none. */
static void a_bad_header_is_refused_before_anything_else_is_read(void **state)
{
	(void)state;
	u8 *header = malloc(IMAGE_HEADER_SIZE);

	memcpy(header, forged.image, IMAGE_HEADER_SIZE);
	header[88] = 1;
	assert_int_equal(image_verify_head(header, forged.layout.payload_offset, forged.layout.image_length,
	                         &forged.anchor, NULL, &image),
	        ERR_IMAGE_HEADER);
	/* Nor where the lengths are good and only the slot is too short for them. */
	header[88] = 0;
	assert_int_equal(image_verify_head(header, forged.layout.payload_offset, forged.layout.image_length - 1,
	                         &forged.anchor, NULL, &image),
	        ERR_IMAGE_LENGTH);
	free(header);
	assert_int_equal(forge_verdict(&forged), OK);
}

static void a_refusal_leaves_nothing_behind(void **state)
{
	(void)state;
	memset(&image, 0xAA, sizeof(image));
	forge_sign(&forged, BIT(RELEASE_A));
	assert_int_equal(forge_verify(&forged, &image), ERR_SIGNATURE_MISSING);
	assert_true(bytes_are_zero((const u8 *)&image, sizeof(image)));
}

static void signatures_come_before_the_manifests_contents(void **state)
{
	(void)state;
	/* Malformed and unsigned: the signature speaks first. Malformed and signed: the parser does. */
	store_le32(forged.image + forged.layout.manifest_offset + 12, 0xFFFFFFFF);
	assert_int_equal(forge_verdict(&forged), ERR_SIGNATURE_WRONG);
	forge_sign(&forged, FORGE_RELEASES);
	assert_int_equal(forge_verdict(&forged), ERR_IMAGE_MANIFEST);
}

/* By docs/format.md, not by the code: who signs here and who verifies share it. */
static void what_is_signed_begins_with_its_domain(void **state)
{
	(void)state;
	static u8 message[16 + IMAGE_HEADER_FIELDS + IMAGE_MANIFEST_MAX];
	const u8 *manifest = forged.image + forged.layout.manifest_offset;
	size_t n = forged.layout.manifest_length, body = load_le32(forged.region + 12);
	u8 want[SHA384_SIZE], digest[SHA384_SIZE];

	memcpy(message, "signet image v1", 16);
	memcpy(message + 16, forged.image, 88);
	memcpy(message + 16 + 88, manifest, n);
	sha384_of(message, 16 + 88 + n, want);
	image_message_digest(forged.image, manifest, n, digest);
	assert_memory_equal(digest, want, SHA384_SIZE);
	memcpy(message, "signet keys v1\0", 16);
	memcpy(message + 16, forged.region, body);
	sha384_of(message, 16 + body, want);
	keys_message_digest(forged.region, body, digest);
	assert_memory_equal(digest, want, SHA384_SIZE);
}

static void layouts_have_their_limits(void **state)
{
	(void)state;
	struct image_layout l;

	assert_int_equal(image_layout_of(IMAGE_KEYS_MAX, IMAGE_MANIFEST_MAX, IMAGE_SIGNATURES_MAX, 4096, &l), OK);
	assert_int_equal(l.payload_offset, IMAGE_HEAD_MAX);
	assert_int_equal(image_layout_of(8, 1, 4096, (u64)1 << 48, &l), OK);
	assert_int_equal(image_layout_of(8, 1, 4096, ((u64)1 << 48) + 4096, &l), ERR_RANGE);
	assert_int_equal(image_layout_of(0, 1, 4096, 4096, &l), ERR_RANGE);
	assert_int_equal(image_layout_of(8, 0, 4096, 4096, &l), ERR_RANGE);
	assert_int_equal(image_layout_of(8, IMAGE_MANIFEST_MAX + 1, 4096, 4096, &l), ERR_RANGE);
	assert_int_equal(image_layout_of(8, 1, 0, 4096, &l), ERR_RANGE);
	assert_int_equal(image_layout_of(8, 1, IMAGE_SIGNATURES_MAX + 4096, 4096, &l), ERR_RANGE);
	assert_int_equal(image_layout_of(8, 1, 4095, 4096, &l), ERR_RANGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_good_image_verifies, set_up),
		cmocka_unit_test_setup(a_slot_without_an_image_is_absent, set_up),
		cmocka_unit_test(malformed_headers_are_refused),
		cmocka_unit_test_setup(an_image_ends_within_its_slot, set_up),
		cmocka_unit_test_setup(a_head_that_is_not_all_there_is_refused, set_up),
		cmocka_unit_test_setup(a_bad_header_is_refused_before_anything_else_is_read, set_up),
		cmocka_unit_test_setup(a_refusal_leaves_nothing_behind, set_up),
		cmocka_unit_test_setup(signatures_come_before_the_manifests_contents, set_up),
		cmocka_unit_test_setup(what_is_signed_begins_with_its_domain, set_up),
		cmocka_unit_test(layouts_have_their_limits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
