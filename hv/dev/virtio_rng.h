/*
 * virtio entropy device (virtio 1.2, section 5.4). Trust: in the TCB; pure.
 */
#ifndef SIGNET_HV_DEV_VIRTIO_RNG_H
#define SIGNET_HV_DEV_VIRTIO_RNG_H

#include "hv/dev/virtio.h"

/* A request gets at most so much; its driver asks again. */
enum { VIRTIO_RNG_BYTES_MAX = 64 };

/* Up to n good random bytes; returns how many there are now. */
typedef u32 entropy_source(u8 *to, u32 n);

struct virtio_rng {
	struct virtio virtio;
	entropy_source *fill;
};

void virtio_rng_init(struct virtio_rng *r, entropy_source *fill, struct guest_memory memory, struct irq_line irq);

#endif
