/*
 * The list of a payload's leaf digests, by which each leaf is verified by itself before it is written.
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

#endif
