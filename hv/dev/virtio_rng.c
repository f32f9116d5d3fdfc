/*
 * virtio entropy device. Trust: in the TCB; pure.
 */
#include "hv/dev/virtio_rng.h"

static bool answer(void *device, const struct virtq_chain *chain)
{
	struct virtio_rng *r = device;
	u8 bytes[VIRTIO_RNG_BYTES_MAX];
	u32 n = chain->writable_bytes < sizeof(bytes) ? chain->writable_bytes : sizeof(bytes);

	n = r->fill(bytes, n);
	if (!virtq_write(&r->virtio.memory, chain, 0, bytes, n))
		return false;
	virtio_push(&r->virtio, 0, chain, n);
	return true;
}

static void notify(void *device, u32 queue)
{
	struct virtio_rng *r = device;

	virtio_batch(&r->virtio, queue, answer);
}

void virtio_rng_init(struct virtio_rng *r, entropy_source *fill, struct guest_memory memory, struct irq_line irq)
{
	static const struct virtio_class class = { .device_id = VIRTIO_ID_ENTROPY, .queues = 1, .notify = notify };

	virtio_init(&r->virtio, &class, r, memory, irq);
	r->fill = fill;
}
