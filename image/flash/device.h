/*
 * What stands behind a block device, before anybody writes to it.
 * Trust: asks the kernel (sysfs, mountinfo); the last word on "in use" is an exclusive open.
 */
#ifndef SIGNET_IMAGE_FLASH_DEVICE_H
#define SIGNET_IMAGE_FLASH_DEVICE_H

#include "lib/err.h"
#include "lib/types.h"

#include <limits.h>

enum { DEVICE_TEXT = 128, DEVICE_PARTITIONS_MAX = 32 };

/* Where the kernel tells: "" in life, a folder in tests. */
struct kernel_view {
	const char *root;
};

struct device_partition {
	char name[DEVICE_TEXT]; /* as /dev names it */
	u64 length; /* bytes */
	char mounted_on[DEVICE_TEXT]; /* "": nowhere */
};

struct device {
	char name[DEVICE_TEXT];
	char model[DEVICE_TEXT];
	u64 length;
	bool read_only;
	bool is_partition;
	char mounted_on[DEVICE_TEXT];
	u32 holders; /* RAID, LVM and the like on top */
	u32 partition_count;
	struct device_partition partitions[DEVICE_PARTITIONS_MAX];
};

/* ERR_DEVICE when the kernel does not know it. */
enum err device_examine(const struct kernel_view *view, u32 major, u32 minor, struct device *out) MUST_CHECK;

/* Why it may not be overwritten, in words; NULL when it may. */
const char *device_objection(const struct device *d, char *text, size_t room);

#endif
