/*
 * GRUB's core images, made by the distribution's grub-mkimage.
 * Trust: runs where boot files are made.
 */
#ifndef SIGNET_IMAGE_BOOT_GRUB_H
#define SIGNET_IMAGE_BOOT_GRUB_H

#include "lib/err.h"

struct grub_platform {
	const char *format; /* as grub-mkimage and grub.modules name it */
	const char *package; /* Debian package with its modules */
	const char *option; /* one more option, NULL for none */
};

extern const struct grub_platform grub_efi, grub_bios;

/* Files that become part of the core image. */
struct grub_parts {
	const char *memdisk;
	const char *early_config; /* run before anything is read from the memory disk */
};

/*
 * modules: text of grub.modules, which is cut up. ERR_ARGUMENT: it has no line for the platform, or a longer one than
 * fits; ERR_TOOL.
 */
enum err grub_make_core(const struct grub_platform *p, const char *directory, char *modules,
        const struct grub_parts *parts, const char *out) MUST_CHECK;

#endif
