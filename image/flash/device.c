/* Looking at block devices. Trust: asks the kernel. */
#include "image/flash/device.h"

#include "image/flash/layout.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* First line of a file under /sys/dev/block/MAJOR:MINOR/; "" when there is none. */
static void attribute(const char *directory, const char *name, char out[DEVICE_TEXT])
{
	char path[PATH_MAX];
	FILE *f = NULL;

	out[0] = '\0';
	if (snprintf(path, sizeof(path), "%s/%s", directory, name) < PATH_MAX)
		f = fopen(path, "re");
	if (!f)
		return;
	if (fgets(out, DEVICE_TEXT, f)) {
		size_t n = strcspn(out, "\n");
		while (n && out[n - 1] == ' ')
			n--;
		out[n] = '\0';
	}
	fclose(f);
}

static u64 number_attribute(const char *directory, const char *name)
{
	char text[DEVICE_TEXT];

	attribute(directory, name, text);
	return strtoull(text, NULL, 10);
}

static bool has_attribute(const char *directory, const char *name)
{
	char text[DEVICE_TEXT];

	attribute(directory, name, text);
	return text[0] != '\0';
}

/* proc(5), mountinfo: third field MAJOR:MINOR, fifth the mount point. */
static void find_mount(const struct kernel_view *view, const char *number, char out[DEVICE_TEXT])
{
	char path[PATH_MAX], line[4096], device[DEVICE_TEXT], point[DEVICE_TEXT];

	out[0] = '\0';
	snprintf(path, sizeof(path), "%s/proc/self/mountinfo", view->root);
	FILE *f = fopen(path, "re");
	if (!f)
		return;
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%*s %*s %127s %*s %127s", device, point) == 2 && strcmp(device, number) == 0) {
			snprintf(out, DEVICE_TEXT, "%s", point);
			break;
		}
	}
	fclose(f);
}

static void add_partition(const struct kernel_view *view, const char *directory, const char *name, struct device *d)
{
	char number[DEVICE_TEXT];
	struct device_partition *p = &d->partitions[d->partition_count];

	if (d->partition_count == DEVICE_PARTITIONS_MAX || !has_attribute(directory, "partition"))
		return;
	snprintf(p->name, sizeof(p->name), "%.127s", name);
	p->length = number_attribute(directory, "size") * SECTOR;
	attribute(directory, "dev", number);
	find_mount(view, number, p->mounted_on);
	d->partition_count++;
}

static int by_name(const void *a, const void *b)
{
	const struct device_partition *x = a, *y = b;

	return strverscmp(x->name, y->name);
}

static void list_partitions(const struct kernel_view *view, const char *directory, struct device *d)
{
	DIR *dir = opendir(directory);
	const struct dirent *entry;

	if (!dir)
		return;
	while ((entry = readdir(dir))) {
		char path[PATH_MAX];
		if (entry->d_name[0] == '.' ||
		        snprintf(path, sizeof(path), "%s/%s", directory, entry->d_name) >= PATH_MAX)
			continue;
		add_partition(view, path, entry->d_name, d);
	}
	closedir(dir);
	qsort(d->partitions, d->partition_count, sizeof(d->partitions[0]), by_name);
}

static u32 count_holders(const char *directory)
{
	char path[PATH_MAX];
	u32 count = 0;
	DIR *dir = NULL;
	const struct dirent *entry;

	if (snprintf(path, sizeof(path), "%s/holders", directory) < PATH_MAX)
		dir = opendir(path);
	if (!dir)
		return 0;
	while ((entry = readdir(dir)))
		count += entry->d_name[0] != '.' ? 1 : 0;
	closedir(dir);
	return count;
}

static void find_name(const char *directory, char out[DEVICE_TEXT])
{
	char path[PATH_MAX], line[DEVICE_TEXT];
	FILE *f = NULL;

	if (snprintf(path, sizeof(path), "%s/uevent", directory) < PATH_MAX)
		f = fopen(path, "re");
	if (!f)
		return;
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "DEVNAME=%127s", out) == 1)
			break;
	}
	fclose(f);
}

enum err device_examine(const struct kernel_view *view, u32 major, u32 minor, struct device *out)
{
	char directory[PATH_MAX], number[DEVICE_TEXT];

	*out = (struct device){ 0 };
	snprintf(number, sizeof(number), "%u:%u", major, minor);
	snprintf(directory, sizeof(directory), "%s/sys/dev/block/%s", view->root, number);
	if (!has_attribute(directory, "size"))
		return ERR_DEVICE;
	find_name(directory, out->name);
	attribute(directory, "device/model", out->model);
	out->length = number_attribute(directory, "size") * SECTOR;
	out->read_only = number_attribute(directory, "ro") != 0;
	out->is_partition = has_attribute(directory, "partition");
	out->holders = count_holders(directory);
	find_mount(view, number, out->mounted_on);
	list_partitions(view, directory, out);
	return OK;
}

static const struct device_partition *mounted_partition(const struct device *d)
{
	for (u32 i = 0; i < d->partition_count; i++) {
		if (d->partitions[i].mounted_on[0])
			return &d->partitions[i];
	}
	return NULL;
}

const char *device_objection(const struct device *d, char *text, size_t room)
{
	const struct device_partition *mounted = mounted_partition(d);

	if (d->is_partition)
		snprintf(text, room, "it is a partition; give the whole disk");
	else if (d->mounted_on[0])
		snprintf(text, room, "it is mounted on %s", d->mounted_on);
	else if (mounted)
		snprintf(text, room, "its partition %s is mounted on %s", mounted->name, mounted->mounted_on);
	else if (d->holders)
		snprintf(text, room, "a RAID, LVM or other device stands on it");
	else if (d->read_only)
		snprintf(text, room, "it is write-protected");
	else
		return NULL;
	return text;
}
