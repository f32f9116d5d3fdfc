/*
 * Leaving boot services.
 * Trust: calls firmware.
 */
#include "secureboot/efi_memory.h"
#include "secureboot/efi_services.h"

enum { MAP_ROOM = 65536, ATTEMPTS = 2 };

static u8 *descriptors;
static u64 size, stride, key;

static efi_status read_descriptors(void)
{
	u32 version;

	size = MAP_ROOM;
	return efi.boot->get_memory_map(&size, descriptors, &key, &stride, &version);
}

enum err efi_read_map(struct memory_map *out)
{
	/* Allocated once and early: an allocation would change the map that it is for. */
	enum err e = descriptors ? OK : efi_allocate(0, MAP_ROOM, PAGE_SIZE, &descriptors);

	if (!e && read_descriptors() != EFI_SUCCESS)
		e = ERR_BOOT_FIRMWARE;
	return e ? e : efi_memory_convert(descriptors, size, stride, out);
}

enum err efi_exit(struct memory_map *out)
{
	efi_status status = EFI_INVALID_PARAMETER;

	/*
	 * The key fits only if nothing was allocated since, and events that run in the first call may do that. Between
	 * two calls nothing but GetMemoryMap is allowed (UEFI 7.4.6).
	 */
	for (u32 i = 0; i < ATTEMPTS && status != EFI_SUCCESS; i++) {
		if (read_descriptors() != EFI_SUCCESS)
			return ERR_BOOT_FIRMWARE;
		status = efi.boot->exit_boot_services(efi.image, key);
	}
	if (status != EFI_SUCCESS)
		return ERR_BOOT_FIRMWARE;
	return efi_memory_convert(descriptors, size, stride, out);
}
