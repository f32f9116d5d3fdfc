/*
 * The fleet's side of what attest/ judges: leaves signed by the fleet CA, tickets and commit verdicts signed under
 * them.
 * Trust: signs what it is given; deciding is the caller's. Private keys stay behind keys/access.h.
 */
#ifndef SIGNET_ATTEST_SIGN_H
#define SIGNET_ATTEST_SIGN_H

#include "attest/verdict.h"
#include "keys/access.h"

/* A leaf and its private key. */
struct signing_leaf {
	u8 record[LEAF_RECORD_SIZE];
	struct signer *key;
};

/* ca: P-384. The leaf's key is P-384, or P-256 for an EAR leaf. ERR_ARGUMENT: another kind of key, or epoch 0. */
enum err leaf_make(struct signer *ca, enum leaf_role role, u32 epoch, const struct signer *key,
        u8 out[LEAF_RECORD_SIZE]) MUST_CHECK;

/* ERR_ARGUMENT: the key does not sign for tickets, or the ticket is one that no node takes; or the signer's. */
enum err ticket_make(const struct ticket *t, const struct signing_leaf *leaf, u8 out[TICKET_SIZE]) MUST_CHECK;
enum err commit_make(
        const struct commit_verdict *v, const struct signing_leaf *leaf, u8 out[COMMIT_VERDICT_SIZE]) MUST_CHECK;

#endif
