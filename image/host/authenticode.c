/* Which parts of a PE file Authenticode hashes. Trust: every offset is checked before use. */
#include "image/host/authenticode.h"

#include "lib/bytes.h"

#include <stdlib.h>

/* PE/COFF specification: offsets from the PE header, which starts with signature and COFF header (24 bytes). */
enum {
	DOS_PE_OFFSET = 0x3C,
	PE_SECTION_COUNT = 6,
	PE_OPTIONAL_SIZE = 20,
	PE_OPTIONAL = 24,
	OPTIONAL_HEADERS_SIZE = 60,
	OPTIONAL_CHECKSUM = 64,
	OPTIONAL_DIRECTORY_COUNT = 108,
	OPTIONAL_CERTIFICATES = 112 + 4 * 8,
	OPTIONAL_MIN = OPTIONAL_CERTIFICATES + 8,
	SECTION_SIZE = 40,
	SECTION_RAW_SIZE = 16,
	SECTION_RAW_OFFSET = 20,
	SECTIONS_MAX = 96,
	PE_MAGIC = 0x00004550,
	PE32_PLUS = 0x20B,
};

struct pe {
	const u8 *file;
	u64 length;
	u64 optional; /* offset of the optional header */
	u64 sections;
	u32 section_count;
	u64 headers_size;
	u64 certificates_size;
};

static enum err pe_read(const u8 *file, size_t n, struct pe *pe)
{
	*pe = (struct pe){ .file = file, .length = n };
	if (n < DOS_PE_OFFSET + 4 || load_le16(file) != 0x5A4D)
		return ERR_RANGE;
	u64 header = load_le32(file + DOS_PE_OFFSET);
	if (!range_inside(header, PE_OPTIONAL + OPTIONAL_MIN, n) || load_le32(file + header) != PE_MAGIC)
		return ERR_RANGE;
	pe->section_count = load_le16(file + header + PE_SECTION_COUNT);
	pe->optional = header + PE_OPTIONAL;
	const u8 *optional = file + pe->optional;
	if (load_le16(optional) != PE32_PLUS || load_le32(optional + OPTIONAL_DIRECTORY_COUNT) < 5)
		return ERR_RANGE;
	pe->sections = pe->optional + load_le16(file + header + PE_OPTIONAL_SIZE);
	pe->headers_size = load_le32(optional + OPTIONAL_HEADERS_SIZE);
	pe->certificates_size = load_le32(optional + OPTIONAL_CERTIFICATES + 4);
	u64 table_end = pe->sections + (u64)pe->section_count * SECTION_SIZE;
	if (pe->section_count > SECTIONS_MAX || table_end > pe->headers_size || pe->headers_size > n ||
	        pe->sections < pe->optional + OPTIONAL_MIN)
		return ERR_RANGE;
	return OK;
}

static void add(struct hashed_ranges *out, u64 offset, u64 length)
{
	if (length)
		out->ranges[out->count++] = (struct hashed_range){ offset, length };
}

static int by_offset(const void *a, const void *b)
{
	const struct hashed_range *x = a, *y = b;

	return (x->offset > y->offset) - (x->offset < y->offset);
}

/* Sections in file order; *hashed counts the bytes, as the specification does, to find what trails them. */
static enum err add_sections(const struct pe *pe, struct hashed_ranges *out, u64 *hashed)
{
	u32 first = out->count;

	for (u32 i = 0; i < pe->section_count; i++) {
		const u8 *section = pe->file + pe->sections + (u64)i * SECTION_SIZE;
		u64 length = load_le32(section + SECTION_RAW_SIZE);
		u64 offset = load_le32(section + SECTION_RAW_OFFSET);
		if (!range_inside(offset, length, pe->length))
			return ERR_RANGE;
		add(out, offset, length);
		*hashed += length;
	}
	qsort(out->ranges + first, out->count - first, sizeof(out->ranges[0]), by_offset);
	return OK;
}

enum err authenticode_ranges(const u8 *file, size_t n, struct hashed_ranges *out)
{
	struct pe pe;
	enum err e = pe_read(file, n, &pe);

	if (e)
		return e;
	u64 checksum = pe.optional + OPTIONAL_CHECKSUM;
	u64 directory = pe.optional + OPTIONAL_CERTIFICATES;
	u64 hashed = pe.headers_size;

	/* Both change when a signature is added, so neither is part of what is signed. */
	out->count = 0;
	add(out, 0, checksum);
	add(out, checksum + 4, directory - (checksum + 4));
	add(out, directory + 8, pe.headers_size - (directory + 8));
	e = add_sections(&pe, out, &hashed);
	if (e)
		return e;
	if (hashed > n || pe.certificates_size > n - hashed)
		return ERR_RANGE;
	add(out, hashed, n - hashed - pe.certificates_size);
	return OK;
}
