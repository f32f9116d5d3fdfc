/* Leaf digests of image files. Trust: see the header. */
#include "image/host/leaf_list.h"

#include "image/merkle.h"

#include <stdlib.h>

u64 leaf_list_size(const struct image_layout *l)
{
	return align_up(l->payload_length, LEAF_SIZE) / LEAF_SIZE * SHA384_SIZE;
}

static enum err make(const struct image_file *f, const struct meter *meter, u8 *leaf, u8 *out)
{
	const struct image_layout *l = &f->layout;
	enum err e = OK;

	for (u64 at = 0; !e && at < l->payload_length; at += LEAF_SIZE, out += SHA384_SIZE) {
		u64 left = l->payload_length - at;
		size_t piece = left < LEAF_SIZE ? (size_t)left : LEAF_SIZE;

		e = meter_look(meter);
		if (!e)
			e = read_at(f->fd, f->start + l->payload_offset + at, leaf, piece);
		if (!e)
			merkle_leaf(leaf, piece, out);
	}
	return e;
}

enum err leaf_list_make(const struct image_file *f, const struct meter *meter, u8 *out, size_t n)
{
	if (f->layout.image_length > f->room || leaf_list_size(&f->layout) > n)
		return ERR_RANGE;
	u8 *leaf = malloc(LEAF_SIZE);
	enum err e = leaf ? make(f, meter, leaf, out) : ERR_NO_MEMORY;

	free(leaf);
	return e;
}
