/* Images in files. Trust: see the header. */
#include "agent/update/source.h"

#include "image/merkle.h"

static enum err image_bytes(void *context, u64 offset, u8 *out, size_t n)
{
	const struct file_source *s = context;

	if (!range_inside(offset, n, s->image.room))
		return ERR_RANGE;
	return read_at(s->image.fd, s->image.start + offset, out, n);
}

static enum err list(void *context, u8 *out, size_t n)
{
	static u8 leaf[LEAF_SIZE];
	const struct file_source *s = context;
	const struct image_layout *l = &s->image.layout;
	enum err e = OK;

	for (u64 at = 0, i = 0; !e && at < l->payload_length; at += LEAF_SIZE, i++) {
		u64 left = l->payload_length - at;
		size_t piece = left < LEAF_SIZE ? (size_t)left : LEAF_SIZE;

		if ((i + 1) * SHA384_SIZE > n)
			return ERR_RANGE;
		e = image_bytes(context, l->payload_offset + at, leaf, piece);
		if (!e)
			merkle_leaf(leaf, piece, out + i * SHA384_SIZE);
	}
	return e;
}

enum err file_source_open(struct file_source *s, const char *path, struct update_source *out)
{
	enum err e = image_file_open(path, &s->image);

	*out = (struct update_source){ image_bytes, list, s };
	if (!e && s->image.head_only) {
		image_file_close(&s->image);
		e = ERR_RANGE;
	}
	return e;
}
