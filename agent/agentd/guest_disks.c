/*
 * Which disks a guest of the fleet's may have. An order is an operator's: he is not to reach, through a guest, what the
 * service VM itself stands on. Trust: see guests.h.
 */
#include "agent/agentd/guests.h"
#include "agent/agentd/parts.h"

#include "image/host/file.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* Of the store, what is the agent's own. */
static const char *const own_folders[] = { "blobs", "fleet-guests" };

static bool lies_in(const char *path, const char *folder)
{
	size_t n = strlen(folder);

	return strncmp(path, folder, n) == 0 && path[n] == '/';
}

/* path: without links and steps upwards. */
static bool is_of_the_store(const struct agent_options *o, const char *path)
{
	char store[PATH_MAX], own[PATH_MAX];

	if (!realpath(o->store, store) || !lies_in(path, store))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(own_folders); i++)
		if (path_join(own, store, own_folders[i]) || lies_in(path, own))
			return false;
	return true;
}

/* A file of sysfs with `MAJOR:MINOR`. */
static bool read_device(const char *path, dev_t *out)
{
	char text[32] = "", *end;
	FILE *f = fopen(path, "re");
	bool there = f && fgets(text, sizeof(text), f);

	if (f)
		(void)fclose(f);
	unsigned long first = strtoul(text, &end, 10);
	if (!there || end == text || *end != ':')
		return false;
	const char *rest = end + 1;
	unsigned long second = strtoul(rest, &end, 10);
	*out = makedev((u32)first, (u32)second);
	return end != rest;
}

/* The disk that a block device is a part of, or is. */
static enum err whole_disk(dev_t device, dev_t *out)
{
	char path[96];

	*out = device;
	(void)snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/partition", major(device), minor(device));
	if (access(path, F_OK) != 0)
		return OK;
	(void)snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/../dev", major(device), minor(device));
	return read_device(path, out) ? OK : ERR_DEVICE;
}

/* Also when that cannot be told: the slots are on it, and the boot files. */
static bool may_be_the_flash_disk(const struct agent_options *o, dev_t device)
{
	char path[PATH_MAX];
	struct stat flash;
	dev_t a, b;

	if (part_find(o->parts, PARTITION_SLOT_A, path) || stat(path, &flash) != 0 || whole_disk(device, &a))
		return true;
	return S_ISBLK(flash.st_mode) && (whole_disk(flash.st_rdev, &b) || a == b);
}

/* Mounted, or taken otherwise: the kernel refuses a second exclusive holder. */
static bool is_in_use(const char *path)
{
	int fd = open(path, O_RDONLY | O_EXCL | O_CLOEXEC);

	file_close(fd);
	return fd < 0;
}

static const char *refusal(const struct agent_options *o, const char *disk)
{
	char path[PATH_MAX];
	struct stat s;

	if (!realpath(disk, path) || stat(path, &s) != 0)
		return "is not there";
	if (S_ISREG(s.st_mode))
		return is_of_the_store(o, path) ? NULL : "is no file of guests on the store";
	if (!S_ISBLK(s.st_mode))
		return "is neither a file nor a block device";
	if (may_be_the_flash_disk(o, s.st_rdev))
		return "is the flash disk's, or cannot be told from it";
	return is_in_use(path) ? "is in use by the node itself" : NULL;
}

bool guest_disks_fit(const struct agent_options *o, const struct guest_file *g, char *why, size_t room)
{
	for (u32 i = 0; i < g->disks; i++) {
		const char *words = refusal(o, g->disk[i].path);

		if (!words)
			continue;
		(void)snprintf(why, room, "disk %.200s %s", g->disk[i].path, words);
		return false;
	}
	return true;
}
