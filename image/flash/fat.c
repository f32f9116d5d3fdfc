/* Formatting FAT32. Trust: writes only; sizes are bounded before they are used. */
#include "image/flash/fat.h"

#include "lib/bytes.h"

#include <stdlib.h>
#include <string.h>

enum {
	FAT_SECTOR = 512, /* and one sector a cluster */
	RESERVED_SECTORS = 32,
	FAT_COUNT = 2,
	BACKUP_BOOT_SECTOR = 6,
	ENTRY_END = 0x0FFFFFFF,
	FIRST_CLUSTER = 2,
	/* root, EFI, BOOT: one cluster each; then the file. */
	CLUSTER_ROOT = FIRST_CLUSTER,
	CLUSTER_EFI,
	CLUSTER_BOOT,
	CLUSTER_FILE,
	/* Fewer, and the volume is FAT16 by definition. */
	FAT32_CLUSTERS_MIN = 65525,
	ATTRIBUTE_VOLUME = 0x08,
	ATTRIBUTE_DIRECTORY = 0x10,
	ATTRIBUTE_ARCHIVE = 0x20,
	DIRECTORY_ENTRY = 32,
	DATE_1980 = 0x0021, /* 1 January 1980: the earliest FAT can write, and no clock of the builder's */
};

struct geometry {
	u32 sectors;
	u32 fat_sectors;
	u32 clusters;
	u32 file_clusters;
};

static u32 data_start(const struct geometry *g)
{
	return RESERVED_SECTORS + FAT_COUNT * g->fat_sectors;
}

static enum err geometry_of(u64 size, u64 file_length, struct geometry *g)
{
	if (!is_aligned(size, FAT_SECTOR) || size < MIB(34) || size > MIB(1024) || file_length == 0 ||
	        file_length > size)
		return ERR_RANGE;
	g->sectors = (u32)(size / FAT_SECTOR);
	/* Each FAT sector describes 128 clusters of one sector; the tables themselves need none described. */
	g->fat_sectors = (g->sectors - RESERVED_SECTORS + 129) / 130 + 1;
	g->clusters = g->sectors - data_start(g);
	g->file_clusters = (u32)((file_length + FAT_SECTOR - 1) / FAT_SECTOR);
	if (g->clusters < FAT32_CLUSTERS_MIN || g->file_clusters > g->clusters - (CLUSTER_FILE - FIRST_CLUSTER))
		return ERR_RANGE;
	return OK;
}

static void boot_sector(const struct geometry *g, u64 hidden, u32 serial, u8 *out)
{
	static const u8 jump_and_name[11] = { 0xEB, 0x58, 0x90, 'S', 'I', 'G', 'N', 'E', 'T', ' ', ' ' };
	struct writer w = writer_on(out, FAT_SECTOR);

	write_bytes(&w, jump_and_name, sizeof(jump_and_name));
	write_le16(&w, FAT_SECTOR);
	write_u8(&w, 1); /* sectors a cluster */
	write_le16(&w, RESERVED_SECTORS);
	write_u8(&w, FAT_COUNT);
	write_zero(&w, 4); /* root entries and 16-bit total: FAT12/16 only */
	write_u8(&w, 0xF8);
	write_le16(&w, 0);
	write_le16(&w, 63); /* CHS geometry: nobody uses it, everybody has one */
	write_le16(&w, 255);
	write_le32(&w, (u32)hidden);
	write_le32(&w, g->sectors);
	write_le32(&w, g->fat_sectors);
	write_le32(&w, 0); /* both FATs alive; version 0.0 */
	write_le32(&w, CLUSTER_ROOT);
	write_le16(&w, 1); /* FSInfo */
	write_le16(&w, BACKUP_BOOT_SECTOR);
	write_zero(&w, 12);
	write_le16(&w, 0x80);
	write_u8(&w, 0x29);
	write_le32(&w, serial);
	write_bytes(&w, (const u8 *)"SIGNET-ESP FAT32   ", 19);
	store_le16(out + 510, 0xAA55);
}

static void info_sector(const struct geometry *g, u8 *out)
{
	u32 used = CLUSTER_FILE - FIRST_CLUSTER + g->file_clusters;

	store_le32(out, 0x41615252);
	store_le32(out + 484, 0x61417272);
	store_le32(out + 488, g->clusters - used);
	store_le32(out + 492, FIRST_CLUSTER + used);
	store_le32(out + 508, 0xAA550000);
}

static void fat_table(const struct geometry *g, u8 *out)
{
	u32 last = CLUSTER_FILE + g->file_clusters - 1;

	store_le32(out, 0x0FFFFFF8);
	store_le32(out + 4, ENTRY_END);
	for (u32 c = CLUSTER_ROOT; c < CLUSTER_FILE; c++)
		store_le32(out + (size_t)4 * c, ENTRY_END);
	for (u32 c = CLUSTER_FILE; c <= last; c++)
		store_le32(out + (size_t)4 * c, c == last ? ENTRY_END : c + 1);
}

/* name: 11 characters, blank-padded, without the dot. */
static void directory_entry(u8 *out, const char name[12], u8 attributes, u32 cluster, u32 length)
{
	memcpy(out, name, 11);
	out[11] = attributes;
	store_le16(out + 16, DATE_1980);
	store_le16(out + 18, DATE_1980);
	store_le16(out + 20, (u16)(cluster >> 16));
	store_le16(out + 24, DATE_1980);
	store_le16(out + 26, (u16)cluster);
	store_le32(out + 28, length);
}

static void directories(u8 *data, u32 file_length)
{
	u8 *root = data, *efi = data + FAT_SECTOR, *boot = data + (size_t)2 * FAT_SECTOR;

	directory_entry(root, "SIGNET-ESP ", ATTRIBUTE_VOLUME, 0, 0);
	directory_entry(root + DIRECTORY_ENTRY, "EFI        ", ATTRIBUTE_DIRECTORY, CLUSTER_EFI, 0);
	directory_entry(efi, ".          ", ATTRIBUTE_DIRECTORY, CLUSTER_EFI, 0);
	directory_entry(efi + DIRECTORY_ENTRY, "..         ", ATTRIBUTE_DIRECTORY, 0, 0); /* 0: the root */
	directory_entry(efi + 2 * DIRECTORY_ENTRY, "BOOT       ", ATTRIBUTE_DIRECTORY, CLUSTER_BOOT, 0);
	directory_entry(boot, ".          ", ATTRIBUTE_DIRECTORY, CLUSTER_BOOT, 0);
	directory_entry(boot + DIRECTORY_ENTRY, "..         ", ATTRIBUTE_DIRECTORY, CLUSTER_EFI, 0);
	directory_entry(boot + 2 * DIRECTORY_ENTRY, "BOOTX64 EFI", ATTRIBUTE_ARCHIVE, CLUSTER_FILE, file_length);
}

enum err fat_format(u64 size, u64 hidden_sectors, u32 serial, u64 file_length, struct fat_volume *out)
{
	struct geometry g;
	enum err e = geometry_of(size, file_length, &g);

	if (e)
		return e;
	out->used = (size_t)(data_start(&g) + CLUSTER_FILE - FIRST_CLUSTER) * FAT_SECTOR;
	out->bytes = calloc(1, out->used);
	if (!out->bytes)
		return ERR_NO_MEMORY;
	boot_sector(&g, hidden_sectors, serial, out->bytes);
	info_sector(&g, out->bytes + FAT_SECTOR);
	memcpy(out->bytes + (size_t)BACKUP_BOOT_SECTOR * FAT_SECTOR, out->bytes, (size_t)2 * FAT_SECTOR);
	for (u32 i = 0; i < FAT_COUNT; i++)
		fat_table(&g, out->bytes + (size_t)(RESERVED_SECTORS + i * g.fat_sectors) * FAT_SECTOR);
	directories(out->bytes + (size_t)data_start(&g) * FAT_SECTOR, (u32)file_length);
	return OK;
}

void fat_free(struct fat_volume *v)
{
	free(v->bytes);
	v->bytes = NULL;
}
