/* `signet flash slot` and `signet flash authority`. Trust: runs as the operator. */
#include "cli/flash_common.h"
#include "cli/flash_parts.h"
#include "cli/image_commands.h"
#include "cli/image_common.h"
#include "image/flash/slot.h"

#include <string.h>

/* An existing disk of ours, opened. */
static enum exit_code open_disk(const char *path, struct target *t, struct disk_layout *layout)
{
	enum exit_code code = target_examine(path, t);

	if (code != EXIT_OK)
		return code;
	code = target_open(t);
	if (code != EXIT_OK)
		return code;
	code = target_layout(t, layout);
	if (code != EXIT_OK)
		target_close(t);
	return code;
}

static enum exit_code write_slot(const struct target *t, const struct partition *slot, const struct image_file *image,
        const struct demands *demands)
{
	struct progress bar;
	struct meter meter = meter_on(&bar);

	progress_begin(&bar, "writing", 2 * image->layout.payload_length);
	enum err e = slot_write(t->fd, slot, image, &meter);
	if (!e)
		e = slot_check(t->fd, slot, demands, &meter);
	progress_end(&bar);
	return e ? complain_file(e, "the slot holds no image now; write it again", "cannot write a slot of", t->path)
	         : EXIT_OK;
}

enum exit_code flash_slot_command(const struct args *args)
{
	static struct trust trust;
	static struct image_file image;
	struct demands demands;
	struct target target;
	struct disk_layout layout;
	const char *letter = operand(args, 1);

	if (strcmp(letter, "a") != 0 && strcmp(letter, "b") != 0)
		return usage_error(args, "the slot is a or b, not '%s'", letter);
	enum exit_code code = trust_from_options(args, &trust, NULL);
	if (code != EXIT_OK)
		return code;
	demands_of(&trust, &demands);
	code = open_disk(operand(args, 0), &target, &layout);
	if (code != EXIT_OK)
		return code;
	const struct partition *slot = &layout.partitions[letter[0] == 'a' ? PARTITION_SLOT_A : PARTITION_SLOT_B];
	code = slot_image_open(operand(args, 2), &demands, slot->length, &image);
	if (code == EXIT_OK) {
		code = write_slot(&target, slot, &image, &demands);
		image_file_close(&image);
	}
	target_close(&target);
	if (code == EXIT_OK)
		printf("Wrote %s into slot %s of %s\n", operand(args, 2), operand(args, 1), target.path);
	return code;
}

static enum err replace_authority(int fd, const struct partition *p, const u8 bytes[AUTHORITY_SIZE])
{
	static u8 there[AUTHORITY_SIZE];

	if (p->length != AUTHORITY_SIZE)
		return ERR_DEVICE;
	enum err e = write_at(fd, p->start, bytes, AUTHORITY_SIZE);
	if (!e)
		e = flush_to_medium(fd);
	if (!e)
		e = read_at(fd, p->start, there, AUTHORITY_SIZE);
	if (e)
		return e;
	return memcmp(there, bytes, AUTHORITY_SIZE) == 0 ? OK : ERR_DEVICE;
}

enum exit_code flash_authority_command(const struct args *args)
{
	static u8 bytes[AUTHORITY_SIZE];
	struct target target;
	struct disk_layout layout;
	enum exit_code code = authority_read(operand(args, 1), bytes);

	if (code == EXIT_OK)
		code = open_disk(operand(args, 0), &target, &layout);
	if (code != EXIT_OK)
		return code;
	enum err e = replace_authority(target.fd, &layout.partitions[PARTITION_AUTHORITY], bytes);
	target_close(&target);
	if (e)
		return complain_file(e, NULL, "cannot write the authority of", target.path);
	printf("Wrote the write authority %s onto %s\n", operand(args, 1), target.path);
	return EXIT_OK;
}
