/*
 * Where a new image comes from: the fleet server, or a file on a disk that somebody plugged in.
 * Trust: gives outside bytes; whoever takes them verifies them (update/transfer.h).
 */
#ifndef SIGNET_AGENT_UPDATE_SOURCE_H
#define SIGNET_AGENT_UPDATE_SOURCE_H

#include "agent/agentd/link.h"
#include "image/host/image_file.h"
#include "update/leaves.h"

struct update_source {
	/* Exactly n bytes of the image from offset on. */
	enum err (*bytes)(void *context, u64 offset, u8 *out, size_t n);
	/* The list of leaf digests, exactly n bytes. */
	enum err (*leaves)(void *context, u8 *out, size_t n);
	void *context;
};

/* Blobs of the fleet server, by range. A connection that breaks is made again until give_up says so. */
struct fleet_source {
	struct link *link;
	char image[2 * SHA384_SIZE + 1], leaves[2 * SHA384_SIZE + 1]; /* digests of the blobs, hexadecimal */
	bool (*give_up)(void *context);
	void *context;
};
struct update_source fleet_source(struct fleet_source *s);

/* An image file, whose leaves are hashed on the spot. */
struct file_source {
	struct image_file image;
};
/* ERR_IO, ERR_IMAGE_*, ERR_RANGE. Closed with image_file_close(&s->image). */
enum err file_source_open(struct file_source *s, const char *path, struct update_source *out) MUST_CHECK;

#endif
