/*
 * Making key manifests: the next key set, signed by the roots before it and by its own.
 * Trust: what is made is judged by the verifier's own code before anybody writes it down.
 */
#ifndef SIGNET_KEYS_CHAIN_H
#define SIGNET_KEYS_CHAIN_H

#include "keys/store.h"

/* Takes a key out without revoking it. ERR_KEY_FILE when it is not in the set. */
enum err key_set_remove(struct key_set *set, enum key_role role, const u8 id[KEY_ID_SIZE]) MUST_CHECK;

/*
 * Encodes *next and signs it with every signer that is a root of it or of before (NULL: the first of a chain). out has
 * room for KEY_MANIFEST_MAX. On success *next is as a reader parses it. ERR_SIGNATURE_MISSING: one of the two
 * thresholds is not reached; ERR_KEYS_FORMAT: no valid key set.
 */
enum err key_manifest_make(
        const struct key_set *before, struct key_set *next, const struct signers *roots, u8 *out, size_t *n) MUST_CHECK;

/* The first manifest of a chain, which vouches for itself: format and signatures by its own roots. */
enum err key_manifest_open_first(const u8 *bytes, size_t n, struct key_set *out) MUST_CHECK;

#endif
