/*
 * Whole image heads. The anchor is the image's own first key manifest; a signature is valid when its first byte is not
 * zero: so the fuzzer reaches everything behind the signatures. What verifies has one encoding.
 */
#include "image/encode.h"
#include "image/manifest.h"
#include "lib/bytes.h"
#include "tests/fuzz/fuzz.h"

enum { SLOT_LENGTH = 48 << 20 };

enum err __wrap_ecdsa_p384_verify(const u8 *key, const u8 *digest, const u8 *signature);
enum err __wrap_ecdsa_p384_verify(const u8 *key, const u8 *digest, const u8 *signature)
{
	(void)key;
	(void)digest;
	return signature[0] != 0 ? OK : ERR_SIGNATURE_WRONG;
}

/* Where a stage has its anchor from elsewhere, a fuzzer has only the image. A broken one still tries with no keys. */
static void anchor_of(const u8 *head, size_t n, struct key_set *anchor)
{
	struct keys_header h;
	const u8 *region = head + IMAGE_HEADER_SIZE;

	memset(anchor, 0, sizeof(*anchor));
	if (n < IMAGE_HEADER_SIZE || keys_header_read(region, n - IMAGE_HEADER_SIZE, &h) != OK ||
	        h.body > n - IMAGE_HEADER_SIZE || key_set_parse(region, h.body, anchor) != OK)
		memset(anchor, 0, sizeof(*anchor));
}

static void has_one_encoding(const u8 *head, const struct verified_image *image)
{
	static u8 header[IMAGE_HEADER_SIZE];
	static u8 manifest[IMAGE_MANIFEST_MAX];
	const struct image_layout *l = &image->layout;

	image_header_encode(l, header);
	must(memcmp(header, head, IMAGE_HEADER_SIZE) == 0);
	must(manifest_encode(&image->manifest, manifest) == l->manifest_length);
	must(memcmp(manifest, head + l->manifest_offset, l->manifest_length) == 0);
}

int LLVMFuzzerTestOneInput(const u8 *bytes, size_t n)
{
	static struct key_set anchor;
	static struct verified_image image;

	anchor_of(bytes, n, &anchor);
	if (image_verify_head(bytes, n, SLOT_LENGTH, &anchor, NULL, &image) != OK) {
		must(bytes_are_zero((const u8 *)&image, sizeof(image)));
		return 0;
	}
	must(image.layout.payload_offset <= n && image.layout.image_length <= SLOT_LENGTH);
	has_one_encoding(bytes, &image);
	return 0;
}
