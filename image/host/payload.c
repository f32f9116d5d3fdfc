/* Streaming over payloads. Trust: bounded memory; see the header. */
#include "image/host/payload.h"

#include "image/content.h"

#include <stdlib.h>
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

/* Several images may be read at once, each by a thread. */
struct reading {
	struct content_check check;
	u8 chunk[LEAF_SIZE];
};

static enum err read_payload(
        struct reading *r, const struct image_file *f, const struct manifest *m, const struct meter *meter)
{
	struct content_check *check = &r->check;
	enum err e = OK;

	content_check_begin(check, m, f->layout.payload_offset, false);
	while (!e && check->at < f->layout.image_length) {
		u64 left = f->layout.image_length - check->at;
		size_t n = left < sizeof(r->chunk) ? (size_t)left : sizeof(r->chunk);
		e = meter_look(meter);
		if (!e)
			e = read_at(f->fd, f->start + check->at, r->chunk, n);
		if (!e)
			e = content_check_leaf(check, r->chunk, n);
		meter_advance(meter, n);
	}
	return e ? e : content_check_end(check);
}

enum err payload_check(const struct image_file *f, const struct manifest *m, const struct meter *meter, u32 *bad)
{
	struct reading *r = malloc(sizeof(*r));
	enum err e = r ? read_payload(r, f, m, meter) : ERR_NO_MEMORY;

	*bad = e == ERR_IMAGE_CONTENT ? r->check.component : COMPONENTS_MAX;
	free(r);
	return e;
}
