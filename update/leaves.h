/*
 * The list of a payload's leaf digests, by which each leaf is verified by itself before it is written, and which leaves
 * another payload has as well.
 * Trust: outside the TCB; pure. The list is outside bytes until it leads to the signed root.
 */
#ifndef SIGNET_UPDATE_LEAVES_H
#define SIGNET_UPDATE_LEAVES_H

#include "image/verify.h"

/* A payload of 1 GiB. */
enum { LEAVES_MAX = 16384 };

/* One digest of SHA384_SIZE after another, in the payload's order, and nothing else. ERR_RANGE: another number than the
 * manifest's, or above LEAVES_MAX; ERR_IMAGE_MERKLE: they do not lead to its root. */
enum err leaves_verify(const u8 *list, size_t n, const struct manifest *m) MUST_CHECK;

/* Where a leaf stands in some slot. */
struct leaf_place {
	u8 digest[SHA384_SIZE];
	u64 offset; /* from the slot's start */
	u32 length;
};

/* Brings places into the order that leaf_find searches by. */
void leaves_sort(struct leaf_place *places, size_t n);

/* A place that holds that leaf, NULL: none. */
const struct leaf_place *leaf_find(const struct leaf_place *places, size_t n, const u8 digest[SHA384_SIZE]);

#endif
