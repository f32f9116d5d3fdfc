/*
 * Commit verdicts.
 * Trust: in the TCB; pure. Reads outside bytes of one fixed length.
 */
#include "attest/verdict.h"

#include "lib/bytes.h"
#include "update/state.h"

#include <assert.h>
#include <string.h>

enum { MAGIC_SIZE = 8, LEAF_AT = MAGIC_SIZE + 4 + 4 + 2 * ATTEST_ID_SIZE + SHA384_SIZE + 8 + 8 };

static_assert(LEAF_AT + LEAF_RECORD_SIZE == COMMIT_VERDICT_BODY_SIZE, "verdict layout");

static const u8 magic[MAGIC_SIZE] = { 'S', 'I', 'G', 'N', 'E', 'T', 'C', '1' };
static const u8 domain[SIGNED_DOMAIN_SIZE] = "signet commit 1";

void verdict_encode(const struct commit_verdict *v, const u8 leaf[LEAF_RECORD_SIZE], u8 out[COMMIT_VERDICT_SIZE])
{
	struct writer w = writer_on(out, COMMIT_VERDICT_SIZE);

	write_bytes(&w, magic, sizeof(magic));
	write_le32(&w, COMMIT_VERDICT_VERSION);
	write_le32(&w, v->slot);
	write_bytes(&w, v->node, sizeof(v->node));
	write_bytes(&w, v->session, sizeof(v->session));
	write_bytes(&w, v->manifest, sizeof(v->manifest));
	write_le64(&w, v->image_floor);
	write_le64(&w, v->key_floor);
	write_bytes(&w, leaf, LEAF_RECORD_SIZE);
	write_zero(&w, P384_SIGNATURE_SIZE);
}

void verdict_digest(const u8 bytes[COMMIT_VERDICT_SIZE], u8 digest[SHA384_SIZE])
{
	signed_digest(domain, bytes, COMMIT_VERDICT_BODY_SIZE, digest);
}

static enum err parse(const u8 bytes[COMMIT_VERDICT_SIZE], struct commit_verdict *out)
{
	struct reader r = reader_on(bytes, LEAF_AT);
	const u8 *found = read_bytes(&r, MAGIC_SIZE);
	u32 version = read_le32(&r);

	out->slot = read_le32(&r);
	read_copy(&r, out->node, sizeof(out->node));
	read_copy(&r, out->session, sizeof(out->session));
	read_copy(&r, out->manifest, sizeof(out->manifest));
	out->image_floor = read_le64(&r);
	out->key_floor = read_le64(&r);
	if (!reader_done(&r) || memcmp(found, magic, sizeof(magic)) != 0 || version != COMMIT_VERDICT_VERSION ||
	        out->slot >= SLOTS)
		return ERR_COMMIT_FORMAT;
	return OK;
}

enum err verdict_open(const u8 *bytes, size_t n, const u8 ca_key[P384_KEY_SIZE], struct commit_verdict *out)
{
	u8 digest[SHA384_SIZE];

	memset(out, 0, sizeof(*out));
	if (n != COMMIT_VERDICT_SIZE)
		return ERR_COMMIT_FORMAT;
	enum err e = leaf_verify(bytes + LEAF_AT, ca_key, LEAF_COMMIT, &out->leaf);
	if (e)
		return e;
	verdict_digest(bytes, digest);
	e = ecdsa_p384_verify(out->leaf.key, digest, bytes + COMMIT_VERDICT_BODY_SIZE);
	if (e)
		return e == ERR_SIGNATURE_WRONG ? ERR_COMMIT_SIGNATURE : e;
	return parse(bytes, out);
}

static bool for_this_node(const struct commit_verdict *v, const struct verdict_context *c)
{
	return !bytes_are_zero(c->node, sizeof(c->node)) && digest_equal(v->node, c->node, sizeof(c->node));
}

static bool of_this_session(const struct commit_verdict *v, const struct verdict_context *c)
{
	return digest_equal(v->session, c->session, sizeof(c->session));
}

static bool for_this_image(const struct commit_verdict *v, const struct verdict_context *c)
{
	return v->slot == c->slot && digest_equal(v->manifest, c->manifest, sizeof(c->manifest));
}

static bool leaf_is_recent(const struct commit_verdict *v, const struct verdict_context *c)
{
	return v->leaf.epoch >= c->epoch;
}

static const struct {
	bool (*holds)(const struct commit_verdict *v, const struct verdict_context *c);
	enum err otherwise;
} demands[] = {
	{ for_this_node, ERR_COMMIT_OTHER },
	{ of_this_session, ERR_COMMIT_OTHER },
	{ for_this_image, ERR_COMMIT_OTHER },
	{ leaf_is_recent, ERR_LEAF_EPOCH },
};

enum err verdict_judge(const struct commit_verdict *v, const struct verdict_context *c)
{
	for (size_t i = 0; i < ARRAY_SIZE(demands); i++)
		if (!demands[i].holds(v, c))
			return demands[i].otherwise;
	return OK;
}
