/* Placing partitions. Trust: pure arithmetic over bounded sizes. */
#include "image/flash/layout.h"

const char *const partition_names[PARTITIONS] = {
	"signet-esp",
	"signet-bios",
	"signet-a",
	"signet-b",
	"signet-authority",
	"signet-data",
};

/* The backup GPT (33 sectors) takes the last aligned unit. */
static const u64 tail = PARTITION_ALIGN;

static void place(struct disk_layout *l, enum partition_index i, u64 *at, u64 length)
{
	l->partitions[i] = (struct partition){ *at, length };
	*at = align_up(*at + length, PARTITION_ALIGN);
}

static u64 place_fixed(struct disk_layout *l, u64 slot_size)
{
	u64 at = PARTITION_ALIGN;

	place(l, PARTITION_ESP, &at, ESP_SIZE);
	place(l, PARTITION_BIOS, &at, MIB(1));
	place(l, PARTITION_SLOT_A, &at, slot_size);
	place(l, PARTITION_SLOT_B, &at, slot_size);
	place(l, PARTITION_AUTHORITY, &at, AUTHORITY_SIZE);
	return at;
}

u64 disk_size_needed(u64 slot_size, u64 data_size)
{
	struct disk_layout l;
	u64 data = data_size > PARTITION_ALIGN ? align_up(data_size, PARTITION_ALIGN) : PARTITION_ALIGN;

	return place_fixed(&l, slot_size) + data + tail;
}

enum err disk_layout_of(u64 size, u64 slot_size, struct disk_layout *out)
{
	if (slot_size == 0 || slot_size > SLOT_SIZE_MAX || !is_aligned(slot_size, PARTITION_ALIGN))
		return ERR_RANGE;
	if (size < disk_size_needed(slot_size, 0) || !is_aligned(size, SECTOR))
		return ERR_RANGE;
	u64 at = place_fixed(out, slot_size);
	u64 end = (size - tail) & ~(PARTITION_ALIGN - 1);
	out->size = size;
	out->partitions[PARTITION_DATA] = (struct partition){ at, end - at };
	return OK;
}
