/*
 * One slot of a flash disk: written so that at no moment a mix of two images has a header.
 * Trust: the image is judged before it is written and again where it lies.
 */
#ifndef SIGNET_IMAGE_FLASH_SLOT_H
#define SIGNET_IMAGE_FLASH_SLOT_H

#include "image/flash/layout.h"
#include "image/host/check.h"

/* Header cleared, content, header: each flushed before the next. ERR_IMAGE_LENGTH: the slot is too small. */
enum err slot_write(
        int fd, const struct partition *slot, const struct image_file *image, const struct meter *meter) MUST_CHECK;

/* Judges what lies in the slot, past any cache. */
enum err slot_check(
        int fd, const struct partition *slot, const struct demands *demands, const struct meter *meter) MUST_CHECK;

/* Forgets the header: the slot holds no image. */
enum err slot_clear(int fd, const struct partition *slot) MUST_CHECK;

/* Flushes and drops the kernel's cache, so that reading back asks the medium. */
enum err flush_to_medium(int fd) MUST_CHECK;

#endif
