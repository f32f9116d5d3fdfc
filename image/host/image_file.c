/* Opening images and signing requests. Trust: interprets the fixed header only, by image/verify.h. */
#include "image/host/image_file.h"

#include "image/host/chain.h"
#include "image/manifest.h"
#include "image/message.h"

static enum err read_head(struct image_file *f)
{
	if (f->room < IMAGE_HEADER_SIZE)
		return ERR_IMAGE_ABSENT;
	enum err e = read_at(f->fd, f->start, f->head, IMAGE_HEADER_SIZE);
	if (e)
		return e;
	/* The head alone is a signing request; how far the payload would reach is judged by the caller. */
	e = image_layout_read(f->head, IMAGE_HEADER_SIZE, UINT64_MAX, &f->layout);
	if (e)
		return e;
	if (f->layout.payload_offset > sizeof(f->head))
		return ERR_IMAGE_HEADER;
	if (f->layout.payload_offset > f->room)
		return ERR_RANGE;
	return read_at(f->fd, f->start, f->head, (size_t)f->layout.payload_offset);
}

enum err image_file_open(const char *path, struct image_file *out)
{
	out->start = 0;
	enum err e = file_open(path, &out->fd, &out->room);
	if (e)
		return e;
	e = read_head(out);
	out->head_only = !e && out->room == out->layout.payload_offset;
	if (!e && !out->head_only && out->room != out->layout.image_length)
		e = ERR_RANGE;
	if (e)
		image_file_close(out);
	return e;
}

enum err image_file_at(int fd, u64 start, u64 room, struct image_file *out)
{
	*out = (struct image_file){ .fd = fd, .start = start, .room = room };
	enum err e = read_head(out);
	if (!e && out->layout.image_length > room)
		e = ERR_IMAGE_LENGTH;
	return e;
}

void image_file_close(struct image_file *f)
{
	file_close(f->fd);
	f->fd = -1;
}

const u8 *image_file_keys(const struct image_file *f)
{
	return f->head + f->layout.keys_offset;
}

const u8 *image_file_manifest(const struct image_file *f)
{
	return f->head + f->layout.manifest_offset;
}

u8 *image_file_signatures(struct image_file *f)
{
	return f->head + f->layout.signatures_offset;
}

void image_file_message_digest(const struct image_file *f, u8 digest[SHA384_SIZE])
{
	image_message_digest(f->head, image_file_manifest(f), (size_t)f->layout.manifest_length, digest);
}

enum err image_file_claims(const struct image_file *f, struct key_set *keys, struct manifest *manifest)
{
	enum err e = keys_chain_claims(image_file_keys(f), (size_t)f->layout.keys_length, keys);

	if (e)
		return e;
	return manifest_parse(image_file_manifest(f), (size_t)f->layout.manifest_length, &f->layout, manifest);
}
