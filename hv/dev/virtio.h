/*
 * virtio-mmio transport, version 2 (virtio 1.2, section 4.2): registers, negotiation and queues common to all our
 * virtio devices. Trust: in the TCB; pure. Registers are the guest's.
 */
#ifndef SIGNET_HV_DEV_VIRTIO_H
#define SIGNET_HV_DEV_VIRTIO_H

#include "hv/dev/bus.h"
#include "hv/dev/irq.h"
#include "hv/dev/virtqueue.h"

enum {
	VIRTIO_QUEUES_MAX = 8,
	VIRTIO_CONFIG_MAX = 64,
	/* Requests a device takes in one go, with the lock held and everybody waiting. */
	VIRTIO_BATCH = 16,
	VIRTIO_MMIO_SIZE = 0x200,
	VIRTIO_ID_NET = 1,
	VIRTIO_ID_BLOCK = 2,
	VIRTIO_ID_CONSOLE = 3,
	VIRTIO_ID_ENTROPY = 4,
};

/* What one kind of device adds. Functions may be NULL where there is nothing to do. */
struct virtio_class {
	u32 device_id;
	u32 queues;
	u32 config_size;
	u64 features; /* besides VIRTIO_F_VERSION_1, which a driver must take */
	/* The driver put something into a queue that is ready. */
	void (*notify)(void *device, u32 queue);
	void (*reset)(void *device);
};

struct virtio {
	const struct virtio_class *class;
	void *device;
	struct guest_memory memory;
	struct irq_line irq; /* level */
	u64 driver_features;
	u32 device_select, driver_select, queue_select;
	u32 status, interrupt_status;
	u32 backlog; /* queues that a batch was too small for, a bit each */
	struct virtqueue queue[VIRTIO_QUEUES_MAX];
	u8 config[VIRTIO_CONFIG_MAX]; /* fixed, and read-only for the driver */
};

void virtio_init(struct virtio *v, const struct virtio_class *class, void *device, struct guest_memory memory,
        struct irq_line irq);
enum err virtio_attach(struct virtio *v, struct bus *bus, u64 base) MUST_CHECK;

/* The driver is ready, and so is this queue. */
bool virtio_is_live(const struct virtio *v, u32 queue);
/* Takes a request. False: none, or the device now needs a reset. */
bool virtio_pop(struct virtio *v, u32 queue, struct virtq_chain *chain);
void virtio_push(struct virtio *v, u32 queue, const struct virtq_chain *chain, u32 written);
/* Takes requests, as many as there are or as go into a batch; each answers one. False: its driver broke the rules. */
void virtio_batch(struct virtio *v, u32 queue, bool (*each)(void *device, const struct virtq_chain *chain));
/* A batch is full: the driver is interrupted, and its acknowledgement brings the next notify(). */
void virtio_later(struct virtio *v, u32 queue);
/* The driver broke the rules: DEVICE_NEEDS_RESET, and nothing more until it resets. */
void virtio_break(struct virtio *v);

#endif
