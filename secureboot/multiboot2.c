/*
 * Multiboot2 information, tag by tag: one table of small readers, each on its tag's bytes alone.
 * Trust: pure; handles bytes that a loader left in memory.
 */
#include "secureboot/multiboot2.h"

#include "lib/bytes.h"

#include <string.h>

enum {
	TAG_END = 0,
	TAG_MODULE = 3,
	TAG_MAP = 6,
	TAG_FRAMEBUFFER = 8,
	TAG_EFI64_TABLE = 12,
	TAG_ACPI_OLD = 14,
	TAG_ACPI_NEW = 15,
	TAG_BOOT_SERVICES = 18,
	TAG_EFI64_HANDLE = 20,
	TAG_LOAD_BASE = 21,

	TAG_HEADER = 8,
	TAG_ALIGN = 8,
	RSDP_OLD_SIZE = 20,
};

/* Reads the content of one tag; false: malformed. */
typedef bool tag_reader(struct reader *r, struct multiboot2 *out);

static bool read_module(struct reader *r, struct multiboot2 *out)
{
	u32 start = read_le32(r), end = read_le32(r);
	const u8 *name = r->at;

	/* The name fills the rest of the tag and ends in it. */
	if (r->failed || end < start || out->module_count == MULTIBOOT2_MODULES_MAX || !memchr(name, 0, r->left))
		return false;
	out->module[out->module_count++] =
	        (struct multiboot2_module){ .start = start, .length = end - start, .name = (const char *)name };
	return true;
}

static bool read_map(struct reader *r, struct multiboot2 *out)
{
	u32 entry_size = read_le32(r);

	read_le32(r); /* entry version: higher ones are compatible by promise */
	/* A larger entry is allowed by the specification, and made by nobody. */
	if (r->failed || out->map || entry_size != MULTIBOOT2_MAP_ENTRY || r->left % MULTIBOOT2_MAP_ENTRY)
		return false;
	out->map = r->at;
	out->map_count = (u32)(r->left / MULTIBOOT2_MAP_ENTRY);
	return true;
}

static bool read_framebuffer(struct reader *r, struct multiboot2 *out)
{
	struct multiboot2_framebuffer *f = &out->framebuffer;

	f->address = read_le64(r);
	f->pitch = read_le32(r);
	f->width = read_le32(r);
	f->height = read_le32(r);
	f->bits = read_u8(r);
	f->kind = read_u8(r);
	f->present = !r->failed;
	return f->present;
}

static bool read_efi_table(struct reader *r, struct multiboot2 *out)
{
	out->efi_system_table = read_le64(r);
	return !r->failed;
}

static bool read_efi_handle(struct reader *r, struct multiboot2 *out)
{
	out->efi_image_handle = read_le64(r);
	return !r->failed;
}

static bool read_rsdp(struct reader *r, struct multiboot2 *out)
{
	if (r->left < RSDP_OLD_SIZE)
		return false;
	/* The longer one knows the XSDT, in whichever order they come. */
	if (r->left < out->rsdp_length)
		return true;
	out->rsdp = r->at;
	out->rsdp_length = (u32)(r->left < RSDP_SIZE_MAX ? r->left : RSDP_SIZE_MAX);
	return true;
}

static bool read_boot_services(struct reader *r, struct multiboot2 *out)
{
	(void)r;
	out->boot_services = true;
	return true;
}

static bool read_load_base(struct reader *r, struct multiboot2 *out)
{
	out->load_base = read_le32(r);
	return !r->failed;
}

static const struct {
	u32 type;
	tag_reader *read;
} readers[] = {
	{ TAG_MODULE, read_module },
	{ TAG_MAP, read_map },
	{ TAG_FRAMEBUFFER, read_framebuffer },
	{ TAG_EFI64_TABLE, read_efi_table },
	{ TAG_EFI64_HANDLE, read_efi_handle },
	{ TAG_ACPI_OLD, read_rsdp },
	{ TAG_ACPI_NEW, read_rsdp },
	{ TAG_BOOT_SERVICES, read_boot_services },
	{ TAG_LOAD_BASE, read_load_base },
};

static bool read_tag(u32 type, const u8 *content, size_t n, struct multiboot2 *out)
{
	struct reader r = reader_on(content, n);

	for (size_t i = 0; i < ARRAY_SIZE(readers); i++) {
		if (readers[i].type == type)
			return readers[i].read(&r, out);
	}
	return true; /* a tag we have no use for */
}

enum err multiboot2_parse(const u8 *bytes, size_t n, struct multiboot2 *out)
{
	struct reader r = reader_on(bytes, n);
	u32 total = read_le32(&r);

	memset(out, 0, sizeof(*out));
	read_le32(&r);
	if (r.failed || total > n || total < TAG_HEADER)
		return ERR_BOOT_LOADER;
	r.left = total - TAG_HEADER;
	for (;;) {
		u32 type = read_le32(&r), size = read_le32(&r);
		size_t padding = (size_t)(align_up(size, TAG_ALIGN) - size);
		const u8 *content;

		if (r.failed || size < TAG_HEADER)
			return ERR_BOOT_LOADER;
		if (type == TAG_END)
			return OK;
		content = read_bytes(&r, size - TAG_HEADER);
		if (!content || !read_tag(type, content, size - TAG_HEADER, out))
			return ERR_BOOT_LOADER;
		/* The padding behind the last tag may be missing; then no end tag follows either: the next round's
		 * error. */
		read_bytes(&r, padding);
	}
}

const struct multiboot2_module *multiboot2_find(const struct multiboot2 *info, const char *name, enum err *e)
{
	const struct multiboot2_module *found = NULL;

	*e = OK;
	for (u32 i = 0; i < info->module_count; i++) {
		if (strcmp(info->module[i].name, name) != 0)
			continue;
		if (found)
			*e = ERR_BOOT_LOADER;
		found = &info->module[i];
	}
	return *e ? NULL : found;
}
