/*
 * The boot files of one owner: stage with his anchor, wrapped with GRUB and its configuration into one EFI binary and
 * one BIOS core image. Trust: runs where the Secure Boot key is; GRUB's tools and modules are the distribution's.
 */
#ifndef SIGNET_IMAGE_BOOT_BOOT_H
#define SIGNET_IMAGE_BOOT_BOOT_H

#include "image/anchor.h"
#include "image/host/file.h"

#define BOOT_EFI_FILE "BOOTX64.EFI"
#define BOOT_EFI_UNSIGNED_FILE "BOOTX64.unsigned.EFI"
#define BOOT_CORE_FILE "core.img"
#define BOOT_SECTOR_FILE "boot.img"
#define BOOT_STAGE_FILE "stage.elf"
#define BOOT_CONFIG_FILE "grub.cfg"

#define GRUB_DIRECTORY_DEFAULT "/usr/lib/grub"

struct boot_build {
	const struct anchor *anchor;
	const u8 *keys_body; /* the key manifest to embed */
	size_t keys_body_length;
	const char *stage, *config, *modules; /* files */
	const char *grub; /* folder of x86_64-efi/ and i386-pc/ */
	const char *db_key, *db_certificate; /* NULL: the EFI binary stays unsigned */
	u64 slot_size; /* bytes; 0: what the configuration says */
	const char *out; /* folder, made when missing */
	char failed[PATH_MAX]; /* file or program an error is about */
	const char *hint; /* what to install, NULL when that is not the matter */
};

/* Writes the files named above and anchor.bin into out. ERR_IO, ERR_RANGE, ERR_BOOT_ANCHOR (of the stage file),
 * ERR_TOOL. */
enum err boot_build(struct boot_build *b) MUST_CHECK;

/* Bytes of a slot on the disks these boot files are for. ERR_IO, ERR_ARGUMENT. */
enum err boot_slot_size(const char *directory, u64 *bytes) MUST_CHECK;

#endif
