/*
 * The write authority's one encoding.
 * Trust: in the TCB; pure. Parses untrusted flash bytes.
 */
#include "update/authority.h"

#include "lib/bytes.h"

#include <assert.h>
#include <string.h>

static const u8 magic[8] = { 'S', 'I', 'G', 'N', 'E', 'T', 'P', '1' };
enum { VERSION = 1 };

static_assert(AUTHORITY_HEADER_SIZE == sizeof(magic) + 4 + 4 + NODE_ID_SIZE + P256_KEY_SIZE, "header layout");
static_assert(AUTHORITY_ENTRY_SIZE == sizeof(struct authority_entry), "entry layout");

static bool in_order(const struct authority *a)
{
	for (u32 i = 1; i < a->count; i++)
		if (memcmp(a->entry[i - 1].approved, a->entry[i].approved, SHA256_SIZE) >= 0)
			return false;
	return true;
}

static void read_entry(struct reader *r, struct authority_entry *e)
{
	read_copy(r, e->approved, sizeof(e->approved));
	read_copy(r, e->signature, sizeof(e->signature));
}

enum err authority_parse(const u8 *bytes, size_t n, struct authority *out)
{
	memset(out, 0, sizeof(*out));
	struct reader r = reader_on(bytes, n);
	const u8 *start = read_bytes(&r, sizeof(magic));
	if (!start || memcmp(start, magic, sizeof(magic)) != 0)
		return ERR_AUTHORITY_FORMAT;
	u32 version = read_le32(&r);
	u32 count = read_le32(&r);
	if (version != VERSION || count > AUTHORITY_ENTRIES_MAX)
		return ERR_AUTHORITY_FORMAT;
	read_copy(&r, out->node_id, sizeof(out->node_id));
	read_copy(&r, out->policy_key, sizeof(out->policy_key));
	for (out->count = 0; out->count < count; out->count++)
		read_entry(&r, &out->entry[out->count]);
	read_zero(&r, r.left);
	return reader_done(&r) && in_order(out) ? OK : ERR_AUTHORITY_FORMAT;
}

size_t authority_encode(const struct authority *a, u8 out[AUTHORITY_SIZE_MAX])
{
	struct writer w = writer_on(out, AUTHORITY_SIZE_MAX);
	write_bytes(&w, magic, sizeof(magic));
	write_le32(&w, VERSION);
	write_le32(&w, a->count);
	write_bytes(&w, a->node_id, sizeof(a->node_id));
	write_bytes(&w, a->policy_key, sizeof(a->policy_key));
	for (u32 i = 0; i < a->count; i++) {
		write_bytes(&w, a->entry[i].approved, SHA256_SIZE);
		write_bytes(&w, a->entry[i].signature, POLICY_SIGNATURE_SIZE);
	}
	return w.used;
}

enum err authority_add(struct authority *a, const struct authority_entry *entry)
{
	u32 at = 0;
	while (at < a->count && memcmp(a->entry[at].approved, entry->approved, SHA256_SIZE) < 0)
		at++;
	if (at < a->count && memcmp(a->entry[at].approved, entry->approved, SHA256_SIZE) == 0) {
		a->entry[at] = *entry;
		return OK;
	}
	if (a->count >= AUTHORITY_ENTRIES_MAX)
		return ERR_RANGE;
	memmove(&a->entry[at + 1], &a->entry[at], (a->count - at) * sizeof(a->entry[0]));
	a->entry[at] = *entry;
	a->count++;
	return OK;
}

const struct authority_entry *authority_find(const struct authority *a, const u8 approved[SHA256_SIZE])
{
	for (u32 i = 0; i < a->count; i++)
		if (memcmp(a->entry[i].approved, approved, SHA256_SIZE) == 0)
			return &a->entry[i];
	return NULL;
}
