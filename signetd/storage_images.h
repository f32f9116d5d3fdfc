/*
 * Published images: the signed head of each, and which blob holds all of it.
 * Trust: see signetd/storage.h. A head is verified again whenever it is read.
 */
#ifndef SIGNET_SIGNETD_STORAGE_IMAGES_H
#define SIGNET_SIGNETD_STORAGE_IMAGES_H

#include "lib/crypto/crypto.h"
#include "signetd/storage.h"

struct image_entry {
	u8 digest[SHA384_SIZE]; /* of the manifest */
	bool whole;
	u8 blob[SHA384_SIZE]; /* of all bytes; whole images */
	u8 leaves[SHA384_SIZE]; /* of the list of its leaf digests, a blob too; whole images */
	u64 length;
	u64 published; /* Unix seconds */
};

struct image_ops {
	/* Adds; of one that is there, a whole image stays whole. */
	enum err (*put)(struct storage *s, const struct image_entry *i, const u8 *head, size_t n) MUST_CHECK;
	/* *head is the caller's to free; head NULL: not asked for. ERR_STORAGE_ABSENT. */
	enum err (*find)(struct storage *s, const u8 digest[SHA384_SIZE], struct image_entry *out, u8 **head,
	        size_t *n) MUST_CHECK;
	/* Newest first; head stands for the visit alone. */
	enum err (*read)(struct storage *s,
	        enum err (*visit)(void *context, const struct image_entry *i, const u8 *head, size_t n),
	        void *context) MUST_CHECK;
};

#endif
