/*
 * UEFI memory descriptors to our memory map.
 * Trust: pure.
 */
#include "secureboot/efi_memory.h"

#include "secureboot/efi.h"

#include <string.h>

/* Everything that is not named here is reserved: runtime services too, as nobody after us uses them. */
static const u8 types[EFI_MEMORY_TYPES] = {
	[EFI_LOADER_CODE] = MEMORY_RAM,
	[EFI_LOADER_DATA] = MEMORY_RAM,
	[EFI_BOOT_CODE] = MEMORY_RAM,
	[EFI_BOOT_DATA] = MEMORY_RAM,
	[EFI_CONVENTIONAL] = MEMORY_RAM,
	[EFI_UNUSABLE] = MEMORY_BAD,
	[EFI_ACPI_RECLAIM] = MEMORY_ACPI,
	[EFI_ACPI_NVS] = MEMORY_NVS,
};

static u32 type_of(u32 efi_type)
{
	u32 type = efi_type < EFI_MEMORY_TYPES ? types[efi_type] : 0;

	return type ? type : MEMORY_RESERVED;
}

static enum err convert_type(const u8 *descriptors, u64 n, u64 stride, u32 type, struct memory_map *out)
{
	for (u64 at = 0; range_inside(at, sizeof(struct efi_memory_descriptor), n); at += stride) {
		struct efi_memory_descriptor d;
		enum err e;

		memcpy(&d, descriptors + at, sizeof(d));
		if (type_of(d.type) != type)
			continue;
		/* A length that does not fit 64 bits reaches the end of the address space in any case. */
		e = memory_map_set(out, d.physical, d.pages > ~0ULL / PAGE_SIZE ? ~0ULL : d.pages * PAGE_SIZE, type);
		if (e)
			return e;
	}
	return OK;
}

enum err efi_memory_convert(const u8 *descriptors, u64 n, u64 stride, struct memory_map *out)
{
	if (stride < sizeof(struct efi_memory_descriptor) || stride > PAGE_SIZE)
		return ERR_BOOT_FIRMWARE;
	out->count = 0;
	for (u32 pass = 0; pass < MEMORY_PASSES; pass++) {
		enum err e = convert_type(descriptors, n, stride, memory_map_passes[pass], out);

		if (e)
			return e;
	}
	return OK;
}
