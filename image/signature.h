/*
 * Signature lists and thresholds.
 * Trust: in the TCB; pure. Reads unverified bytes, bounded by their region.
 */
#ifndef SIGNET_IMAGE_SIGNATURE_H
#define SIGNET_IMAGE_SIGNATURE_H

#include "image/keyset.h"

/* Algorithm 1 is the only one a list may hold, and so every entry has one size. */
enum { SIGNATURE_ENTRY_SIZE = SIGNATURE_ENTRY_HEADER + P384_SIGNATURE_SIZE };

/* Checks everything about a list but its signatures, and yields their number. ERR_SIGNATURE_LIST. */
enum err signature_list_shape(const u8 *list, size_t n, u32 *count) MUST_CHECK;

/*
 * Counts the valid signatures over digest by distinct, unrevoked keys of a role. The list is followed by zeros to the
 * end of its n bytes. ERR_SIGNATURE_LIST, ERR_SIGNATURE_WRONG (a known key's signature is wrong),
 * ERR_SIGNATURE_MISSING (fewer than threshold).
 */
enum err signatures_check(const u8 *list, size_t n, const u8 digest[SHA384_SIZE], const struct key_set *set,
        enum key_role role, u32 threshold) MUST_CHECK;

#endif
