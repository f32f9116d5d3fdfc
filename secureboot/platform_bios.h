/*
 * The platform under BIOS: memory from the loader's map, the TPM by its registers, a log of our own.
 * Trust: in the TCB; hardware access.
 */
#ifndef SIGNET_SECUREBOOT_PLATFORM_BIOS_H
#define SIGNET_SECUREBOOT_PLATFORM_BIOS_H

#include "secureboot/machine.h"
#include "secureboot/memory.h"
#include "secureboot/multiboot2.h"

/*
 * Fills machine; information is where info was parsed from. Own page tables are in force afterwards.
 * ERR_BOOT_LOADER without a memory map, ERR_TPM_*, ERR_BOOT_MEMORY.
 */
enum err platform_bios_init(
        const struct multiboot2 *info, struct memory_range information, struct machine *machine) MUST_CHECK;

#endif
