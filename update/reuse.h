/*
 * What the running slot's image may hold of another one: bytes of the same component, at the same place in it, however
 * far components moved by others' growing.
 * Trust: outside the TCB; pure. A guess: whoever uses what is read compares it with the signed digest of its leaf.
 */
#ifndef SIGNET_UPDATE_REUSE_H
#define SIGNET_UPDATE_REUSE_H

#include "update/install.h"

struct reuse {
	const struct manifest *wanted; /* of the image that is installed */
	const struct manifest *running;
	const struct flash_ops *flash; /* the running slot, read only */
};

/*
 * Bytes [offset, offset + n) of the wanted image, as the running one has them; zeros where no component lies.
 * ERR_RANGE: it has no such component, or less of it. ERR_IO.
 */
enum err reuse_read(const struct reuse *r, u64 offset, u8 *out, size_t n) MUST_CHECK;

#endif
