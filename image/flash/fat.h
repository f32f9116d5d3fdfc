/*
 * A FAT32 file system that holds one file, EFI/BOOT/BOOTX64.EFI: same file, same bytes (Microsoft FAT
 * specification 1.03). Trust: writes only; the firmware that reads it checks the file's signature.
 */
#ifndef SIGNET_IMAGE_FLASH_FAT_H
#define SIGNET_IMAGE_FLASH_FAT_H

#include "lib/err.h"
#include "lib/types.h"

/* The part of the volume before the file's content, and where that starts. Everything behind the file is free. */
struct fat_volume {
	u8 *bytes;
	size_t used; /* bytes to write from the volume's start; content follows directly */
};

/*
 * Lays out a volume of size bytes at hidden_sectors on its disk, for a file of file_length bytes; serial tells volumes
 * apart. Release with fat_free. ERR_RANGE: the file does not fit, or size is none FAT32 allows here; ERR_NO_MEMORY.
 */
enum err fat_format(u64 size, u64 hidden_sectors, u32 serial, u64 file_length, struct fat_volume *out) MUST_CHECK;
void fat_free(struct fat_volume *v);

#endif
