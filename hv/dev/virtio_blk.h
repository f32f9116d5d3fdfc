/*
 * virtio block device (virtio 1.2, section 5.2) whose requests somebody else carries out: they are judged here, kept
 * until they are answered, and sent again when whoever served them died. Trust: in the TCB; pure. Requests are the
 * guest's, answers the service VM's.
 */
#ifndef SIGNET_HV_DEV_VIRTIO_BLK_H
#define SIGNET_HV_DEV_VIRTIO_BLK_H

#include "hv/dev/virtio.h"
#include "lib/control/wire.h"

enum {
	BLK_SLOTS = 16,
	BLK_SEGMENTS_MAX = VIRTQ_SEGMENTS_MAX - 2, /* besides header and status */
	BLK_SEGMENT_SIZE_MAX = 8192,
	BLK_BYTES_MAX = BLK_SEGMENTS_MAX * BLK_SEGMENT_SIZE_MAX,
};

/* Whole sectors inside the disk; bytes is 0 for a flush. */
struct blk_request {
	u32 tag; /* names the request in answers; never the same for two that may still be answered */
	u32 type; /* enum blk_type */
	u64 sector;
	u32 bytes;
};

struct blk_carrier {
	/* Takes the request; false: not now, it is offered again by virtio_blk_resume(). */
	bool (*submit)(void *context, const struct blk_request *request);
	void *context;
};

struct blk_slot {
	bool used, submitted;
	struct blk_request request;
	struct virtq_chain chain;
};

struct virtio_blk {
	struct virtio virtio;
	struct blk_carrier carrier;
	u64 sectors;
	bool read_only;
	u32 serial; /* counts requests, for tags */
	struct blk_slot slot[BLK_SLOTS];
};

void virtio_blk_init(struct virtio_blk *b, struct blk_carrier carrier, u64 sectors, bool read_only,
        struct guest_memory memory, struct irq_line irq);

/* What was asked under this tag; NULL: nothing that waits for an answer. */
const struct blk_request *virtio_blk_request(const struct virtio_blk *b, u32 tag);
/* What a write carries, and where a read's data goes. ERR_ARGUMENT: no such request. ERR_RANGE: beyond it. */
enum err virtio_blk_fetch(struct virtio_blk *b, u32 tag, u32 offset, void *to, u32 n) MUST_CHECK;
enum err virtio_blk_store(struct virtio_blk *b, u32 tag, u32 offset, const void *from, u32 n) MUST_CHECK;
/* The answer. ERR_ARGUMENT: no such request (any more); the guest may have reset the device. */
enum err virtio_blk_complete(struct virtio_blk *b, u32 tag, enum blk_status status);
/* Offers what waits, and takes more from the guest. */
void virtio_blk_resume(struct virtio_blk *b);
/* Whoever carried the requests is gone: all unanswered ones are offered again, under their old tags. */
void virtio_blk_replay(struct virtio_blk *b);

#endif
