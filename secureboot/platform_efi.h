/*
 * The platform under UEFI, boot services alive until finish.
 * Trust: in the TCB; calls firmware.
 */
#ifndef SIGNET_SECUREBOOT_PLATFORM_EFI_H
#define SIGNET_SECUREBOOT_PLATFORM_EFI_H

#include "secureboot/machine.h"
#include "secureboot/multiboot2.h"

/*
 * Fills machine. ERR_BOOT_LOADER without system table, image handle or boot services, ERR_TPM_ABSENT, ERR_BOOT_MEMORY.
 */
enum err platform_efi_init(const struct multiboot2 *info, struct machine *machine) MUST_CHECK;

#endif
