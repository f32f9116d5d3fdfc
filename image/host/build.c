/* Building images. Trust: runs where releases are made; every length comes from a file and is checked. */
#include "image/host/build.h"

#include "image/encode.h"
#include "image/host/chain.h"
#include "image/host/payload.h"
#include "image/hypervisor.h"
#include "image/manifest.h"

#include <string.h>
#include <unistd.h>

/* Room for 30 signatures; it stands in the signed header, so it cannot grow later. */
enum { SIGNATURES_LENGTH = IMAGE_ALIGN };

/* The payload being written: where in the output, and the tree over it. */
struct payload_writer {
	int fd;
	u64 at;
	struct payload_tree tree;
	const struct meter *meter;
};

enum err image_build_size(struct build *b, u64 *total)
{
	*total = 0;
	for (u32 kind = 1; kind < COMPONENT_KIND_END; kind++) {
		u64 length;
		int fd;
		b->failed = b->components[kind].path;
		if (!b->failed)
			continue;
		enum err e = file_open(b->failed, &fd, &length);
		if (e)
			return e;
		close(fd);
		if (length == 0 || length > COMPONENT_MEMORY_MAX)
			return length ? ERR_RANGE : ERR_ARGUMENT;
		*total += align_up(length, IMAGE_ALIGN);
	}
	b->failed = NULL;
	return OK;
}

/* The stage believes the manifest; a header that says otherwise would only fail later, on the machine. */
static enum err read_hypervisor_header(int fd, struct component *c)
{
	u8 header[HYPERVISOR_HEADER_SIZE];
	struct hypervisor_header parsed;
	size_t n = c->length < sizeof(header) ? (size_t)c->length : sizeof(header);
	enum err e = read_at(fd, 0, header, n);

	if (e)
		return e;
	e = hypervisor_header_read(header, c->length, &parsed);
	if (e)
		return e;
	c->memory_length = parsed.memory_length;
	return OK;
}

static enum err describe_component(int fd, const struct build_component *from, struct component *c)
{
	c->load_address = from->load_address;
	c->memory_length = from->memory_length ? from->memory_length : c->length;
	if (c->kind == COMPONENT_HYPERVISOR) {
		enum err e = read_hypervisor_header(fd, c);
		if (e)
			return e;
	}
	return c->memory_length >= c->length && c->memory_length <= COMPONENT_MEMORY_MAX ? OK : ERR_ARGUMENT;
}

static enum err append(struct payload_writer *w, const u8 *bytes, size_t n)
{
	enum err e = write_at(w->fd, w->at, bytes, n);

	if (e)
		return e;
	payload_tree_add(&w->tree, bytes, n);
	w->at += n;
	meter_advance(w->meter, n);
	return OK;
}

/* Copies exactly length bytes: a file that shrinks meanwhile is an error, one that grows is cut and caught by its
 * length. */
static enum err append_content(struct payload_writer *w, int fd, struct component *c)
{
	static u8 chunk[LEAF_SIZE];
	struct sha384 hash;

	sha384_init(&hash);
	for (u64 done = 0; done < c->length;) {
		u64 left = c->length - done;
		size_t n = left < sizeof(chunk) ? (size_t)left : sizeof(chunk);
		enum err e = read_at(fd, done, chunk, n);
		if (e)
			return e;
		sha384_update(&hash, chunk, n);
		e = append(w, chunk, n);
		if (e)
			return e;
		done += n;
	}
	sha384_final(&hash, c->digest);
	return OK;
}

static enum err append_padding(struct payload_writer *w)
{
	static const u8 zeros[IMAGE_ALIGN];

	return append(w, zeros, (size_t)(align_up(w->at, IMAGE_ALIGN) - w->at));
}

static enum err append_component(struct payload_writer *w, const struct build_component *from, struct component *c)
{
	int fd;
	enum err e = file_open(from->path, &fd, &c->length);

	if (e)
		return e;
	c->offset = w->at;
	e = describe_component(fd, from, c);
	if (!e)
		e = append_content(w, fd, c);
	if (!e)
		e = append_padding(w);
	file_close(fd);
	return e;
}

static u32 count_components(const struct build *b)
{
	u32 count = 0;

	for (u32 kind = 1; kind < COMPONENT_KIND_END; kind++)
		count += b->components[kind].path ? 1 : 0;
	return count;
}

static enum err append_components(struct build *b, struct payload_writer *w)
{
	struct manifest *m = &b->manifest;

	m->component_count = 0;
	for (u32 kind = 1; kind < COMPONENT_KIND_END; kind++) {
		struct component *c = &m->components[m->component_count];
		b->failed = b->components[kind].path;
		if (!b->failed)
			continue;
		*c = (struct component){ .kind = kind };
		enum err e = append_component(w, &b->components[kind], c);
		if (e)
			return e;
		m->component_count++;
	}
	b->failed = NULL;
	m->leaf_count = payload_tree_root(&w->tree, m->merkle_root);
	return OK;
}

/* The release is judged by the newest key manifest of the chain, so the image names that one. */
static enum err name_keys(struct build *b)
{
	static struct key_set newest;
	enum err e = keys_chain_claims(b->keys, b->keys_length, &newest);

	if (e)
		return e;
	memcpy(b->manifest.keys_digest, newest.digest, SHA384_SIZE);
	return OK;
}

static enum err write_head(const struct build *b, int fd, const struct image_layout *layout)
{
	static u8 head[IMAGE_HEAD_MAX];
	struct manifest again;
	u8 *manifest = head + layout->manifest_offset;

	memset(head, 0, sizeof(head));
	image_header_encode(layout, head);
	memcpy(head + layout->keys_offset, b->keys, b->keys_length);
	size_t n = manifest_encode(&b->manifest, manifest);
	/* What would be refused later must not be built: the parser is the judge of texts and ranges. */
	enum err e = manifest_parse(manifest, n, layout, &again);
	if (e)
		return e;
	return write_at(fd, 0, head, (size_t)layout->payload_offset);
}

static enum err build_into(struct build *b, int fd, const struct meter *meter)
{
	static struct payload_writer writer;
	struct image_layout layout;
	u64 manifest_length = MANIFEST_FIXED_SIZE + (u64)COMPONENT_SIZE * count_components(b);
	u64 payload_length;

	enum err e = image_build_size(b, &payload_length);
	if (e)
		return e;
	e = image_layout_of(b->keys_length, manifest_length, SIGNATURES_LENGTH, payload_length, &layout);
	if (e)
		return e;
	writer.fd = fd;
	writer.at = layout.payload_offset;
	writer.meter = meter;
	payload_tree_init(&writer.tree);
	e = append_components(b, &writer);
	if (e)
		return e;
	/* A component changed its length while it was read. */
	if (writer.at != layout.image_length)
		return ERR_IO;
	return write_head(b, fd, &layout);
}

enum err image_build(struct build *b, const char *path, const struct meter *meter)
{
	struct output out;

	if (!b->components[COMPONENT_HYPERVISOR].path)
		return ERR_ARGUMENT;
	enum err e = name_keys(b);
	if (e)
		return e;
	e = output_open(path, &out);
	if (e) {
		b->failed = path;
		return e;
	}
	e = build_into(b, out.fd, meter);
	if (e) {
		output_discard(&out);
		return e;
	}
	return output_commit(&out);
}
