/*
 * Opening a flash disk, be it an image file or a block device.
 * Trust: runs as the operator; a device is opened exclusively, which the kernel refuses while it is in use.
 */
#ifndef SIGNET_CLI_FLASH_COMMON_H
#define SIGNET_CLI_FLASH_COMMON_H

#include "cli/command.h"
#include "image/flash/layout.h"

enum target_kind { TARGET_NEW, TARGET_FILE, TARGET_DEVICE };

struct target {
	const char *path;
	enum target_kind kind;
	int fd; /* -1 until opened */
	u64 length;
};

/* Looks at it without writing; refuses what is neither a regular file nor a disk that is free. Says what is wrong. */
enum exit_code target_examine(const char *path, struct target *out) MUST_CHECK;

/* Tells what a device holds now, on standard error. */
void target_describe(const struct target *t);

/* Opens an existing disk for reading and writing. Says what is wrong. */
enum exit_code target_open(struct target *t) MUST_CHECK;
void target_close(struct target *t);

/* Reads the partition table of an open target. Says what is wrong. */
enum exit_code target_layout(const struct target *t, struct disk_layout *out) MUST_CHECK;

#endif
