/*
 * Memory from boot services. Each allocation is remembered, as firmware's map will not tell ours from the loader's.
 * Trust: calls firmware.
 */
#include "secureboot/efi_services.h"

enum { ALLOCATIONS_MAX = 40 /* two dozen are needed: 16 components and a few buffers */ };

static struct memory_range allocations[ALLOCATIONS_MAX];
static u32 allocation_count;

static u64 pages_of(u64 length)
{
	return align_up(length, PAGE_SIZE) / PAGE_SIZE;
}

/* Firmware knows no alignment: more is taken, and the ends are given back. */
static efi_status allocate_aligned(u64 pages, u64 align, u64 *address)
{
	u64 extra = align / PAGE_SIZE - 1, base, head;
	efi_status status = efi.boot->allocate_pages(EFI_ALLOCATE_ANY, EFI_LOADER_DATA, pages + extra, &base);

	if (status != EFI_SUCCESS)
		return status;
	*address = align_up(base, align);
	head = (*address - base) / PAGE_SIZE;
	if (head)
		status = efi.boot->free_pages(base, head);
	if (status == EFI_SUCCESS && extra > head)
		status = efi.boot->free_pages(*address + pages * PAGE_SIZE, extra - head);
	return status;
}

enum err efi_allocate(u64 address, u64 length, u64 align, u8 **out)
{
	u64 pages = pages_of(length), at = address;
	efi_status status;

	if (allocation_count == ALLOCATIONS_MAX || length == 0)
		return ERR_BOOT_MEMORY;
	if (address)
		status = efi.boot->allocate_pages(EFI_ALLOCATE_ADDRESS, EFI_LOADER_DATA, pages, &at);
	else
		status = allocate_aligned(pages, align < PAGE_SIZE ? PAGE_SIZE : align, &at);
	if (status != EFI_SUCCESS)
		return ERR_BOOT_MEMORY;
	allocations[allocation_count++] = (struct memory_range){ .base = at, .length = pages * PAGE_SIZE };
	*out = (u8 *)at;
	return OK;
}

/* NOLINTNEXTLINE(readability-non-const-parameter): struct platform's type, which a simulator writes through */
void efi_release(u8 *memory, u64 length)
{
	u64 base = (u64)memory;

	for (u32 i = 0; i < allocation_count; i++) {
		if (allocations[i].base != base || allocations[i].length != pages_of(length) * PAGE_SIZE)
			continue;
		/* Kept on the list if firmware refuses: then it stays ours, which harms nobody. */
		if (efi.boot->free_pages(base, pages_of(length)) == EFI_SUCCESS)
			allocations[i] = allocations[--allocation_count];
		return;
	}
}

enum err efi_mark_allocations(struct memory_map *map)
{
	for (u32 i = 0; i < allocation_count; i++) {
		enum err e = memory_map_set(map, allocations[i].base, allocations[i].length, MEMORY_STAGE);

		if (e)
			return e;
	}
	return OK;
}
