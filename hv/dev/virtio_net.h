/*
 * virtio network device (virtio 1.2, section 5.1) on one port of a switch: one pair of queues, no offloads.
 * Trust: in the TCB; pure. Frames are the guest's.
 */
#ifndef SIGNET_HV_DEV_VIRTIO_NET_H
#define SIGNET_HV_DEV_VIRTIO_NET_H

#include "hv/dev/net_switch.h"
#include "hv/dev/virtio.h"

struct virtio_net {
	struct virtio virtio;
	struct net_switch *network;
	u32 port;
};

/* Connects to the switch too; errors are switch_connect()'s. */
enum err virtio_net_init(struct virtio_net *v, struct net_switch *network, u32 port, const u8 mac[MAC_SIZE],
        bool uplink, struct guest_memory memory, struct irq_line irq) MUST_CHECK;

#endif
