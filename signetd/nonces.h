/*
 * Nonces of attestation: for one node and one TLS key, for a short time, once. A nonce carries what it was issued for
 * under a MAC, so that nobody uses up a memory by asking; only those of authentic evidence are remembered as used.
 * Trust: decides what is fresh. Pure over the time that it is told.
 */
#ifndef SIGNET_SIGNETD_NONCES_H
#define SIGNET_SIGNETD_NONCES_H

#include "attest/ticket.h"

enum {
	NONCE_SECONDS = 120,
	NONCES_USED_MAX = 65536, /* of all nodes within NONCE_SECONDS */
	NONCES_OF_NODE_MAX = 64,
};

struct nonces;

/* The key lasts as long as this: a restart makes every open nonce void. ERR_NO_MEMORY, ERR_IO. */
enum err nonces_open(struct nonces **out) MUST_CHECK;
void nonces_close(struct nonces *n);

/* now: milliseconds that never go back. ERR_IO, ERR_NO_MEMORY. */
enum err nonce_issue(const struct nonces *n, const u8 node[ATTEST_ID_SIZE], const u8 tls_key[SHA256_SIZE], u64 now,
        u8 out[ATTEST_ID_SIZE]) MUST_CHECK;

/* Issued here for this node and key, not too long ago, and not used yet. */
bool nonce_is_open(const struct nonces *n, const u8 nonce[ATTEST_ID_SIZE], const u8 node[ATTEST_ID_SIZE],
        const u8 tls_key[SHA256_SIZE], u64 now);

/* Never again. ERR_RANGE: too many of this node, or of all, for now. */
enum err nonce_use(struct nonces *n, const u8 nonce[ATTEST_ID_SIZE], const u8 node[ATTEST_ID_SIZE], u64 now) MUST_CHECK;

/* When it was issued, on the clock of `now`; of one that was found open. */
u64 nonce_time(const u8 nonce[ATTEST_ID_SIZE]);

#endif
