/* Images in files. Trust: see the header. */
#include "agent/update/source.h"

#include "image/host/leaf_list.h"

static enum err image_bytes(void *context, u64 offset, u8 *out, size_t n)
{
	const struct file_source *s = context;

	if (!range_inside(offset, n, s->image.room))
		return ERR_RANGE;
	return read_at(s->image.fd, s->image.start + offset, out, n);
}

static enum err list(void *context, u8 *out, size_t n)
{
	return leaf_list_make(&((const struct file_source *)context)->image, NULL, out, n);
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
