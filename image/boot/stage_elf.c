/* Finding the anchor section. Trust: every table offset is checked before use. */
#include "image/boot/stage_elf.h"

#include "lib/bytes.h"

#include <elf.h>
#include <string.h>

static enum err header_read(const u8 *elf, size_t n, Elf64_Ehdr *h)
{
	if (n < sizeof(*h))
		return ERR_RANGE;
	memcpy(h, elf, sizeof(*h));
	if (memcmp(h->e_ident, ELFMAG, SELFMAG) != 0 || h->e_ident[EI_CLASS] != ELFCLASS64 || h->e_machine != EM_X86_64)
		return ERR_RANGE;
	if (h->e_shentsize != sizeof(Elf64_Shdr) || !range_inside(h->e_shoff, (u64)h->e_shnum * sizeof(Elf64_Shdr), n))
		return ERR_RANGE;
	return h->e_shstrndx < h->e_shnum ? OK : ERR_RANGE;
}

static Elf64_Shdr section_at(const u8 *elf, const Elf64_Ehdr *h, u32 index)
{
	Elf64_Shdr s;

	memcpy(&s, elf + h->e_shoff + (u64)index * sizeof(s), sizeof(s));
	return s;
}

static bool has_name(const u8 *elf, size_t n, const Elf64_Shdr *names, const Elf64_Shdr *s, const char *name)
{
	u64 length = strlen(name) + 1;

	return range_inside(names->sh_offset, names->sh_size, n) && range_inside(s->sh_name, length, names->sh_size) &&
	        memcmp(elf + names->sh_offset + s->sh_name, name, length) == 0;
}

static bool holds_bare_magic(const u8 *elf, size_t n, const Elf64_Shdr *s)
{
	return s->sh_type == SHT_PROGBITS && s->sh_size == ANCHOR_SIZE && range_inside(s->sh_offset, ANCHOR_SIZE, n) &&
	        memcmp(elf + s->sh_offset, ANCHOR_MAGIC, MAGIC_SIZE) == 0 &&
	        bytes_are_zero(elf + s->sh_offset + MAGIC_SIZE, ANCHOR_SIZE - MAGIC_SIZE);
}

enum err stage_anchor_place(const u8 *elf, size_t n, u64 *offset)
{
	Elf64_Ehdr h;
	u32 found = 0;
	enum err e = header_read(elf, n, &h);

	if (e)
		return e;
	const Elf64_Shdr names = section_at(elf, &h, h.e_shstrndx);
	for (u32 i = 0; i < h.e_shnum; i++) {
		const Elf64_Shdr s = section_at(elf, &h, i);
		if (!has_name(elf, n, &names, &s, ".anchor"))
			continue;
		if (!holds_bare_magic(elf, n, &s))
			return ERR_BOOT_ANCHOR;
		*offset = s.sh_offset;
		found++;
	}
	return found == 1 ? OK : ERR_BOOT_ANCHOR;
}
