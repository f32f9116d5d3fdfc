/*
 * Key manifests: parsing one, and walking the chain from the anchor to the newest (docs/format.md).
 * Trust: in the TCB; pure. keys_chain_walk reads unverified bytes: of each manifest only the fixed header and the
 * signature list before its signatures hold.
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

/* What may be read of a key manifest before its signatures hold. */
struct keys_header {
	u32 total; /* body and signature list */
	u32 body;
	u64 version;
};

/* Lengths are consistent with each other; that n bytes hold total is the caller's to check. ERR_KEYS_FORMAT. */
enum err keys_header_read(const u8 *bytes, size_t n, struct keys_header *out) MUST_CHECK;

/* Parses a body that is already trusted (the anchor's, or verified). ERR_KEYS_FORMAT. */
enum err key_set_parse(const u8 *body, size_t n, struct key_set *out) MUST_CHECK;

/* Computes key->id from its bytes. Always done by us: one key cannot pose under two ids. */
void public_key_identify(struct public_key *key);

/* Order of keys in a set: by (role, X). X alone, since (X, Y) and (X, -Y) have one owner, who must not count twice. */
bool public_key_before(const struct public_key *a, const struct public_key *b);

/* How many keys of a role. */
u32 key_set_count(const struct key_set *set, enum key_role role);

bool key_set_revoked(const struct key_set *set, const u8 id[KEY_ID_SIZE]);

/* NULL when the set has no such key in that role. */
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
 * On an error *set is not to be used. ERR_KEYS_FORMAT, ERR_KEYS_CHAIN, ERR_SIGNATURE_*.
 */
enum err keys_chain_walk(
        const u8 *region, size_t n, struct key_set *set, const struct keys_visitor *visitor) MUST_CHECK;

#endif
