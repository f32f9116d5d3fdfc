/*
 * RFC 6962 Merkle tree over the payload, SHA-384, 64 KiB leaves.
 * Trust: pure; bounded memory (one digest a level), no recursion.
 */
#ifndef SIGNET_IMAGE_MERKLE_H
#define SIGNET_IMAGE_MERKLE_H

#include "lib/crypto/crypto.h"

enum { MERKLE_LEVELS = 48 };

/* Digest of one leaf (H(0 || data)) and of one node (H(1 || left || right)). */
void merkle_leaf(const u8 *data, size_t n, u8 out[SHA384_SIZE]);
void merkle_node(const u8 left[SHA384_SIZE], const u8 right[SHA384_SIZE], u8 out[SHA384_SIZE]);

/* Streaming root: add leaf digests in order, then take the root. */
struct merkle {
	u64 count;
	u8 pending[MERKLE_LEVELS][SHA384_SIZE];
};

void merkle_init(struct merkle *m);
void merkle_add(struct merkle *m, const u8 leaf[SHA384_SIZE]);
void merkle_root(const struct merkle *m, u8 out[SHA384_SIZE]);

#endif
