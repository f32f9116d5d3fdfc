/* Guests' disks, a few of them kept open. Trust: see the header. */
#include "agent/blkd/disks.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

enum { OPEN_MAX_DISKS = 32, SECTOR_SIZE = 512 };

struct slot {
	bool used;
	u32 guest, number;
	u64 last; /* use, in calls */
	u64 opened; /* ms */
	struct disk disk;
};

static struct slot slots[OPEN_MAX_DISKS];
static u64 calls;

void disk_folder(char out[DISK_PATH_MAX], const char *root, u32 guest)
{
	(void)snprintf(out, DISK_PATH_MAX, "%s/%u", root, guest);
}

void disk_path(char out[DISK_PATH_MAX], const char *root, u32 guest, u32 disk, bool read_only)
{
	(void)snprintf(out, DISK_PATH_MAX, "%s/%u/%u%s", root, guest, disk, read_only ? ".ro" : "");
}

static void close_slot(struct slot *s)
{
	if (s->used)
		(void)close(s->disk.fd);
	s->used = false;
}

void disks_expire(u64 now_ms)
{
	for (u32 i = 0; i < OPEN_MAX_DISKS; i++)
		if (now_ms - slots[i].opened >= DISK_OPEN_MS)
			close_slot(&slots[i]);
}

/* The one that has not been used for longest makes room. */
static struct slot *free_slot(void)
{
	struct slot *oldest = &slots[0];

	for (u32 i = 0; i < OPEN_MAX_DISKS; i++) {
		if (!slots[i].used)
			return &slots[i];
		if (slots[i].last < oldest->last)
			oldest = &slots[i];
	}
	close_slot(oldest);
	return oldest;
}

static bool open_disk(const char *root, u32 guest, u32 number, struct disk *out)
{
	char path[DISK_PATH_MAX];

	disk_path(path, root, guest, number, false);
	out->read_only = false;
	out->fd = open(path, O_RDWR | O_CLOEXEC | O_NOCTTY);
	if (out->fd < 0) {
		disk_path(path, root, guest, number, true);
		out->read_only = true;
		out->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	}
	off_t end = out->fd < 0 ? -1 : lseek(out->fd, 0, SEEK_END);
	if (end >= 0) {
		out->size = (u64)end / SECTOR_SIZE * SECTOR_SIZE;
		return true;
	}
	if (out->fd >= 0)
		(void)close(out->fd);
	return false;
}

const struct disk *disk_find(const char *root, u32 guest, u32 disk, u64 now_ms)
{
	struct disk opened;

	calls++;
	/* Also where guests leave no second without a request. */
	disks_expire(now_ms);
	for (u32 i = 0; i < OPEN_MAX_DISKS; i++) {
		struct slot *s = &slots[i];
		if (s->used && s->guest == guest && s->number == disk) {
			s->last = calls;
			return &s->disk;
		}
	}
	if (!open_disk(root, guest, disk, &opened))
		return NULL;
	struct slot *s = free_slot();
	*s = (struct slot){ true, guest, disk, calls, now_ms, opened };
	return &s->disk;
}
