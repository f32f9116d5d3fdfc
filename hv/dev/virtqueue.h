/*
 * Device side of a split virtqueue (virtio 1.2, section 2.7). No indirect descriptors, no event indices.
 * Trust: in the TCB; pure. Rings and descriptors are the guest's, and may change under every look.
 */
#ifndef SIGNET_HV_DEV_VIRTQUEUE_H
#define SIGNET_HV_DEV_VIRTQUEUE_H

#include "hv/dev/guest_memory.h"

enum { VIRTQ_SIZE_MAX = 128, VIRTQ_SEGMENTS_MAX = 32 };

enum virtq_place { VIRTQ_DESCRIPTORS, VIRTQ_DRIVER, VIRTQ_DEVICE, VIRTQ_PLACES };

struct virtqueue {
	u64 place[VIRTQ_PLACES]; /* guest addresses */
	u32 size; /* power of two, at most VIRTQ_SIZE_MAX */
	bool ready;
	u16 next_available, next_used;
};

struct virtq_segment {
	u64 address;
	u32 length;
};

/* One request, copied and judged: every segment lies in guest memory, and the lengths add up without overflow. */
struct virtq_chain {
	u16 head;
	u32 readable, segments; /* the first `readable` segments are for the device to read, the others to write */
	struct virtq_segment segment[VIRTQ_SEGMENTS_MAX];
	u32 readable_bytes, writable_bytes;
};

enum virtq_result { VIRTQ_EMPTY, VIRTQ_CHAIN, VIRTQ_BROKEN };

/* Whether size, alignment and places allow the queue to be used. */
bool virtq_is_sound(const struct virtqueue *q, const struct guest_memory *m);
/* Takes the next request, if any. VIRTQ_BROKEN: the driver broke the rules; the device needs a reset. */
enum virtq_result virtq_pop(struct virtqueue *q, const struct guest_memory *m, struct virtq_chain *chain);
/* Gives it back with so many bytes written. Sets *interrupt if the driver wants to know. False: broken. */
bool virtq_push(struct virtqueue *q, const struct guest_memory *m, u16 head, u32 written, bool *interrupt);

/* Copies n bytes from the readable (to the writable) part of a chain, beginning at offset. False: not so many there. */
bool virtq_read(const struct guest_memory *m, const struct virtq_chain *chain, u32 offset, void *to, u32 n);
bool virtq_write(const struct guest_memory *m, const struct virtq_chain *chain, u32 offset, const void *from, u32 n);

#endif
