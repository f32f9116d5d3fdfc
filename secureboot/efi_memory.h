/*
 * A UEFI memory map in the words of docs/handoff.md.
 * Trust: pure; the firmware's descriptors may overlap or wrap.
 */
#ifndef SIGNET_SECUREBOOT_EFI_MEMORY_H
#define SIGNET_SECUREBOOT_EFI_MEMORY_H

#include "secureboot/memory.h"

/*
 * Converts n bytes of descriptors, stride apart. What boot services used is RAM: the map is for after they ended.
 * ERR_BOOT_FIRMWARE when the stride makes no sense, ERR_BOOT_MEMORY when out has no room.
 */
enum err efi_memory_convert(const u8 *descriptors, u64 n, u64 stride, struct memory_map *out) MUST_CHECK;

#endif
