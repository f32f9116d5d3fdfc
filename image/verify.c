/*
 * Image verification. The order is the security: fixed header, keys, signatures over the exact bytes, and only then
 * the manifest's own contents.
 * Trust: in the TCB; pure.
 */
#include "image/verify.h"

#include "image/manifest.h"
#include "image/message.h"
#include "image/signature.h"
#include "lib/bytes.h"

#include <string.h>

static bool gap_is_zero(const u8 *head, u64 offset, u64 length, u64 next)
{
	return bytes_are_zero(head + offset + length, next - offset - length);
}

/* Nothing may hide between the regions: it would be neither signed nor parsed, but carried along. */
static bool gaps_are_zero(const u8 *head, const struct image_layout *l)
{
	return gap_is_zero(head, l->keys_offset, l->keys_length, l->manifest_offset) &&
	        gap_is_zero(head, l->manifest_offset, l->manifest_length, l->signatures_offset);
}

static enum err check_signatures(const u8 *head, const struct verified_image *image)
{
	const struct image_layout *l = &image->layout;
	u8 digest[SHA384_SIZE];

	image_message_digest(head, head + l->manifest_offset, l->manifest_length, digest);
	return signatures_check(head + l->signatures_offset, l->signatures_length, digest, &image->keys, ROLE_RELEASE,
	        image->keys.release_threshold);
}

static enum err verify_regions(const u8 *head, const struct keys_visitor *visitor, struct verified_image *image)
{
	const struct image_layout *l = &image->layout;
	const u8 *manifest = head + l->manifest_offset;

	enum err e = keys_chain_walk(head + l->keys_offset, l->keys_length, &image->keys, visitor);
	if (e)
		return e;
	e = check_signatures(head, image);
	if (e)
		return e;
	e = manifest_parse(manifest, l->manifest_length, l, &image->manifest);
	if (e)
		return e;
	/* Signed for these keys: a manifest cannot be moved under another key manifest with the same release keys. */
	if (!digest_equal(image->manifest.keys_digest, image->keys.digest, SHA384_SIZE))
		return ERR_KEYS_OTHER;
	sha384_of(manifest, l->manifest_length, image->manifest_digest);
	return OK;
}

enum err image_verify_head(const u8 *head, size_t n, u64 slot_length, const struct key_set *anchor,
        const struct keys_visitor *visitor, struct verified_image *out)
{
	memset(out, 0, sizeof(*out));
	enum err e = image_layout_read(head, n, slot_length, &out->layout);
	if (!e && n < out->layout.payload_offset)
		e = ERR_RANGE;
	if (!e && !gaps_are_zero(head, &out->layout))
		e = ERR_IMAGE_HEADER;
	if (!e) {
		out->keys = *anchor;
		e = verify_regions(head, visitor, out);
	}
	/* A caller that overlooks the error finds nothing it could use. */
	if (e)
		memset(out, 0, sizeof(*out));
	return e;
}

enum err image_verify_component(const struct component *c, const u8 *content)
{
	u8 digest[SHA384_SIZE];

	sha384_of(content, c->length, digest);
	return digest_equal(digest, c->digest, SHA384_SIZE) ? OK : ERR_IMAGE_CONTENT;
}
