/* Installing GRUB for BIOS. Trust: see the header. Offsets: GRUB's include/grub/i386/pc/boot.h. */
#include "image/flash/bios.h"

#include "lib/bytes.h"

#include <string.h>

enum {
	BOOT_KERNEL_SECTOR = 0x5C,
	BOOT_DRIVE = 0x64,
	BOOT_DRIVE_CHECK = 0x66,
	CORE_BLOCKLIST = BOOT_SECTOR_SIZE - 12,
	/* Paragraph behind core.img's first sector, which boot.img loads to 0x8000. */
	CORE_SEGMENT = 0x820,
	/* core.img is loaded below 640 KiB, and the blocklist's length has 16 bits. */
	CORE_SIZE_MAX = 0x78000,
};

enum err bios_install_boot(const u8 boot[BOOT_SECTOR_SIZE], u64 core_sector, u8 mbr[SECTOR])
{
	static const u8 drive_check[] = { 0xEB, 0x05 }; /* jumps over the check of a hard disk's number */

	if (load_le16(boot + 510) != 0xAA55 || boot[BOOT_DRIVE] != 0xFF ||
	        memcmp(boot + BOOT_DRIVE_CHECK, drive_check, sizeof(drive_check)) != 0)
		return ERR_ARGUMENT;
	memcpy(mbr, boot, MBR_CODE_SIZE);
	store_le64(mbr + BOOT_KERNEL_SECTOR, core_sector);
	/* Some firmwares hand over a wrong drive number: let the check correct it. */
	memset(mbr + BOOT_DRIVE_CHECK, 0x90, sizeof(drive_check));
	return OK;
}

enum err bios_install_core(u8 *core, size_t n, u64 core_sector, u64 room)
{
	u64 sectors = (n + SECTOR - 1) / SECTOR;

	if (n <= SECTOR || load_le16(core + CORE_BLOCKLIST + 10) != CORE_SEGMENT)
		return ERR_ARGUMENT;
	if (n > CORE_SIZE_MAX || sectors * SECTOR > room)
		return ERR_RANGE;
	store_le64(core + CORE_BLOCKLIST, core_sector + 1);
	store_le16(core + CORE_BLOCKLIST + 8, (u16)(sectors - 1));
	return OK;
}
