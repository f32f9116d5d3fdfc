/*
 * The list of an image's leaf digests, as nodes want it before they download (update/leaves.h).
 * Trust: reads unverified bytes and hashes them; whoever uses the list compares it with the signed root.
 */
#ifndef SIGNET_IMAGE_HOST_LEAF_LIST_H
#define SIGNET_IMAGE_HOST_LEAF_LIST_H

#include "image/host/image_file.h"

/* Bytes of the list. */
u64 leaf_list_size(const struct image_layout *l);

/* One digest after another, n bytes of room. ERR_RANGE: they are more; ERR_IO. */
enum err leaf_list_make(const struct image_file *f, const struct meter *meter, u8 *out, size_t n) MUST_CHECK;

#endif
