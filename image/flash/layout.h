/*
 * Where everything stands on a flash disk (docs/format.md): six partitions, aligned to 1 MiB.
 * Trust: pure arithmetic.
 */
#ifndef SIGNET_IMAGE_FLASH_LAYOUT_H
#define SIGNET_IMAGE_FLASH_LAYOUT_H

#include "lib/err.h"
#include "lib/types.h"

enum { SECTOR = 512 };

enum partition_index {
	PARTITION_ESP,
	PARTITION_BIOS,
	PARTITION_SLOT_A,
	PARTITION_SLOT_B,
	PARTITION_AUTHORITY,
	PARTITION_DATA,
	PARTITIONS,
};

#define PARTITION_ALIGN MIB(1)
#define SLOT_SIZE_MAX MIB(4096)
#define ESP_SIZE MIB(64)
#define AUTHORITY_SIZE KIB(64)
/* Of an image file: room for node settings. */
#define DATA_SIZE_DEFAULT MIB(16)

struct partition {
	u64 start; /* bytes */
	u64 length;
};

struct disk_layout {
	u64 size;
	struct partition partitions[PARTITIONS];
};

/* "signet-esp", ... */
extern const char *const partition_names[PARTITIONS];

/* ERR_RANGE when size does not hold slots of slot_size and a data partition of 1 MiB, or slot_size is not usable. */
enum err disk_layout_of(u64 size, u64 slot_size, struct disk_layout *out) MUST_CHECK;
/* The smallest disk with that much data partition (0: the least there may be). */
u64 disk_size_needed(u64 slot_size, u64 data_size);

#endif
