/*
 * Leaf records.
 * Trust: in the TCB; pure. Of an unverified record only its length, a constant, is believed.
 */
#include "attest/leaf.h"

#include "lib/bytes.h"

#include <assert.h>
#include <string.h>

enum { MAGIC_SIZE = 8, RESERVED_SIZE = 32 };

static_assert(MAGIC_SIZE + 4 + 4 + P384_KEY_SIZE + RESERVED_SIZE == LEAF_BODY_SIZE, "record layout");

static const u8 magic[MAGIC_SIZE] = { 'S', 'I', 'G', 'N', 'E', 'T', 'L', '1' };
static const u8 domain[SIGNED_DOMAIN_SIZE] = "signet leaf 1";

void signed_digest(const u8 name[SIGNED_DOMAIN_SIZE], const u8 *bytes, size_t n, u8 digest[SHA384_SIZE])
{
	struct sha384 h;

	sha384_init(&h);
	sha384_update(&h, name, SIGNED_DOMAIN_SIZE);
	sha384_update(&h, bytes, n);
	sha384_final(&h, digest);
}

void leaf_encode(const struct leaf *leaf, u8 out[LEAF_RECORD_SIZE])
{
	struct writer w = writer_on(out, LEAF_RECORD_SIZE);

	write_bytes(&w, magic, sizeof(magic));
	write_le32(&w, (u32)leaf->role);
	write_le32(&w, leaf->epoch);
	write_bytes(&w, leaf->key, sizeof(leaf->key));
	write_zero(&w, RESERVED_SIZE + P384_SIGNATURE_SIZE);
}

void leaf_digest(const u8 record[LEAF_RECORD_SIZE], u8 digest[SHA384_SIZE])
{
	signed_digest(domain, record, LEAF_BODY_SIZE, digest);
}

static enum err parse(const u8 record[LEAF_RECORD_SIZE], enum leaf_role role, struct leaf *out)
{
	struct reader r = reader_on(record, LEAF_BODY_SIZE);
	const u8 *found = read_bytes(&r, MAGIC_SIZE);
	u32 claimed = read_le32(&r);
	struct leaf leaf = { .role = role, .epoch = read_le32(&r) };

	read_copy(&r, leaf.key, sizeof(leaf.key));
	read_zero(&r, RESERVED_SIZE);
	if (!reader_done(&r) || memcmp(found, magic, sizeof(magic)) != 0 || leaf.epoch == 0)
		return ERR_LEAF_FORMAT;
	if (claimed != (u32)role)
		return ERR_LEAF_ROLE;
	*out = leaf;
	return OK;
}

enum err leaf_verify(
        const u8 record[LEAF_RECORD_SIZE], const u8 ca_key[P384_KEY_SIZE], enum leaf_role role, struct leaf *out)
{
	u8 digest[SHA384_SIZE];

	memset(out, 0, sizeof(*out));
	leaf_digest(record, digest);
	enum err e = ecdsa_p384_verify(ca_key, digest, record + LEAF_BODY_SIZE);
	if (e)
		return e == ERR_SIGNATURE_WRONG ? ERR_LEAF_SIGNATURE : e;
	return parse(record, role, out);
}
