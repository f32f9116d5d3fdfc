/* Opening flash disks. Trust: runs as the operator. */
#include "cli/flash_common.h"

#include "cli/image_common.h"
#include "cli/units.h"
#include "image/flash/device.h"
#include "image/flash/gpt.h"
#include "image/host/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static const struct kernel_view kernel = { .root = "" };

static enum exit_code examine_device(const struct target *t, const struct stat *st)
{
	static struct device d;
	char text[512];
	enum err e = device_examine(&kernel, major(st->st_rdev), minor(st->st_rdev), &d);

	if (e)
		return complain(e, NULL, "the kernel knows no disk %s", t->path);
	const char *objection = device_objection(&d, text, sizeof(text));
	return objection ? complain(ERR_DEVICE, NULL, "%s must not be written: %s", t->path, objection) : EXIT_OK;
}

enum exit_code target_examine(const char *path, struct target *out)
{
	struct stat st;

	*out = (struct target){ .path = path, .fd = -1, .kind = TARGET_NEW };
	if (stat(path, &st) != 0) {
		/* A mistyped disk would become a file in memory, and look like success. */
		if (errno == ENOENT && strncmp(path, "/dev/", 5) != 0)
			return EXIT_OK;
		return complain_file(ERR_IO, "`lsblk` lists the disks", "cannot look at", path);
	}
	if (S_ISREG(st.st_mode)) {
		out->kind = TARGET_FILE;
		out->length = (u64)st.st_size;
		return EXIT_OK;
	}
	if (!S_ISBLK(st.st_mode))
		return complain(ERR_DEVICE, NULL, "%s is neither a disk nor a regular file", path);
	out->kind = TARGET_DEVICE;
	return examine_device(out, &st);
}

void target_describe(const struct target *t)
{
	static struct device d;
	struct stat st;
	char size[SIZE_TEXT];

	if (stat(t->path, &st) != 0 || device_examine(&kernel, major(st.st_rdev), minor(st.st_rdev), &d) != OK)
		return;
	note("%s: %s, %s", t->path, d.model[0] ? d.model : "disk without a model name", format_size(size, d.length));
	for (u32 i = 0; i < d.partition_count; i++)
		note("  partition %s, %s", d.partitions[i].name, format_size(size, d.partitions[i].length));
	if (d.partition_count == 0)
		note("  no partitions");
}

enum exit_code target_open(struct target *t)
{
	/* On a device O_EXCL means: nobody has it mounted or otherwise claimed, now and until it is closed. */
	int exclusive = t->kind == TARGET_DEVICE ? O_EXCL : 0;
	u64 length;
	int fd;

	t->fd = open(t->path, O_RDWR | O_CLOEXEC | exclusive);
	if (t->fd < 0)
		return complain(ERR_DEVICE, errno == EBUSY ? "unmount it, and stop what uses it" : NULL,
		        "cannot open %s: %s", t->path, strerror(errno));
	enum err e = file_open(t->path, &fd, &length);
	if (e) {
		target_close(t);
		return complain_file(e, NULL, "cannot open", t->path);
	}
	close(fd);
	t->length = length;
	return EXIT_OK;
}

void target_close(struct target *t)
{
	if (t->fd >= 0)
		close(t->fd);
	t->fd = -1;
}

enum exit_code target_layout(const struct target *t, struct disk_layout *out)
{
	static u8 primary[GPT_PRIMARY_SIZE];
	enum err e = t->length < sizeof(primary) ? ERR_DEVICE : read_at(t->fd, 0, primary, sizeof(primary));

	if (!e)
		e = gpt_decode(primary, t->length, out);
	return e ? complain_file(e, "`signet flash make` makes one", "no Signet flash disk on", t->path) : EXIT_OK;
}
