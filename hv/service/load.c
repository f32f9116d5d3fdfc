/* Loading the service VM's kernel. Trust: in the TCB; pure. */
#include "hv/service/load.h"

#include "hv/guest/linux.h"

#include <string.h>

#define FOUR_GIB (1ull << 32)

static enum err place_in(struct service_load *l, const struct memory_entry *m)
{
	struct bzimage image = l->image;
	u64 end = (m->base + m->length < FOUR_GIB ? m->base + m->length : FOUR_GIB) & ~(EPT_PAGE - 1);

	if (m->type != MEMORY_RAM || m->base >= FOUR_GIB || m->length < SERVICE_BLOCK_SIZE)
		return ERR_NO_MEMORY;
	/* The piece may begin above the address the kernel was linked for, or end below it. */
	if (image.preferred < m->base)
		image.preferred = align_up(m->base, image.alignment);
	l->block = end - SERVICE_BLOCK_SIZE;
	l->layout = (struct bzimage_layout){ .ramdisk_length = l->initramfs_length,
		.command_line = l->block + BLOCK_COMMAND_LINE,
		.command_line_length = (u32)strlen(l->command_line) };
	return bzimage_place(&image, l->block, &l->layout);
}

enum err service_load_place(struct service_load *l, struct service_memory *plan)
{
	enum err e = strlen(l->command_line) < SERVICE_COMMAND_LINE_SIZE ? OK : ERR_RANGE;

	if (!e)
		e = l->kernel_length < BZIMAGE_HEAD ? ERR_ARGUMENT
		                                    : bzimage_parse(l->kernel, l->kernel_length, &l->image);
	if (e)
		return e;
	e = ERR_NO_MEMORY;
	for (u32 i = 0; e && i < plan->map.count; i++)
		e = place_in(l, &plan->map.entry[i]);
	/* Written to by ACPI code and page walks: not read-only, as firmware's tables are. */
	return e ? e : memory_map_set(&plan->map, l->block, SERVICE_BLOCK_SIZE, MEMORY_NVS);
}

enum err service_load_fill(const struct service_load *l, const struct service_memory *plan)
{
	u8 *block = l->at(l->block);
	struct e820_entry map[E820_MAX];
	u32 entries = service_e820(plan, map, E820_MAX);

	if (!entries)
		return ERR_RANGE;
	memset(block, 0, SERVICE_BLOCK_SIZE);
	memcpy(l->at(l->layout.kernel), l->kernel + l->image.kernel_offset, l->image.kernel_length);
	memcpy(l->at(l->layout.ramdisk), l->initramfs, l->initramfs_length);
	memcpy(block + BLOCK_COMMAND_LINE, l->command_line, l->layout.command_line_length);
	memcpy(block + BLOCK_GDT, linux_gdt, sizeof(linux_gdt));
	linux_build_tables(block + BLOCK_TABLES, l->block + BLOCK_TABLES);
	return bzimage_zero_page(
	        &l->image, l->kernel, &l->layout, map, entries, l->block + BLOCK_ACPI, block + BLOCK_ZERO_PAGE);
}
