/*
 * Manifest bytes to struct manifest and back; one encoding, so parse(encode(m)) == m and encode(parse(b)) == b.
 * Trust: in the TCB; pure. manifest_parse takes only bytes whose signature holds (or which their builder just made).
 */
#ifndef SIGNET_IMAGE_MANIFEST_H
#define SIGNET_IMAGE_MANIFEST_H

#include "image/verify.h"

/* layout bounds the payload. ERR_IMAGE_MANIFEST. */
enum err manifest_parse(const u8 *bytes, size_t n, const struct image_layout *layout, struct manifest *out) MUST_CHECK;

/* out has room for MANIFEST_FIXED_SIZE + COMPONENT_SIZE * count; returns the length. */
size_t manifest_encode(const struct manifest *m, u8 *out);

#endif
