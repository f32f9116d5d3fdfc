/*
 * Linux boot protocol 2.12 and later. Trust: in the TCB; pure.
 */
#include "hv/guest/bzimage.h"

#include "lib/bytes.h"

#include <string.h>

/* Fields of the setup header and of the zero page share their offsets. */
enum { PAGE_RSDP = 0x070, PAGE_RAMDISK_HIGH = 0x0C0, PAGE_RAMDISK_SIZE_HIGH = 0x0C4, PAGE_COMMAND_LINE_HIGH = 0x0C8 };
enum { PAGE_E820_ENTRIES = 0x1E8, PAGE_E820 = 0x2D0, PAGE_E820_ENTRY = 20 };
enum { SETUP_SECTORS = 0x1F1, SYSTEM_SIZE = 0x1F4, BOOT_FLAG = 0x1FE, JUMP_LENGTH = 0x201, HEADER_MAGIC = 0x202 };
enum { PROTOCOL = 0x206, LOADER_TYPE = 0x210, LOAD_FLAGS = 0x211, RAMDISK = 0x218, RAMDISK_SIZE = 0x21C };
enum { COMMAND_LINE = 0x228, RAMDISK_MAX = 0x22C, ALIGNMENT = 0x230, RELOCATABLE = 0x234, EXTENDED_FLAGS = 0x236 };
enum { COMMAND_LINE_SIZE = 0x238, SETUP_DATA = 0x250, PREFERRED = 0x258, INIT_SIZE = 0x260, HEADER_LEAST_END = 0x264 };

/* Values: "HdrS"; the first protocol with EXTENDED_FLAGS; flags. */
enum { MAGIC_BOOT_FLAG = 0xAA55, MAGIC_HEADER = 0x53726448, PROTOCOL_LEAST = 0x020C, LOADER_UNDEFINED = 0xFF };
enum { LOADED_HIGH = BIT(0), KERNEL_64 = BIT(0) };
enum { SECTOR = 512, SETUP_SECTORS_DEFAULT = 4, PARAGRAPH = 16, PAGE = 4096 };
enum { LOW_MEMORY = 0x100000, INIT_SIZE_MAX = 0x40000000 };

static bool is_startable(const u8 *head, u16 header_end)
{
	return load_le16(head + BOOT_FLAG) == MAGIC_BOOT_FLAG && load_le32(head + HEADER_MAGIC) == MAGIC_HEADER &&
	        load_le16(head + PROTOCOL) >= PROTOCOL_LEAST && header_end >= HEADER_LEAST_END &&
	        header_end <= PAGE_E820 && head[LOAD_FLAGS] & LOADED_HIGH && head[RELOCATABLE] &&
	        load_le16(head + EXTENDED_FLAGS) & KERNEL_64;
}

static bool is_consistent(const struct bzimage *i, u64 system_size, u64 length)
{
	if (i->kernel_offset >= length || system_size > length - i->kernel_offset)
		return false;
	if (i->alignment < PAGE || i->alignment & (i->alignment - 1) || !is_aligned(i->preferred, i->alignment))
		return false;
	return i->kernel_length > BZIMAGE_ENTRY_OFFSET && i->kernel_length <= i->init_size &&
	        i->init_size <= INIT_SIZE_MAX;
}

enum err bzimage_parse(const u8 head[BZIMAGE_HEAD], u64 length, struct bzimage *out)
{
	u16 header_end = (u16)(HEADER_MAGIC + head[JUMP_LENGTH]);

	if (length < BZIMAGE_HEAD || !is_startable(head, header_end))
		return ERR_ARGUMENT;
	u64 sectors = head[SETUP_SECTORS] ? head[SETUP_SECTORS] : SETUP_SECTORS_DEFAULT;
	*out = (struct bzimage){
		.kernel_offset = (sectors + 1) * SECTOR,
		.preferred = load_le64(head + PREFERRED),
		.init_size = load_le32(head + INIT_SIZE),
		.alignment = load_le32(head + ALIGNMENT),
		.ramdisk_limit = (u64)load_le32(head + RAMDISK_MAX) + 1,
		.command_line_max = load_le32(head + COMMAND_LINE_SIZE),
		.header_end = header_end,
	};
	/* A signature may follow the kernel proper; it is loaded along, as other loaders do. */
	out->kernel_length = length > out->kernel_offset ? length - out->kernel_offset : 0;
	return is_consistent(out, (u64)load_le32(head + SYSTEM_SIZE) * PARAGRAPH, length) ? OK : ERR_RANGE;
}

/* As high as it may, so that it is out of the kernel's way. */
static enum err place_ramdisk(const struct bzimage *image, u64 low_end, struct bzimage_layout *l)
{
	u64 end = image->ramdisk_limit < low_end ? image->ramdisk_limit : low_end;

	l->ramdisk = 0;
	if (!l->ramdisk_length)
		return OK;
	if (l->ramdisk_length > end)
		return ERR_NO_MEMORY;
	l->ramdisk = (end - l->ramdisk_length) & ~(u64)(PAGE - 1);
	return l->ramdisk >= l->kernel + image->init_size ? OK : ERR_NO_MEMORY;
}

enum err bzimage_place(const struct bzimage *image, u64 low_end, struct bzimage_layout *l)
{
	if (l->command_line_length > image->command_line_max)
		return ERR_RANGE;
	u64 least = image->preferred < LOW_MEMORY ? LOW_MEMORY : image->preferred;
	l->kernel = align_up(least, image->alignment);
	if (!range_inside(l->kernel, image->init_size, low_end))
		return ERR_NO_MEMORY;
	l->entry = l->kernel + BZIMAGE_ENTRY_OFFSET;
	return place_ramdisk(image, low_end, l);
}

static void put_split(u8 *page, u32 low, u32 high, u64 value)
{
	store_le32(page + low, (u32)value);
	store_le32(page + high, (u32)(value >> 32));
}

static void put_map(u8 *page, const struct e820_entry *map, u32 entries)
{
	page[PAGE_E820_ENTRIES] = (u8)entries;
	for (u32 i = 0; i < entries; i++) {
		u8 *to = page + PAGE_E820 + i * PAGE_E820_ENTRY;
		store_le64(to, map[i].address);
		store_le64(to + 8, map[i].length);
		store_le32(to + 16, map[i].type);
	}
}

enum err bzimage_zero_page(const struct bzimage *image, const u8 head[BZIMAGE_HEAD],
        const struct bzimage_layout *layout, const struct e820_entry *map, u32 entries, u64 rsdp,
        u8 page[ZERO_PAGE_SIZE])
{
	if (entries > E820_MAX)
		return ERR_RANGE;
	memset(page, 0, ZERO_PAGE_SIZE);
	memcpy(page + SETUP_SECTORS, head + SETUP_SECTORS, image->header_end - (size_t)SETUP_SECTORS);
	page[LOADER_TYPE] = LOADER_UNDEFINED;
	/* A list the image brought along would be followed through memory that we never wrote. */
	store_le64(page + SETUP_DATA, 0);
	store_le64(page + PAGE_RSDP, rsdp);
	put_split(page, RAMDISK, PAGE_RAMDISK_HIGH, layout->ramdisk);
	put_split(page, RAMDISK_SIZE, PAGE_RAMDISK_SIZE_HIGH, layout->ramdisk_length);
	put_split(page, COMMAND_LINE, PAGE_COMMAND_LINE_HIGH, layout->command_line);
	put_map(page, map, entries);
	return OK;
}
