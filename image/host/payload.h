/*
 * The payload as a stream: its Merkle tree while it is written, and its check against a manifest while it is read.
 * Trust: bounded memory whatever the image's size; the digests compared with come from a manifest the caller trusts.
 */
#ifndef SIGNET_IMAGE_HOST_PAYLOAD_H
#define SIGNET_IMAGE_HOST_PAYLOAD_H

#include "image/host/image_file.h"
#include "image/merkle.h"

/* Cuts a stream of bytes into leaves. */
struct payload_tree {
	struct merkle merkle;
	u8 leaf[LEAF_SIZE];
	size_t used;
};

void payload_tree_init(struct payload_tree *t);
void payload_tree_add(struct payload_tree *t, const u8 *bytes, size_t n);
/* Closes the last leaf; returns the count of leaves. */
u64 payload_tree_root(struct payload_tree *t, u8 root[SHA384_SIZE]);

/*
 * Reads the payload once and compares every component, then the root. ERR_IMAGE_CONTENT (*bad: index of the component),
 * ERR_IMAGE_MERKLE, ERR_IO, ERR_NO_MEMORY. Several threads may be in it.
 */
enum err payload_check(
        const struct image_file *f, const struct manifest *m, const struct meter *meter, u32 *bad) MUST_CHECK;

#endif
