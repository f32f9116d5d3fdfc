/*
 * GUID partition table (UEFI specification, section 5.3): writing ours, reading one back strictly.
 * Trust: pure; what is read comes from a disk anybody may have written.
 */
#ifndef SIGNET_IMAGE_FLASH_GPT_H
#define SIGNET_IMAGE_FLASH_GPT_H

#include "image/flash/layout.h"

enum {
	GPT_HEADER_SIZE = 92,
	GPT_ENTRY_SIZE = 128,
	GPT_ENTRIES = 128,
	GPT_ENTRIES_SECTORS = GPT_ENTRIES * GPT_ENTRY_SIZE / SECTOR,
	/* MBR, header, entries; and the same without an MBR at the disk's end. */
	GPT_PRIMARY_SIZE = (2 + GPT_ENTRIES_SECTORS) * SECTOR,
	GPT_BACKUP_SIZE = (1 + GPT_ENTRIES_SECTORS) * SECTOR,
	GUID_SIZE = 16,
	MBR_CODE_SIZE = 440,
};

struct gpt_image {
	u8 primary[GPT_PRIMARY_SIZE]; /* from byte 0 */
	u8 backup[GPT_BACKUP_SIZE]; /* the disk's last bytes */
};

/* seed: what all GUIDs derive from; the same contents give the same disk. MBR code is left zero. */
void gpt_encode(const struct disk_layout *layout, const u8 seed[32], struct gpt_image *out);

/*
 * A table of ours, from the disk's first GPT_PRIMARY_SIZE bytes. ERR_DEVICE unless both checksums hold and all six of
 * our partitions are there, once each, in order and within the disk.
 */
enum err gpt_decode(const u8 primary[GPT_PRIMARY_SIZE], u64 disk_size, struct disk_layout *out) MUST_CHECK;

u32 crc32_of(const u8 *bytes, size_t n);

#endif
