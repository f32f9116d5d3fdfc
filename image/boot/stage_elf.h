/*
 * Puts an owner's anchor into a copy of stage.elf.
 * Trust: the stage file is the builder's own; the place for the anchor must be there exactly once.
 */
#ifndef SIGNET_IMAGE_BOOT_STAGE_ELF_H
#define SIGNET_IMAGE_BOOT_STAGE_ELF_H

#include "image/anchor.h"

enum { STAGE_FILE_MAX = 4 << 20 };

/*
 * The section .anchor of an ELF64 file: its offset in the file. ERR_BOOT_ANCHOR when there is no such section of
 * ANCHOR_SIZE bytes, or it does not hold the bare magic (it carries an anchor already); ERR_RANGE when no ELF64 x86-64
 * file.
 */
enum err stage_anchor_place(const u8 *elf, size_t n, u64 *offset) MUST_CHECK;

#endif
