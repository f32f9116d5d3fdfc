/*
 * An image, or the head of one (a signing request), in a file or in a slot: its head in memory, its payload streamed.
 * Trust: reads unverified bytes; of those only the fixed header is interpreted here.
 */
#ifndef SIGNET_IMAGE_HOST_IMAGE_FILE_H
#define SIGNET_IMAGE_HOST_IMAGE_FILE_H

#include "image/host/file.h"
#include "image/verify.h"

struct image_file {
	int fd;
	u64 start; /* where the image begins in fd; 0 but for slots */
	u64 room; /* bytes from there on */
	bool head_only; /* ends where its payload would start: a signing request */
	struct image_layout layout;
	u8 head[IMAGE_HEAD_MAX]; /* layout.payload_offset bytes, a copy nobody else writes */
};

/* ERR_IO, ERR_IMAGE_*; ERR_RANGE when a file goes on behind its image or stops short of it. */
enum err image_file_open(const char *path, struct image_file *out) MUST_CHECK;
/* An image within room bytes of an open device or disk file, which stays the caller's. */
enum err image_file_at(int fd, u64 start, u64 room, struct image_file *out) MUST_CHECK;
void image_file_close(struct image_file *f);

const u8 *image_file_keys(const struct image_file *f);
const u8 *image_file_manifest(const struct image_file *f);
u8 *image_file_signatures(struct image_file *f);

/* What the release keys sign. */
void image_file_message_digest(const struct image_file *f, u8 digest[SHA384_SIZE]);

/*
 * Reads an image that is not verified (yet), for those who make, sign and show images: the key set it brings along and
 * its manifest. Both only say what the image claims.
 */
enum err image_file_claims(const struct image_file *f, struct key_set *keys, struct manifest *manifest) MUST_CHECK;

#endif
