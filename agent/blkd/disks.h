/*
 * Where a guest's disks are: links /run/signet/disks/GUEST/N to a file or block device, N.ro for a read-only one. Made
 * by signetctl, followed by the block server. Trust: runs in the service VM.
 */
#ifndef SIGNET_AGENT_BLKD_DISKS_H
#define SIGNET_AGENT_BLKD_DISKS_H

#include "lib/types.h"

#include <limits.h>

#define DISKS_FOLDER "/run/signet/disks"

enum { DISK_PATH_MAX = PATH_MAX + 64 };

void disk_folder(char out[DISK_PATH_MAX], const char *root, u32 guest);
void disk_path(char out[DISK_PATH_MAX], const char *root, u32 guest, u32 disk, bool read_only);

struct disk {
	int fd;
	u64 size; /* bytes, whole sectors */
	bool read_only;
};

enum { DISK_OPEN_MS = 1000 };

/* The disk, opened unless it is already; NULL when there is none. Valid until the next call. now_ms never goes back. */
const struct disk *disk_find(const char *root, u32 guest, u32 disk, u64 now_ms);
/* Lets go of files that were opened so long ago: what was destroyed or replaced meanwhile is not held. */
void disks_expire(u64 now_ms);

#endif
