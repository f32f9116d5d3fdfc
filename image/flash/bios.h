/*
 * GRUB on a BIOS: fits boot.img and core.img to where they will stand on the disk, as grub-bios-setup does.
 * Trust: BIOS boots are never a production pass; still every field is where GRUB 2.12 expects it, or nothing is
 * written.
 */
#ifndef SIGNET_IMAGE_FLASH_BIOS_H
#define SIGNET_IMAGE_FLASH_BIOS_H

#include "image/flash/gpt.h"

enum { BOOT_SECTOR_SIZE = 512 };

/* mbr gets boot.img's code, pointing at core.img's first sector; its partition table stays. ERR_ARGUMENT: no GRUB
 * boot.img. */
enum err bios_install_boot(const u8 boot[BOOT_SECTOR_SIZE], u64 core_sector, u8 mbr[SECTOR]) MUST_CHECK;

/* core.img's first sector learns where the rest lies. ERR_ARGUMENT: no GRUB core.img; ERR_RANGE: it does not fit room
 * bytes. */
enum err bios_install_core(u8 *core, size_t n, u64 core_sector, u64 room) MUST_CHECK;

#endif
