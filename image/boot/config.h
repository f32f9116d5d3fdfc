/*
 * The one number in GRUB's configuration that depends on the disk: how many sectors a slot has.
 * Trust: the configuration is the builder's own; a file with the line missing or twice is refused.
 */
#ifndef SIGNET_IMAGE_BOOT_CONFIG_H
#define SIGNET_IMAGE_BOOT_CONFIG_H

#include "lib/err.h"
#include "lib/types.h"

enum { GRUB_CONFIG_MAX = 65536 };

/* NUL-terminated. */
struct grub_config {
	char text[GRUB_CONFIG_MAX];
};

/* Bytes of a slot. ERR_ARGUMENT unless there is exactly one line "set slot_sectors=N". */
enum err grub_config_slot_size(const struct grub_config *c, u64 *bytes) MUST_CHECK;
/* Likewise; bytes is a multiple of 512. ERR_RANGE when the text grows too long. */
enum err grub_config_set_slot_size(struct grub_config *c, u64 bytes) MUST_CHECK;

#endif
