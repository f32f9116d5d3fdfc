/*
 * virtio network device. Trust: in the TCB; pure.
 */
#include "hv/dev/virtio_net.h"

#include "lib/bytes.h"

#include <string.h>

enum {
	RECEIVE = 0,
	TRANSMIT = 1,
	FEATURE_MAC = BIT(5),
	FEATURE_STATUS = BIT(16),
	CONFIG_STATUS = 6,
	CONFIG_SIZE = 8,
	STATUS_LINK_UP = 1,
	/* struct virtio_net_hdr with num_buffers, which VERSION_1 always has. */
	HEADER = 12,
	HEADER_BUFFERS = 10,
};

/* Without offloads the header says nothing that we would act on. */
static bool transmit(void *device, const struct virtq_chain *chain)
{
	struct virtio_net *v = device;
	u8 frame[FRAME_MAX];
	u32 n = chain->readable_bytes - HEADER;

	/* Of a size that no frame has, nothing is sent; shorter than its header it would be longer than any. */
	if (n >= FRAME_HEADER && n <= FRAME_MAX) {
		if (!virtq_read(&v->virtio.memory, chain, HEADER, frame, n))
			return false;
		switch_send(v->network, v->port, frame, n);
	}
	virtio_push(&v->virtio, TRANSMIT, chain, 0);
	return true;
}

static void notify(void *device, u32 queue)
{
	struct virtio_net *v = device;

	if (queue == TRANSMIT)
		virtio_batch(&v->virtio, queue, transmit);
}

static bool receive(void *context, const u8 *frame, u32 n)
{
	struct virtio_net *v = context;
	struct virtq_chain chain;
	u8 header[HEADER] = { 0 };

	if (!virtio_pop(&v->virtio, RECEIVE, &chain))
		return false;
	store_le16(header + HEADER_BUFFERS, 1);
	/* Without mergeable buffers each has to hold the largest frame (5.1.6.3.1). */
	if (!virtq_write(&v->virtio.memory, &chain, 0, header, HEADER) ||
	        !virtq_write(&v->virtio.memory, &chain, HEADER, frame, n)) {
		virtio_break(&v->virtio);
		return false;
	}
	virtio_push(&v->virtio, RECEIVE, &chain, HEADER + n);
	return true;
}

enum err virtio_net_init(struct virtio_net *v, struct net_switch *network, u32 port, const u8 mac[MAC_SIZE],
        bool uplink, struct guest_memory memory, struct irq_line irq)
{
	static const struct virtio_class class = {
		.device_id = VIRTIO_ID_NET,
		.queues = 2,
		.config_size = CONFIG_SIZE,
		.features = FEATURE_MAC | FEATURE_STATUS,
		.notify = notify,
	};
	struct switch_port p = { .deliver = receive, .context = v, .uplink = uplink };

	virtio_init(&v->virtio, &class, v, memory, irq);
	v->network = network;
	v->port = port;
	memcpy(v->virtio.config, mac, MAC_SIZE);
	store_le16(v->virtio.config + CONFIG_STATUS, STATUS_LINK_UP);
	memcpy(p.mac, mac, MAC_SIZE);
	return switch_connect(network, port, &p);
}
