/*
 * The keys region of an image as its maker sees it: put together from files, and read without an anchor.
 * Trust: says only what the region claims; who decides anything walks the chain from an anchor of his own.
 */
#ifndef SIGNET_IMAGE_HOST_CHAIN_H
#define SIGNET_IMAGE_HOST_CHAIN_H

#include "image/keyset.h"

/* Walks the chain from its own first manifest to the newest, every signature checked. */
enum err keys_chain_claims(const u8 *region, size_t n, struct key_set *out) MUST_CHECK;

/* The body in region that has this digest, which the caller trusts. ERR_KEYS_CHAIN when there is none. */
enum err keys_body_find(
        const u8 *region, size_t n, const u8 digest[SHA384_SIZE], const u8 **body, size_t *length) MUST_CHECK;

#endif
