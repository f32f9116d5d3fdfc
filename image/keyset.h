/*
 * Key manifests: parsing one, and walking the chain from the anchor to the newest (docs/format.md).
 * Trust: in the TCB; pure. keys_chain_walk reads unverified bytes: of each manifest only the fixed header and the signature
 * list before its signatures hold.
 */
#ifndef SIGNET_IMAGE_KEYSET_H
#define SIGNET_IMAGE_KEYSET_H

#include "image/format.h"
#include "lib/crypto/crypto.h"
#include "lib/err.h"

struct public_key {
	enum key_role role;
	enum signature_algorithm algorithm;
	u8 id[KEY_ID_SIZE];
	u8 bytes[P384_KEY_SIZE];
};

struct key_set {
	u64 version;
	u32 root_threshold;
	u32 release_threshold;
	u32 key_count;
	u32 revoked_count;
	u8 digest[SHA384_SIZE]; /* of the body */
	struct public_key keys[KEYS_COUNT_MAX];
	u8 revoked[REVOKED_COUNT_MAX][KEY_ID_SIZE];
};

/* Parses a body that is already trusted (the anchor's, or verified). ERR_KEYS_FORMAT. */
enum err key_set_parse(const u8 *body, size_t n, struct key_set *out) MUST_CHECK;

const struct public_key *key_set_find(const struct key_set *set, enum key_role role, const u8 id[KEY_ID_SIZE]);
/* The one policy key (P-256, X || Y). */
const u8 *key_set_policy_key(const struct key_set *set);

/* Told of every key manifest that holds, anchor first: what the stage measures. */
struct keys_visitor {
	void (*visit)(void *context, u64 version, const u8 digest[SHA384_SIZE]);
	void *context;
};

/*
 * Walks the chain in region from *set (the anchor on entry, the newest on success). visitor may be NULL.
 * ERR_KEYS_FORMAT, ERR_KEYS_CHAIN, ERR_SIGNATURE_*.
 */
enum err keys_chain_walk(const u8 *region, size_t n, struct key_set *set, const struct keys_visitor *visitor) MUST_CHECK;

#endif
