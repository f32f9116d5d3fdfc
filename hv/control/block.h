/*
 * Guests' disks over the port signet.block: requests go out one frame after the other, each a copy of its own; answers
 * are checked against what was asked; what is unanswered when the port closes is sent again when it opens. All
 * functions: lock held. Trust: in the TCB; pure. Answers are the service VM's.
 */
#ifndef SIGNET_HV_CONTROL_BLOCK_H
#define SIGNET_HV_CONTROL_BLOCK_H

#include "hv/dev/virtio_blk.h"
#include "hv/dev/virtio_console.h"

enum { BLOCK_DISKS_ALL = 64 };

/*
 * The carrier for virtio_blk_init(b, ...): disk `disk` of guest `guest` is served from now on, until block_detach(b).
 * The submit of one disk more than BLOCK_DISKS_ALL always says "not now".
 */
struct blk_carrier block_carrier(u32 guest, u32 disk, struct virtio_blk *b);
/* Before b's memory or its VM's goes away; later answers find nothing. */
void block_detach(const struct virtio_blk *b);

extern const struct console_user block_port;

#endif
