/*
 * The commit verdict: the fleet found this boot good, and its slot may become GOOD (docs/attestation.md).
 * Trust: in the TCB; pure. Written by signetd, judged in root mode by the table in verdict.c.
 */
#ifndef SIGNET_ATTEST_VERDICT_H
#define SIGNET_ATTEST_VERDICT_H

#include "attest/ticket.h"

enum {
	COMMIT_VERDICT_SIZE = 480,
	COMMIT_VERDICT_BODY_SIZE = COMMIT_VERDICT_SIZE - P384_SIGNATURE_SIZE,
	COMMIT_VERDICT_VERSION = 1
};

struct commit_verdict {
	u32 slot; /* enum of update/state.h: SLOT_A or SLOT_B */
	u8 node[ATTEST_ID_SIZE];
	u8 session[ATTEST_ID_SIZE];
	u8 manifest[SHA384_SIZE];
	u64 image_floor, key_floor; /* to raise to; the node goes no higher than the running image reaches */
	struct leaf leaf;
};

/* All but the signature, which stands at COMMIT_VERDICT_BODY_SIZE and is zero afterwards. leaf: signed, for
 * LEAF_COMMIT. */
void verdict_encode(const struct commit_verdict *v, const u8 leaf[LEAF_RECORD_SIZE], u8 out[COMMIT_VERDICT_SIZE]);

/* What the leaf's key signs. */
void verdict_digest(const u8 bytes[COMMIT_VERDICT_SIZE], u8 digest[SHA384_SIZE]);

/* Verifies, then parses. ERR_COMMIT_FORMAT, ERR_COMMIT_SIGNATURE, ERR_LEAF_*, ERR_NO_MEMORY. */
enum err verdict_open(const u8 *bytes, size_t n, const u8 ca_key[P384_KEY_SIZE], struct commit_verdict *out) MUST_CHECK;

/* What the node knows of itself when a verdict comes. */
struct verdict_context {
	u8 node[ATTEST_ID_SIZE]; /* zeros: not provisioned, takes none */
	u8 session[ATTEST_ID_SIZE];
	u8 manifest[SHA384_SIZE];
	u32 slot; /* the running one */
	u32 epoch; /* as in struct ticket_context */
};

/* OK: commit the running slot. ERR_COMMIT_OTHER, ERR_LEAF_EPOCH. */
enum err verdict_judge(const struct commit_verdict *v, const struct verdict_context *c) MUST_CHECK;

#endif
