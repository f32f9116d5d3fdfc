/*
 * A payload against its manifest, leaf by leaf as it comes from a file or from flash: every component, the zeros
 * between them, then the Merkle root, unless every leaf was compared with the root's on its way in. Trust: pure;
 * bounded memory whatever the payload's size. The manifest is one whose signatures hold.
 */
#ifndef SIGNET_IMAGE_CONTENT_H
#define SIGNET_IMAGE_CONTENT_H

#include "image/merkle.h"
#include "image/verify.h"

struct content_check {
	const struct manifest *manifest;
	bool leaves_known; /* no root is made: half the hashing */
	u64 at; /* offset of the next leaf in the image */
	u32 component; /* the first that is not known to be good */
	u64 hashed; /* bytes of it */
	struct sha384 hash;
	struct merkle tree;
};

void content_check_begin(struct content_check *c, const struct manifest *m, u64 payload_offset, bool leaves_known);

/*
 * The next LEAF_SIZE bytes, fewer only at the end. ERR_IMAGE_CONTENT: c->component, or a zero before it, differs; the
 * check is over then.
 */
enum err content_check_leaf(struct content_check *c, const u8 *leaf, size_t n) MUST_CHECK;

/* After the last leaf. ERR_IMAGE_CONTENT: c->component is cut short; ERR_IMAGE_MERKLE. */
enum err content_check_end(const struct content_check *c) MUST_CHECK;

#endif
