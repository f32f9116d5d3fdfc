/*
 * The ticket: what the fleet lets one node do in one boot (docs/attestation.md). Without one no guest starts.
 * Trust: in the TCB; pure. Written by signetd, judged in root mode by the one table in ticket.c.
 */
#ifndef SIGNET_ATTEST_TICKET_H
#define SIGNET_ATTEST_TICKET_H

#include "attest/leaf.h"

enum {
	TICKET_SIZE = 1304,
	TICKET_BODY_SIZE = TICKET_SIZE - P384_SIGNATURE_SIZE,
	TICKET_VERSION = 1,
	TICKET_GUESTS_MAX = 16,
	/* The longest lease a node takes, in seconds: a stolen ticket leaf must not bless a boot for good. */
	TICKET_LEASE_MAX = 7 * 86400,
	ATTEST_ID_SIZE = 32, /* node id, boot-session id, challenge, nonce */
};

/* What becomes of running guests when the lease ends. New ones never start then. */
enum ticket_rule { TICKET_KEEP = 1, TICKET_PAUSE = 2, TICKET_STOP = 3 };

enum ticket_flag { TICKET_ANY_GUEST = BIT(0) };

struct ticket {
	enum ticket_rule rule;
	u8 node[ATTEST_ID_SIZE];
	u8 session[ATTEST_ID_SIZE];
	u8 challenge[ATTEST_ID_SIZE];
	u8 manifest[SHA384_SIZE];
	u64 sequence; /* from 1 */
	u64 lease; /* seconds from the challenge's issue, 1 .. TICKET_LEASE_MAX */
	u32 guests, vcpus; /* together at most */
	u64 memory; /* bytes, of all guests together at most */
	u32 flags; /* enum ticket_flag */
	u32 allowed_count; /* 0 with TICKET_ANY_GUEST */
	u8 allowed[TICKET_GUESTS_MAX][SHA384_SIZE]; /* launch measurements, strictly ascending */
	struct leaf leaf;
};

/* Puts a guest in its place; one that is there stays. ERR_RANGE when full. */
enum err ticket_allow(struct ticket *t, const u8 guest[SHA384_SIZE]) MUST_CHECK;

/* All but the signature, which stands at TICKET_BODY_SIZE and is zero afterwards. leaf: signed, for LEAF_TICKET. */
void ticket_encode(const struct ticket *t, const u8 leaf[LEAF_RECORD_SIZE], u8 out[TICKET_SIZE]);

/* What the leaf's key signs. */
void ticket_digest(const u8 bytes[TICKET_SIZE], u8 digest[SHA384_SIZE]);

/*
 * Verifies leaf and ticket, then parses. n must be TICKET_SIZE. ERR_TICKET_FORMAT, ERR_TICKET_SIGNATURE, ERR_LEAF_*,
 * ERR_NO_MEMORY. *out is not to be used until ticket_judge() agrees.
 */
enum err ticket_open(const u8 *bytes, size_t n, const u8 ca_key[P384_KEY_SIZE], struct ticket *out) MUST_CHECK;

/* What the node knows of itself when a ticket comes. */
struct ticket_context {
	u8 node[ATTEST_ID_SIZE]; /* zeros: not provisioned, takes no ticket */
	u8 session[ATTEST_ID_SIZE];
	u8 manifest[SHA384_SIZE];
	bool challenge_open; /* issued, and no ticket has answered it */
	u8 challenge[ATTEST_ID_SIZE];
	u64 challenge_age; /* seconds since its issue */
	u64 sequence; /* of the last ticket taken in this boot, 0: none */
	u32 epoch; /* lowest of a leaf: the fleet configuration's, or the highest seen in this boot */
};

/*
 * OK: take it; the challenge is used then. ERR_TICKET_NODE, ERR_TICKET_SESSION, ERR_TICKET_MANIFEST,
 * ERR_TICKET_CHALLENGE, ERR_TICKET_SEQUENCE, ERR_LEAF_EPOCH, ERR_TICKET_LEASE: the first that applies, in this order.
 */
enum err ticket_judge(const struct ticket *t, const struct ticket_context *c) MUST_CHECK;

/* Guests that would be there with the new one among them. */
struct ticket_load {
	u64 guests, vcpus, memory;
};

/* ERR_TICKET_GUEST: not among the allowed ones; ERR_TICKET_LIMIT. The lease is the caller's to watch. */
enum err ticket_allows(const struct ticket *t, const u8 guest[SHA384_SIZE], const struct ticket_load *load) MUST_CHECK;

#endif
