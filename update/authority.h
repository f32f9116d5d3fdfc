/*
 * The write authority: which values of PCR7 the fleet approved for one node's NV writes (docs/format.md). Kept on
 * flash, not secret; who tampers with it only takes the right to write away, because the TPM checks every signature
 * itself. Trust: in the TCB; pure. Parses untrusted flash bytes; yields nothing that is trusted for itself.
 */
#ifndef SIGNET_UPDATE_AUTHORITY_H
#define SIGNET_UPDATE_AUTHORITY_H

#include "lib/crypto/crypto.h"
#include "lib/err.h"
#include "lib/types.h"

enum {
	AUTHORITY_ENTRIES_MAX = 16,
	AUTHORITY_HEADER_SIZE = 112,
	AUTHORITY_ENTRY_SIZE = 96,
	AUTHORITY_SIZE_MAX = AUTHORITY_HEADER_SIZE + AUTHORITY_ENTRIES_MAX * AUTHORITY_ENTRY_SIZE,
	NODE_ID_SIZE = 32,
	POLICY_SIGNATURE_SIZE = 64,
};

/* PolicyPCR selects this one: the state of Secure Boot. */
enum { PCR_SECURE_BOOT = 7 };

struct authority_entry {
	u8 approved[SHA256_SIZE]; /* digest of a session after PolicyPCR */
	u8 signature[POLICY_SIGNATURE_SIZE]; /* r || s over policy_approval_hash(approved, node id) */
};

struct authority {
	u8 node_id[NODE_ID_SIZE];
	u8 policy_key[P256_KEY_SIZE];
	u32 count;
	struct authority_entry entry[AUTHORITY_ENTRIES_MAX]; /* strictly ascending by approved */
};

/* The partition as it is: what follows the last entry must be zero. ERR_AUTHORITY_FORMAT. */
enum err authority_parse(const u8 *bytes, size_t n, struct authority *out) MUST_CHECK;

/* Writes the one encoding and returns its length. entries must stand in order (authority_add). */
size_t authority_encode(const struct authority *a, u8 out[AUTHORITY_SIZE_MAX]);

/* Puts an entry in its place, or renews the signature of one that is there. ERR_RANGE when full. */
enum err authority_add(struct authority *a, const struct authority_entry *entry) MUST_CHECK;

/* The entry that approves this digest, or NULL. */
const struct authority_entry *authority_find(const struct authority *a, const u8 approved[SHA256_SIZE]);

#endif
