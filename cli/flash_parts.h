/*
 * What goes onto a flash disk, read and judged before a byte is written.
 * Trust: images are judged by image/host/check.h, the write authority is parsed strictly.
 */
#ifndef SIGNET_CLI_FLASH_PARTS_H
#define SIGNET_CLI_FLASH_PARTS_H

#include "cli/command.h"
#include "image/flash/layout.h"
#include "image/host/check.h"

/* Opens and judges the whole image; it must fit a slot of that size. Says what is wrong. */
enum exit_code slot_image_open(
        const char *path, const struct demands *demands, u64 slot_size, struct image_file *out) MUST_CHECK;

/* A write authority, padded to its partition. Says what is wrong. */
enum exit_code authority_read(const char *path, u8 out[AUTHORITY_SIZE]) MUST_CHECK;

#endif
