/* The GPT. Trust: pure; decoding checks everything before use. */
#include "image/flash/gpt.h"

#include "lib/bytes.h"
#include "lib/crypto/crypto.h"

#include <assert.h>
#include <string.h>

enum {
	GPT_REVISION = 0x00010000,
	MBR_PARTITION = 446,
	MBR_TYPE_GPT = 0xEE,
	ENTRY_FIRST_LBA = 32,
	ENTRY_NAME = 56,
	NAME_UNITS = 36,
	GUID_DISK = PARTITIONS, /* index the disk's own GUID derives from */
};

static_assert(GPT_PRIMARY_SIZE <= 1 << 20, "the table lies before the first partition");

/* Mixed-endian as on disk. Slots and authority have types of ours, so that no system offers to mount or format them. */
static const u8 partition_types[PARTITIONS][GUID_SIZE] = {
	/* C12A7328-F81F-11D2-BA4B-00A0C93EC93B, EFI system partition */
	{ 0x28, 0x73, 0x2A, 0xC1, 0x1F, 0xF8, 0xD2, 0x11, 0xBA, 0x4B, 0x00, 0xA0, 0xC9, 0x3E, 0xC9, 0x3B },
	/* 21686148-6449-6E6F-744E-656564454649, BIOS boot partition */
	{ 0x48, 0x61, 0x68, 0x21, 0x49, 0x64, 0x6F, 0x6E, 0x74, 0x4E, 0x65, 0x65, 0x64, 0x45, 0x46, 0x49 },
	/* 5D2C1A50-93B7-4E0C-8A61-7369676E6574, slot */
	{ 0x50, 0x1A, 0x2C, 0x5D, 0xB7, 0x93, 0x0C, 0x4E, 0x8A, 0x61, 0x73, 0x69, 0x67, 0x6E, 0x65, 0x74 },
	{ 0x50, 0x1A, 0x2C, 0x5D, 0xB7, 0x93, 0x0C, 0x4E, 0x8A, 0x61, 0x73, 0x69, 0x67, 0x6E, 0x65, 0x74 },
	/* 5D2C1A51-93B7-4E0C-8A61-7369676E6574, write authority */
	{ 0x51, 0x1A, 0x2C, 0x5D, 0xB7, 0x93, 0x0C, 0x4E, 0x8A, 0x61, 0x73, 0x69, 0x67, 0x6E, 0x65, 0x74 },
	/* 0FC63DAF-8483-4772-8E79-3D69D8477DE4, Linux file system data */
	{ 0xAF, 0x3D, 0xC6, 0x0F, 0x83, 0x84, 0x72, 0x47, 0x8E, 0x79, 0x3D, 0x69, 0xD8, 0x47, 0x7D, 0xE4 },
};

u32 crc32_of(const u8 *bytes, size_t n)
{
	/* Four bits at a time, polynomial EDB88320h. */
	static const u32 step[16] = { 0x00000000, 0x1DB71064, 0x3B6E20C8, 0x26D930AC, 0x76DC4190, 0x6B6B51F4,
		0x4DB26158, 0x5005713C, 0xEDB88320, 0xF00F9344, 0xD6D6A3E8, 0xCB61B38C, 0x9B64C2B0, 0x86D3D2D4,
		0xA00AE278, 0xBDBDF21C };
	u32 crc = UINT32_MAX;

	for (size_t i = 0; i < n; i++) {
		crc ^= bytes[i];
		crc = crc >> 4 ^ step[crc & 15];
		crc = crc >> 4 ^ step[crc & 15];
	}
	return ~crc;
}

/* RFC 9562 version 8: the bits are ours to define, here a hash. */
static void guid_derive(const u8 seed[32], u8 index, u8 out[GUID_SIZE])
{
	u8 digest[SHA256_SIZE];

	sha256_of_two(seed, 32, &index, 1, digest);
	memcpy(out, digest, GUID_SIZE);
	out[7] = (u8)((out[7] & 0x0F) | 0x80);
	out[8] = (u8)((out[8] & 0x3F) | 0x80);
}

static void entries_encode(const struct disk_layout *l, const u8 seed[32], u8 *entries)
{
	for (u8 i = 0; i < PARTITIONS; i++) {
		u8 *entry = entries + (size_t)i * GPT_ENTRY_SIZE;
		const struct partition *p = &l->partitions[i];
		memcpy(entry, partition_types[i], GUID_SIZE);
		guid_derive(seed, i, entry + GUID_SIZE);
		store_le64(entry + ENTRY_FIRST_LBA, p->start / SECTOR);
		store_le64(entry + ENTRY_FIRST_LBA + 8, (p->start + p->length) / SECTOR - 1);
		for (size_t c = 0; partition_names[i][c]; c++)
			store_le16(entry + ENTRY_NAME + 2 * c, (u16)partition_names[i][c]);
	}
}

static void header_encode(const struct disk_layout *l, const u8 seed[32], bool primary, const u8 *entries, u8 *header)
{
	u64 last = l->size / SECTOR - 1;
	struct writer w = writer_on(header, GPT_HEADER_SIZE);

	write_bytes(&w, (const u8 *)"EFI PART", 8);
	write_le32(&w, GPT_REVISION);
	write_le32(&w, GPT_HEADER_SIZE);
	write_zero(&w, 8); /* checksum, later; reserved */
	write_le64(&w, primary ? 1 : last);
	write_le64(&w, primary ? last : 1);
	write_le64(&w, 2 + GPT_ENTRIES_SECTORS);
	write_le64(&w, last - 1 - GPT_ENTRIES_SECTORS);
	guid_derive(seed, GUID_DISK, header + w.used);
	w.used += GUID_SIZE;
	write_le64(&w, primary ? 2 : last - GPT_ENTRIES_SECTORS);
	write_le32(&w, GPT_ENTRIES);
	write_le32(&w, GPT_ENTRY_SIZE);
	write_le32(&w, crc32_of(entries, (size_t)GPT_ENTRIES * GPT_ENTRY_SIZE));
	store_le32(header + 16, crc32_of(header, GPT_HEADER_SIZE));
}

static void protective_mbr(const struct disk_layout *l, u8 *mbr)
{
	u64 sectors = l->size / SECTOR - 1;
	u8 *entry = mbr + MBR_PARTITION;

	entry[2] = 2; /* CHS 0/0/2 to the largest that can be written */
	entry[4] = MBR_TYPE_GPT;
	memset(entry + 5, 0xFF, 3);
	store_le32(entry + 8, 1);
	store_le32(entry + 12, sectors > UINT32_MAX ? UINT32_MAX : (u32)sectors);
	store_le16(mbr + 510, 0xAA55);
}

void gpt_encode(const struct disk_layout *layout, const u8 seed[32], struct gpt_image *out)
{
	u8 *entries = out->primary + (size_t)2 * SECTOR;

	memset(out, 0, sizeof(*out));
	protective_mbr(layout, out->primary);
	entries_encode(layout, seed, entries);
	header_encode(layout, seed, true, entries, out->primary + SECTOR);
	memcpy(out->backup, entries, (size_t)GPT_ENTRIES * GPT_ENTRY_SIZE);
	header_encode(layout, seed, false, entries, out->backup + (size_t)GPT_ENTRIES_SECTORS * SECTOR);
}

static bool header_holds(const u8 *header, const u8 *entries)
{
	u8 copy[GPT_HEADER_SIZE];

	memcpy(copy, header, sizeof(copy));
	memset(copy + 16, 0, 4);
	return memcmp(header, "EFI PART", 8) == 0 && load_le32(header + 12) == GPT_HEADER_SIZE &&
	        load_le32(header + 16) == crc32_of(copy, sizeof(copy)) && load_le64(header + 72) == 2 &&
	        load_le32(header + 80) == GPT_ENTRIES && load_le32(header + 84) == GPT_ENTRY_SIZE &&
	        load_le32(header + 88) == crc32_of(entries, (size_t)GPT_ENTRIES * GPT_ENTRY_SIZE);
}

static bool has_name(const u8 *entry, const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < NAME_UNITS; i++) {
		if (load_le16(entry + ENTRY_NAME + 2 * i) != (i < n ? (u16)name[i] : 0))
			return false;
	}
	return true;
}

enum err gpt_decode(const u8 primary[GPT_PRIMARY_SIZE], u64 disk_size, struct disk_layout *out)
{
	const u8 *entries = primary + (size_t)2 * SECTOR;
	u64 end = (2 + GPT_ENTRIES_SECTORS) * (u64)SECTOR;

	if (!header_holds(primary + SECTOR, entries))
		return ERR_DEVICE;
	out->size = disk_size;
	for (size_t i = 0; i < PARTITIONS; i++) {
		const u8 *entry = entries + i * GPT_ENTRY_SIZE;
		u64 first = load_le64(entry + ENTRY_FIRST_LBA), last = load_le64(entry + ENTRY_FIRST_LBA + 8);
		if (memcmp(entry, partition_types[i], GUID_SIZE) != 0 || !has_name(entry, partition_names[i]))
			return ERR_DEVICE;
		if (last >= disk_size / SECTOR || first > last || first < end / SECTOR)
			return ERR_DEVICE;
		out->partitions[i] = (struct partition){ first * SECTOR, (last - first + 1) * SECTOR };
		end = (last + 1) * SECTOR;
	}
	return bytes_are_zero(entries + (size_t)PARTITIONS * GPT_ENTRY_SIZE,
	               (size_t)(GPT_ENTRIES - PARTITIONS) * GPT_ENTRY_SIZE)
	        ? OK
	        : ERR_DEVICE;
}
