/*
 * Large files by the SHA-384 of their content: DIR/blobs/DIGEST. Written under a temporary name, hashed as they come,
 * flushed, then renamed: a name is there whole or not at all.
 * Trust: content comes from outside, names are made here.
 */
#ifndef SIGNET_SIGNETD_BLOBS_H
#define SIGNET_SIGNETD_BLOBS_H

#include "lib/crypto/crypto.h"

#include <limits.h>

enum { DIGEST_TEXT_SIZE = 2 * SHA384_SIZE + 1 };

struct blob_writer {
	char folder[PATH_MAX];
	char temporary[PATH_MAX]; /* where the content is until it is kept or discarded */
	int fd;
	u64 length;
	struct sha384 hash;
	u8 digest[SHA384_SIZE]; /* once finished */
};

/* Makes the folder, and removes what writers left behind when the server died. ERR_IO. */
enum err blobs_open(const char *folder) MUST_CHECK;

/* ERR_NO_MEMORY, ERR_IO. */
enum err blob_begin(const char *folder, struct blob_writer **out) MUST_CHECK;
enum err blob_write(struct blob_writer *w, const u8 *bytes, size_t n) MUST_CHECK;
/* Flushes and works out the digest; the file may then be read at w->temporary. */
enum err blob_finish(struct blob_writer *w) MUST_CHECK;
/* After blob_finish: under its digest from now on. Does not free. */
enum err blob_keep(struct blob_writer *w) MUST_CHECK;
/* Removes what was not kept, and frees. NULL is fine. */
void blob_discard(struct blob_writer *w);

/* digest: lowercase hexadecimal. ERR_STORAGE_ABSENT, ERR_ARGUMENT when it is no digest, ERR_IO. */
enum err blob_open(const char *folder, const char *digest, int *fd, u64 *length) MUST_CHECK;
/* Removes every blob that named() does not know; *removed: how many. ERR_IO. */
enum err blobs_sweep(const char *folder, bool (*named)(const void *context, const u8 digest[SHA384_SIZE]),
        const void *context, u32 *removed) MUST_CHECK;

#endif
