/*
 * How far an interrupted transfer had come: kept in the target slot's first sector, where an image's header will stand,
 * so that it cannot outlive what it speaks of and no other partition is written (docs/format.md).
 * Trust: outside the TCB; pure. Reads flash, which anybody may have written: a mark is a hint, never believed.
 */
#ifndef SIGNET_UPDATE_MARK_H
#define SIGNET_UPDATE_MARK_H

#include "update/install.h"

struct transfer_mark {
	u8 manifest[SHA384_SIZE];
	u64 leaves; /* the first so many were written and flushed */
};

void mark_encode(const struct transfer_mark *m, u8 sector[FLASH_SECTOR]);
/* ERR_RANGE for anything but one whole encoding. */
enum err mark_decode(const u8 sector[FLASH_SECTOR], struct transfer_mark *out) MUST_CHECK;

#endif
