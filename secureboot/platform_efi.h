/*
 * The platform under UEFI, boot services alive until finish.
 * Trust: in the TCB; calls firmware.
 */
#ifndef SIGNET_SECUREBOOT_PLATFORM_EFI_H
#define SIGNET_SECUREBOOT_PLATFORM_EFI_H

#include "secureboot/machine.h"
#include "secureboot/multiboot2.h"

/* Finds the firmware's tables and its screens. ERR_BOOT_LOADER without system table, image handle or boot services. */
enum err platform_efi_start(const struct multiboot2 *info) MUST_CHECK;

/* Fills machine, after platform_efi_start. ERR_TPM_ABSENT, ERR_BOOT_MEMORY, ERR_BOOT_FIRMWARE. */
enum err platform_efi_init(struct machine *machine) MUST_CHECK;

#endif
