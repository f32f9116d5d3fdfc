/*
 * Checking payloads. Components ascend without overlap, so one running hash follows the stream.
 * Trust: pure.
 */
#include "image/content.h"

#include "lib/bytes.h"

void content_check_begin(struct content_check *c, const struct manifest *m, u64 payload_offset, bool leaves_known)
{
	*c = (struct content_check){ .manifest = m, .leaves_known = leaves_known, .at = payload_offset };
	sha384_init(&c->hash);
	merkle_init(&c->tree);
}

static enum err finish_component(struct content_check *c)
{
	u8 digest[SHA384_SIZE];

	sha384_final(&c->hash, digest);
	if (!digest_equal(digest, c->manifest->components[c->component].digest, SHA384_SIZE))
		return ERR_IMAGE_CONTENT;
	c->component++;
	c->hashed = 0;
	sha384_init(&c->hash);
	return OK;
}

/*
 * Between components are zeros, which nodes fill in without being sent them: an image with anything else there would
 * never come to stand in a slot as it was signed.
 */
static enum err feed_components(struct content_check *c, const u8 *bytes, size_t n)
{
	u64 end = c->at + n, at = c->at;

	while (c->component < c->manifest->component_count) {
		const struct component *component = &c->manifest->components[c->component];
		u64 next = component->offset + c->hashed;
		if (!bytes_are_zero(bytes + (at - c->at), (size_t)((next < end ? next : end) - at)))
			return ERR_IMAGE_CONTENT;
		if (next >= end)
			return OK;
		u64 left = component->length - c->hashed;
		u64 part = left < end - next ? left : end - next;
		sha384_update(&c->hash, bytes + (next - c->at), (size_t)part);
		c->hashed += part;
		if (c->hashed < component->length)
			return OK;
		enum err e = finish_component(c);
		if (e)
			return e;
		at = next + part;
	}
	return bytes_are_zero(bytes + (at - c->at), (size_t)(end - at)) ? OK : ERR_IMAGE_CONTENT;
}

enum err content_check_leaf(struct content_check *c, const u8 *leaf, size_t n)
{
	u8 digest[SHA384_SIZE];
	enum err e = feed_components(c, leaf, n);

	if (e)
		return e;
	if (!c->leaves_known) {
		merkle_leaf(leaf, n, digest);
		merkle_add(&c->tree, digest);
	}
	c->at += n;
	return OK;
}

enum err content_check_end(const struct content_check *c)
{
	u8 root[SHA384_SIZE];

	if (c->component != c->manifest->component_count)
		return ERR_IMAGE_CONTENT;
	if (c->leaves_known)
		return OK;
	merkle_root(&c->tree, root);
	if (c->tree.count != c->manifest->leaf_count || !digest_equal(root, c->manifest->merkle_root, SHA384_SIZE))
		return ERR_IMAGE_MERKLE;
	return OK;
}
