/*
 * Memory under BIOS: a map that starts as the loader's and in which every allocation is stage memory at once.
 * Trust: pure; the loader's entries may overlap or wrap.
 */
#ifndef SIGNET_SECUREBOOT_BIOS_MEMORY_H
#define SIGNET_SECUREBOOT_BIOS_MEMORY_H

#include "secureboot/memory.h"
#include "secureboot/multiboot2.h"

/* ERR_BOOT_LOADER without entries, ERR_BOOT_MEMORY for more than fit, or modules and information outside RAM. */
enum err bios_memory_init(
        const struct multiboot2 *info, struct memory_range information, struct memory_range image) MUST_CHECK;

/* As struct platform has them. */
enum err bios_allocate(u64 address, u64 length, u64 align, u8 **out) MUST_CHECK;
void bios_release(u8 *memory, u64 length);

const struct memory_map *bios_memory_map(void);

#endif
