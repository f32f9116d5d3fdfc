/*
 * Writes a whole flash disk, to a fresh file or over a device, and reads back what it wrote.
 * Trust: images were judged by the caller and are judged again where they lie on the disk.
 */
#ifndef SIGNET_IMAGE_FLASH_DISK_H
#define SIGNET_IMAGE_FLASH_DISK_H

#include "image/flash/layout.h"
#include "image/host/check.h"

enum { SLOT_COUNT = 2 };

struct flash_contents {
	struct disk_layout layout;
	const char *boot; /* folder of boot files */
	const struct demands *demands; /* of the stage in it */
	const struct image_file *slots[SLOT_COUNT]; /* NULL: left empty */
	const u8 *authority; /* AUTHORITY_SIZE bytes, NULL: none */
	const struct meter *meter; /* advanced by flash_work() bytes */
	const char *failed; /* part of the disk, or boot file, an error is about */
};

/* Bytes written and read back, for a progress bar. */
u64 flash_work(const struct flash_contents *c);

/*
 * fd is open for reading and writing and has layout.size bytes. The table that makes the disk bootable is written last,
 * so a half-written disk never looks like a whole one. ERR_IO; ERR_RANGE: a boot file or image does not fit;
 * ERR_ARGUMENT: a boot file is not what it should be; ERR_DEVICE: reading back differs; image errors likewise.
 */
enum err flash_write(int fd, struct flash_contents *c) MUST_CHECK;

#endif
