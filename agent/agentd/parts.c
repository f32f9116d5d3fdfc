/* Partitions of the flash disk. Trust: see the header. */
#include "agent/agentd/parts.h"

#include "image/host/file.h"
#include "lib/print.h"

#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The line `key=value` of a small file of sysfs has that value. */
static bool says(const char *text, const char *key, const char *value)
{
	const char *at = strstr(text, key);
	size_t n = strlen(value);

	return at && strncmp(at + strlen(key), value, n) == 0 && (at[strlen(key) + n] == '\n' || !at[strlen(key) + n]);
}

/* A file of sysfs tells another length than it has: one read gives all of it. */
static bool read_text(const char *path, char *out, size_t room)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, out, room - 1);

	file_close(fd);
	out[n > 0 ? n : 0] = '\0';
	return n > 0;
}

static enum err look_at(const char *uevent, const char *name, char out[PATH_MAX])
{
	char text[1024], device[64];

	if (!read_text(uevent, text, sizeof(text)) || !says(text, "PARTNAME=", name))
		return ERR_DEVICE;
	const char *at = strstr(text, "DEVNAME=");
	if (!at || sscanf(at, "DEVNAME=%63[^\n]", device) != 1)
		return ERR_DEVICE;
	return path_join(out, "/dev", device);
}

enum err part_find(const char *folder, enum partition_index which, char out[PATH_MAX])
{
	const char *name = partition_names[which];
	enum err e = ERR_DEVICE;
	glob_t found;

	if (folder)
		return path_join(out, folder, name);
	if (glob("/sys/class/block/*/uevent", 0, NULL, &found) != 0)
		return ERR_DEVICE;
	for (size_t i = 0; i < found.gl_pathc && e; i++)
		e = look_at(found.gl_pathv[i], name, out);
	globfree(&found);
	return e;
}

enum err part_write_authority(const char *folder, const u8 *bytes, size_t n)
{
	static u8 whole[AUTHORITY_SIZE];
	char path[PATH_MAX];
	enum err e = part_find(folder, PARTITION_AUTHORITY, path);

	if (e)
		return e;
	if (n > sizeof(whole))
		return ERR_RANGE;
	memset(whole, 0, sizeof(whole));
	memcpy(whole, bytes, n);
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return ERR_DEVICE;
	e = write_at(fd, 0, whole, sizeof(whole));
	if (!e && fsync(fd) != 0)
		e = ERR_IO;
	file_close(fd);
	return e;
}
