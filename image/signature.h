/*
 * Signature lists and thresholds.
 * Trust: in the TCB; pure. Reads unverified bytes, bounded by their region.
 */
#ifndef SIGNET_IMAGE_SIGNATURE_H
#define SIGNET_IMAGE_SIGNATURE_H

#include "image/keyset.h"

/*
 * Counts the valid signatures over digest by distinct, unrevoked keys of a role. list fills n bytes exactly, or
 * is followed by zeros when padded. ERR_SIGNATURE_LIST, ERR_SIGNATURE_WRONG (a known key's signature is wrong),
 * ERR_SIGNATURE_MISSING (fewer than threshold).
 */
enum err signatures_check(const u8 *list, size_t n, bool padded, const u8 digest[SHA384_SIZE], const struct key_set *set,
	enum key_role role, u32 threshold) MUST_CHECK;

#endif
