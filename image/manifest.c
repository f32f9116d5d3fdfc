/*
 * Manifest bytes to struct manifest and back.
 * Trust: in the TCB; pure. Parses only bytes whose signature holds, strictly all the same: a signer can be wrong, too.
 */
#include "image/manifest.h"

#include "image/text.h"
#include "lib/bytes.h"

#include <string.h>

static void fields_read(struct reader *r, struct manifest *m)
{
	text_read(r, m->product);
	text_read(r, m->release);
	m->svn = read_le32(r);
	m->flags = read_le32(r);
	m->min_stage_version = read_le32(r);
	if (read_le32(r) != LEAF_SIZE)
		r->failed = true;
	m->created = read_le64(r);
	m->expiry = read_le64(r);
	read_copy(r, m->build_id, sizeof(m->build_id));
	text_read(r, m->hardware_class);
	read_copy(r, m->keys_digest, SHA384_SIZE);
	read_copy(r, m->merkle_root, SHA384_SIZE);
	m->leaf_count = read_le64(r);
	read_zero(r, 8);
}

static void component_read(struct reader *r, struct component *c)
{
	c->kind = (enum component_kind)read_le32(r);
	read_zero(r, 4);
	c->offset = read_le64(r);
	c->length = read_le64(r);
	c->load_address = read_le64(r);
	c->memory_length = read_le64(r);
	read_copy(r, c->digest, SHA384_SIZE);
	read_zero(r, 8);
}

/* seen: one bit a kind, so that a lookup by kind never has two answers. */
static bool component_fits(const struct component *c, const struct image_layout *l, u64 expected_offset, u32 *seen)
{
	u64 payload_end = l->payload_offset + l->payload_length;

	if (!component_name(c->kind) || (*seen & BIT(c->kind)))
		return false;
	*seen |= BIT(c->kind);
	return c->offset == expected_offset && c->length != 0 && range_inside(c->offset, c->length, payload_end) &&
	        c->length <= c->memory_length && c->memory_length <= COMPONENT_MEMORY_MAX &&
	        is_aligned(c->load_address, component_alignment(c->kind)) &&
	        c->load_address <= UINT64_MAX - c->memory_length;
}

/* Components fill the payload in order, so that no byte of it lies outside what the signature describes. */
static bool components_fit(const struct manifest *m, const struct image_layout *l)
{
	u64 next = l->payload_offset;
	u32 seen = 0;

	for (u32 i = 0; i < m->component_count; i++) {
		const struct component *c = &m->components[i];
		if (!component_fits(c, l, next, &seen))
			return false;
		next = align_up(c->offset + c->length, IMAGE_ALIGN);
	}
	return next == l->payload_offset + l->payload_length && (seen & BIT(COMPONENT_HYPERVISOR));
}

static bool numbers_fit(const struct manifest *m, const struct image_layout *l)
{
	return m->svn <= SVN_MAX && (m->flags & ~(u32)IMAGE_FLAGS_KNOWN) == 0 &&
	        m->leaf_count == (l->payload_length + LEAF_SIZE - 1) / LEAF_SIZE;
}

enum err manifest_parse(const u8 *bytes, size_t n, const struct image_layout *layout, struct manifest *out)
{
	struct reader r = reader_on(bytes, n);
	const u8 *magic = read_bytes(&r, MAGIC_SIZE);
	if (!magic || memcmp(magic, MANIFEST_MAGIC, MAGIC_SIZE) != 0)
		return ERR_IMAGE_MANIFEST;

	memset(out, 0, sizeof(*out));
	u32 length = read_le32(&r);
	out->component_count = read_le32(&r);
	if (out->component_count == 0 || out->component_count > COMPONENTS_MAX || length != n ||
	        n != layout->manifest_length)
		return ERR_IMAGE_MANIFEST;
	fields_read(&r, out);
	for (u32 i = 0; i < out->component_count; i++)
		component_read(&r, &out->components[i]);
	if (!reader_done(&r) || !numbers_fit(out, layout) || !components_fit(out, layout))
		return ERR_IMAGE_MANIFEST;
	return OK;
}

static void component_write(struct writer *w, const struct component *c)
{
	write_le32(w, c->kind);
	write_zero(w, 4);
	write_le64(w, c->offset);
	write_le64(w, c->length);
	write_le64(w, c->load_address);
	write_le64(w, c->memory_length);
	write_bytes(w, c->digest, SHA384_SIZE);
	write_zero(w, 8);
}

size_t manifest_encode(const struct manifest *m, u8 *out)
{
	u32 length = MANIFEST_FIXED_SIZE + COMPONENT_SIZE * m->component_count;
	struct writer w = writer_on(out, length);

	write_bytes(&w, (const u8 *)MANIFEST_MAGIC, MAGIC_SIZE);
	write_le32(&w, length);
	write_le32(&w, m->component_count);
	text_write(&w, m->product);
	text_write(&w, m->release);
	write_le32(&w, m->svn);
	write_le32(&w, m->flags);
	write_le32(&w, m->min_stage_version);
	write_le32(&w, LEAF_SIZE);
	write_le64(&w, m->created);
	write_le64(&w, m->expiry);
	write_bytes(&w, m->build_id, sizeof(m->build_id));
	text_write(&w, m->hardware_class);
	write_bytes(&w, m->keys_digest, SHA384_SIZE);
	write_bytes(&w, m->merkle_root, SHA384_SIZE);
	write_le64(&w, m->leaf_count);
	write_zero(&w, 8);
	for (u32 i = 0; i < m->component_count; i++)
		component_write(&w, &m->components[i]);
	return w.used;
}

const struct component *manifest_find(const struct manifest *m, enum component_kind kind)
{
	for (u32 i = 0; i < m->component_count; i++) {
		if (m->components[i].kind == kind)
			return &m->components[i];
	}
	return NULL;
}
