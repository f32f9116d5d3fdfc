/*
 * A tar archive for GRUB's memory disk: same files, same bytes (POSIX ustar, no owner, no time).
 * Trust: writes only what the builder hands over.
 */
#ifndef SIGNET_IMAGE_BOOT_USTAR_H
#define SIGNET_IMAGE_BOOT_USTAR_H

#include "lib/err.h"
#include "lib/types.h"

enum { USTAR_BLOCK = 512 };

struct ustar {
	int fd;
	u64 at;
};

/* A regular file; name has fewer than 100 characters. ERR_RANGE, ERR_IO. */
enum err ustar_add(struct ustar *t, const char *name, const u8 *bytes, size_t n) MUST_CHECK;
/* Two blocks of zeros end an archive. */
enum err ustar_end(struct ustar *t) MUST_CHECK;

#endif
