/* Streaming over payloads. Trust: bounded memory; see the header. */
#include "image/host/payload.h"

#include <string.h>

void payload_tree_init(struct payload_tree *t)
{
	merkle_init(&t->merkle);
	t->used = 0;
}

static void close_leaf(struct payload_tree *t)
{
	u8 digest[SHA384_SIZE];

	merkle_leaf(t->leaf, t->used, digest);
	merkle_add(&t->merkle, digest);
	t->used = 0;
}

void payload_tree_add(struct payload_tree *t, const u8 *bytes, size_t n)
{
	while (n) {
		size_t part = n < LEAF_SIZE - t->used ? n : LEAF_SIZE - t->used;
		memcpy(t->leaf + t->used, bytes, part);
		t->used += part;
		bytes += part;
		n -= part;
		if (t->used == LEAF_SIZE)
			close_leaf(t);
	}
}

u64 payload_tree_root(struct payload_tree *t, u8 root[SHA384_SIZE])
{
	if (t->used)
		close_leaf(t);
	merkle_root(&t->merkle, root);
	return t->merkle.count;
}

/* Components ascend without overlap, so one running hash follows the stream. */
struct component_cursor {
	const struct manifest *manifest;
	u32 index;
	u64 hashed; /* bytes of the component at index */
	struct sha384 hash;
};

static enum err finish_component(struct component_cursor *c)
{
	u8 digest[SHA384_SIZE];

	sha384_final(&c->hash, digest);
	if (!digest_equal(digest, c->manifest->components[c->index].digest, SHA384_SIZE))
		return ERR_IMAGE_CONTENT;
	c->index++;
	c->hashed = 0;
	sha384_init(&c->hash);
	return OK;
}

/* Bytes [offset, offset + n) of the image; what lies between components is skipped. */
static enum err feed_components(struct component_cursor *c, u64 offset, const u8 *bytes, size_t n)
{
	u64 end = offset + n;

	while (c->index < c->manifest->component_count) {
		const struct component *component = &c->manifest->components[c->index];
		u64 next = component->offset + c->hashed;
		if (next >= end)
			return OK;
		u64 left = component->length - c->hashed;
		u64 part = left < end - next ? left : end - next;
		sha384_update(&c->hash, bytes + (next - offset), (size_t)part);
		c->hashed += part;
		if (c->hashed < component->length)
			return OK;
		enum err e = finish_component(c);
		if (e)
			return e;
	}
	return OK;
}

static enum err check_root(struct payload_tree *tree, const struct manifest *m)
{
	u8 root[SHA384_SIZE];
	u64 leaves = payload_tree_root(tree, root);

	if (leaves != m->leaf_count || !digest_equal(root, m->merkle_root, SHA384_SIZE))
		return ERR_IMAGE_MERKLE;
	return OK;
}

enum err payload_check(const struct image_file *f, const struct manifest *m, const struct meter *meter, u32 *bad)
{
	static struct payload_tree tree;
	static u8 chunk[LEAF_SIZE];
	struct component_cursor cursor = { .manifest = m };

	*bad = COMPONENTS_MAX;
	payload_tree_init(&tree);
	sha384_init(&cursor.hash);
	for (u64 at = f->layout.payload_offset; at < f->layout.image_length;) {
		u64 left = f->layout.image_length - at;
		size_t n = left < sizeof(chunk) ? (size_t)left : sizeof(chunk);
		enum err e = read_at(f->fd, f->start + at, chunk, n);
		if (e)
			return e;
		payload_tree_add(&tree, chunk, n);
		e = feed_components(&cursor, at, chunk, n);
		if (e) {
			*bad = cursor.index;
			return e;
		}
		at += n;
		meter_advance(meter, n);
	}
	return cursor.index == m->component_count ? check_root(&tree, m) : ERR_IMAGE_CONTENT;
}
