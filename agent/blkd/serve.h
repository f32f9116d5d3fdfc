/*
 * One block request of a guest, carried out on a file or block device.
 * Trust: runs in the service VM. Requests come through the hypervisor, which has checked them against the disk's
 * announced size; the file may have another.
 */
#ifndef SIGNET_AGENT_BLKD_SERVE_H
#define SIGNET_AGENT_BLKD_SERVE_H

#include "agent/blkd/disks.h"
#include "lib/control/wire.h"
#include "lib/err.h"

enum { BLOCK_FRAME_MAX = sizeof(struct block_request) + BLOCK_TRANSFER_MAX };

/* Looks at the start of the stream. ERR_RANGE: not all there yet; ERR_CONTROL_KIND: no request, the stream is lost. */
enum err block_peek(const u8 *bytes, u32 have, struct block_request *out) MUST_CHECK;

/* Carries it out on disk (NULL: there is none) and writes the answer to out; returns its length. data: what is written.
 */
u32 block_serve(const struct block_request *r, const u8 *data, const struct disk *disk, u8 out[BLOCK_FRAME_MAX]);

#endif
