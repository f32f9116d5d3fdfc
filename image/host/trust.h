/*
 * Whom a command trusts when it judges an image: the anchor of a stage, or a key manifest the operator points at.
 * Trust: the operator's choice; parsed strictly all the same.
 */
#ifndef SIGNET_IMAGE_HOST_TRUST_H
#define SIGNET_IMAGE_HOST_TRUST_H

#include "image/anchor.h"
#include "image/host/file.h"

#define BOOT_ANCHOR_FILE "anchor.bin"

struct trust {
	/* keys alone when they came from a key manifest: then whole is false, and of the stage nothing is known. */
	struct anchor anchor;
	bool whole;
};

/* An anchor (as `boot build` leaves it beside its other files) or one key manifest. ERR_IO, ERR_BOOT_ANCHOR,
 * ERR_KEYS_*. */
enum err trust_read(const char *path, struct trust *out) MUST_CHECK;

/* The newest key manifest of a key directory. */
enum err trust_of_store(const char *directory, struct trust *out) MUST_CHECK;

/* The anchor in a folder written by `boot build`. */
enum err trust_of_boot(const char *directory, struct trust *out) MUST_CHECK;

#endif
