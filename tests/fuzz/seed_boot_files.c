/*
 * usage: seed_boot_files DIRECTORY
 * Writes seeds for the targets over boot files and signature lists: the smallest PE and ELF files that are accepted.
 */
#include "image/boot/stage_elf.h"
#include "image/encode.h"
#include "image/host/authenticode.h"
#include "lib/bytes.h"
#include "tests/fuzz/seed.h"

#include <elf.h>
#include <string.h>

enum { PE_HEADER = 0x80, PE_OPTIONAL = PE_HEADER + 24, PE_SECTIONS = PE_OPTIONAL + 240, PE_SIZE = 0x600 };

static void seed_pe(void)
{
	static u8 pe[PE_SIZE];
	struct hashed_ranges ranges;

	store_le16(pe, 0x5A4D);
	store_le32(pe + 0x3C, PE_HEADER);
	store_le32(pe + PE_HEADER, 0x4550);
	store_le16(pe + PE_HEADER + 6, 1);
	store_le16(pe + PE_HEADER + 20, 240);
	store_le16(pe + PE_OPTIONAL, 0x20B);
	store_le32(pe + PE_OPTIONAL + 60, 0x200);
	store_le32(pe + PE_OPTIONAL + 108, 16);
	store_le32(pe + PE_SECTIONS + 16, 0x200);
	store_le32(pe + PE_SECTIONS + 20, 0x200);
	if (authenticode_ranges(pe, sizeof(pe), &ranges) != OK)
		exit(1);
	seed("fuzz_boot_files", "pe", pe, sizeof(pe));
}

static void seed_elf(void)
{
	static u8 elf[sizeof(Elf64_Ehdr) + 2 * sizeof(Elf64_Shdr) + ANCHOR_SIZE + 16];
	const u64 names = sizeof(elf) - 16, anchor = names - ANCHOR_SIZE;
	Elf64_Ehdr header = {
		.e_machine = EM_X86_64, .e_shoff = sizeof(header), .e_shentsize = sizeof(Elf64_Shdr), .e_shnum = 2
	};
	const Elf64_Shdr sections[2] = { { .sh_type = SHT_STRTAB, .sh_offset = names, .sh_size = 16 },
		{ .sh_name = 1, .sh_type = SHT_PROGBITS, .sh_offset = anchor, .sh_size = ANCHOR_SIZE } };
	u64 place;

	memcpy(header.e_ident, ELFMAG, SELFMAG);
	header.e_ident[EI_CLASS] = ELFCLASS64;
	memcpy(elf, &header, sizeof(header));
	memcpy(elf + sizeof(header), sections, sizeof(sections));
	memcpy(elf + anchor, ANCHOR_MAGIC, MAGIC_SIZE);
	memcpy(elf + names + 1, ".anchor", 8);
	if (stage_anchor_place(elf, sizeof(elf), &place) != OK || place != anchor)
		exit(1);
	seed("fuzz_boot_files", "elf", elf, sizeof(elf));
}

static void seed_signatures(void)
{
	static u8 list[IMAGE_ALIGN];
	u8 id[KEY_ID_SIZE] = { 0 };
	const u8 signature[P384_SIGNATURE_SIZE] = { 1 };

	for (u8 i = 1; i < 4; i++) {
		id[0] = i;
		if (signature_list_insert(list, sizeof(list), id, signature) != OK)
			exit(1);
	}
	seed("fuzz_signatures", "three", list, signature_list_size(3));
	seed("fuzz_signatures", "padded", list, sizeof(list));
}

int main(int argc, char *argv[])
{
	if (argc != 2)
		return 2;
	directory = argv[1];
	seed_pe();
	seed_elf();
	seed_signatures();
	return 0;
}
