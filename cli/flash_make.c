/* `signet flash make`. Trust: runs as the operator; asks before a device is erased. */
#include "cli/flash_common.h"
#include "cli/flash_parts.h"
#include "cli/image_commands.h"
#include "cli/image_common.h"
#include "cli/units.h"
#include "image/boot/boot.h"
#include "image/flash/disk.h"

#include <errno.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

/* All that goes onto the disk, checked. */
struct job {
	struct target target;
	u64 slot_size;
	u64 size; /* of an image file */
	struct trust trust;
	struct demands demands;
	struct image_file slots[SLOT_COUNT];
	u8 authority[AUTHORITY_SIZE];
	struct flash_contents contents;
};

static const char *const slot_options[SLOT_COUNT] = { "slot-a", "slot-b" };

/* GRUB was told how large the slots are when the boot files were made: another size would cut images short. */
static enum exit_code take_slot_size(const struct args *args, struct job *job)
{
	const char *boot = option_value(args, "boot"), *slot = option_value(args, "slot-size");
	u64 asked;
	enum err e = boot_slot_size(boot, &job->slot_size);

	if (e)
		return complain_file(e, "`signet boot build` makes boot files", "cannot use boot files", boot);
	if (slot && (!parse_size(slot, &asked) || asked != job->slot_size))
		return usage_error(args,
		        "the boot files are for slots of %llu MiB: make others with `signet boot build --slot-size`",
		        (unsigned long long)(job->slot_size >> 20));
	return EXIT_OK;
}

static enum exit_code take_size(const struct args *args, struct job *job)
{
	const char *size = option_value(args, "size");

	job->size = disk_size_needed(job->slot_size, DATA_SIZE_DEFAULT);
	if (size && (!parse_size(size, &job->size) || !is_aligned(job->size, SECTOR)))
		return usage_error(args, "--size takes a size in whole sectors, as 4G, not '%s'", size);
	if (size && job->target.kind == TARGET_DEVICE)
		return usage_error(args, "--size is for image files; a device has its own");
	return EXIT_OK;
}

static bool same_file(const char *a, const char *b)
{
	struct stat x, y;

	return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

static enum exit_code take_images(const struct args *args, struct job *job)
{
	for (u32 i = 0; i < SLOT_COUNT; i++) {
		const char *path = option_value(args, slot_options[i]);
		if (!path)
			continue;
		/* The disk would replace the very image that it is made of. */
		if (same_file(path, job->target.path))
			return usage_error(args, "%s is both --%s and the disk to make", path, slot_options[i]);
		enum exit_code code = slot_image_open(path, &job->demands, job->slot_size, &job->slots[i]);
		if (code != EXIT_OK)
			return code;
		job->contents.slots[i] = &job->slots[i];
	}
	return EXIT_OK;
}

static enum exit_code take_contents(const struct args *args, struct job *job)
{
	const char *boot = option_value(args, "boot"), *authority = option_value(args, "authority");
	enum err e = trust_of_boot(boot, &job->trust);

	if (!e && !job->trust.whole)
		e = ERR_BOOT_ANCHOR;
	if (e)
		return complain_file(e, "`signet boot build` makes boot files", "cannot use the anchor in", boot);
	demands_of(&job->trust, &job->demands);
	job->contents.boot = boot;
	job->contents.demands = &job->demands;
	enum exit_code code = take_images(args, job);
	if (code == EXIT_OK && authority) {
		code = authority_read(authority, job->authority);
		job->contents.authority = job->authority;
	}
	return code;
}

static enum exit_code place(struct job *job, u64 size)
{
	char has[SIZE_TEXT], needs[SIZE_TEXT];

	if (disk_layout_of(size, job->slot_size, &job->contents.layout) == OK)
		return EXIT_OK;
	return complain(ERR_DEVICE, "take a larger one, or make boot files for smaller slots",
	        "%s is too small: %s, and %s are needed", job->target.path, format_size(has, size),
	        format_size(needs, disk_size_needed(job->slot_size, 0)));
}

static enum exit_code write_disk(struct job *job, int fd)
{
	struct progress bar;
	struct meter meter = meter_on(&bar);

	job->contents.meter = &meter;
	progress_begin(&bar, "writing", flash_work(&job->contents));
	enum err e = flash_write(fd, &job->contents);
	progress_end(&bar);
	if (!e)
		return EXIT_OK;
	/* What is not there is an input: a disk or file that is open is. */
	if (e == ERR_ARGUMENT || e == ERR_RANGE || (e == ERR_IO && errno == ENOENT))
		return complain_file(e, "make the boot files again: `signet boot build`", "cannot use boot file",
		        job->contents.failed);
	return complain_file(e, NULL, "cannot write", job->contents.failed);
}

static enum exit_code make_file(struct job *job)
{
	struct output out;
	enum exit_code code = place(job, job->size);

	if (code != EXIT_OK)
		return code;
	enum err e = output_open(job->target.path, &out);
	if (!e && ftruncate(out.fd, (off_t)job->size) != 0) {
		output_discard(&out);
		e = ERR_IO;
	}
	if (e)
		return complain_file(e, NULL, "cannot write", job->target.path);
	code = write_disk(job, out.fd);
	if (code != EXIT_OK) {
		output_discard(&out);
		return code;
	}
	e = output_commit(&out);
	return e ? complain_file(e, NULL, "cannot write", job->target.path) : EXIT_OK;
}

static enum exit_code make_device(const struct args *args, struct job *job)
{
	enum exit_code code;

	target_describe(&job->target);
	if (!option_given(args, "yes")) {
		note("all of it would be erased; say so with --yes");
		return EXIT_FAILED;
	}
	code = target_open(&job->target);
	if (code != EXIT_OK)
		return code;
	code = place(job, job->target.length);
	if (code == EXIT_OK)
		code = write_disk(job, job->target.fd);
	/* Advice only: who wants the new partitions before the disk is plugged in again. */
	if (code == EXIT_OK)
		(void)ioctl(job->target.fd, BLKRRPART);
	target_close(&job->target);
	return code;
}

enum exit_code flash_make_command(const struct args *args)
{
	static struct job job;
	enum exit_code code = target_examine(operand(args, 0), &job.target);

	if (code == EXIT_OK)
		code = take_slot_size(args, &job);
	if (code == EXIT_OK)
		code = take_size(args, &job);
	if (code == EXIT_OK)
		code = take_contents(args, &job);
	if (code != EXIT_OK)
		return code;
	code = job.target.kind == TARGET_DEVICE ? make_device(args, &job) : make_file(&job);
	if (code == EXIT_OK)
		printf("Wrote %s: slots of %llu MiB, slot a %s, slot b %s\n", job.target.path,
		        (unsigned long long)(job.slot_size >> 20), job.contents.slots[0] ? "filled" : "empty",
		        job.contents.slots[1] ? "filled" : "empty");
	return code;
}
