/*
 * Signing leaves, tickets and commit verdicts.
 * Trust: signs what it is given.
 */
#include "attest/sign.h"

#include "lib/bytes.h"

static bool fits(enum leaf_role role, const struct signer *key)
{
	return signer_size(key) == (role == LEAF_EAR ? (size_t)P256_KEY_SIZE : (size_t)P384_KEY_SIZE);
}

enum err leaf_make(
        struct signer *ca, enum leaf_role role, u32 epoch, const struct signer *key, u8 out[LEAF_RECORD_SIZE])
{
	struct leaf leaf = { .role = role, .epoch = epoch };
	struct writer w = writer_on(leaf.key, sizeof(leaf.key));
	u8 digest[SHA384_SIZE];

	if (epoch == 0 || !fits(role, key) || signer_size(ca) != P384_KEY_SIZE)
		return ERR_ARGUMENT;
	write_bytes(&w, signer_public_key(key), signer_size(key));
	leaf_encode(&leaf, out);
	leaf_digest(out, digest);
	return signer_sign(ca, digest, out + LEAF_BODY_SIZE);
}

enum err ticket_make(const struct ticket *t, const struct signing_leaf *leaf, u8 out[TICKET_SIZE])
{
	u8 digest[SHA384_SIZE];

	if (!fits(LEAF_TICKET, leaf->key) || t->sequence == 0 || t->lease == 0 || t->lease > TICKET_LEASE_MAX)
		return ERR_ARGUMENT;
	ticket_encode(t, leaf->record, out);
	ticket_digest(out, digest);
	return signer_sign(leaf->key, digest, out + TICKET_BODY_SIZE);
}

enum err commit_make(const struct commit_verdict *v, const struct signing_leaf *leaf, u8 out[COMMIT_VERDICT_SIZE])
{
	u8 digest[SHA384_SIZE];

	if (!fits(LEAF_COMMIT, leaf->key))
		return ERR_ARGUMENT;
	verdict_encode(v, leaf->record, out);
	verdict_digest(out, digest);
	return signer_sign(leaf->key, digest, out + COMMIT_VERDICT_BODY_SIZE);
}
