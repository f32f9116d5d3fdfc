/*
 * A guest's memory and the driver side of virtqueues, for tests and fuzzing of virtio devices.
 * Test code for a host.
 */
#ifndef SIGNET_TESTS_UNIT_HV_DEV_GUEST_H
#define SIGNET_TESTS_UNIT_HV_DEV_GUEST_H

#include "hv/dev/virtio.h"
#include "lib/bytes.h"

#include <string.h>

enum {
	GUEST_BASE = 0x100000,
	GUEST_SIZE = 0x10000,
	/* Queue q at GUEST_BASE + q * 0x2000: descriptors, available ring, used ring. */
	RING_STRIDE = 0x2000,
	AVAILABLE = 0x1000,
	USED = 0x1800,
	BUFFERS = GUEST_BASE + 0x8000,
	DEVICE_MMIO = 0x0D000000,
};

enum { NEXT = 1, WRITE = 2, INDIRECT = 4 };

struct guest {
	u8 bytes[GUEST_SIZE];
	u64 accesses;
	/* Called before every look but the first, with where the one before went, to change memory between two. */
	void (*meddle)(struct guest *guest, u64 address);
	u64 looked;
	struct bus bus;
	bool interrupt;
	u32 queue_size;
};

static inline u8 *guest_look(void *context, u64 address, u64 *n)
{
	struct guest *g = context;
	u64 offset = address - GUEST_BASE, before = g->looked;

	if (offset >= GUEST_SIZE)
		return NULL;
	g->accesses++;
	g->looked = address;
	if (g->meddle)
		g->meddle(g, before);
	*n = *n < GUEST_SIZE - offset ? *n : GUEST_SIZE - offset;
	return g->bytes + offset;
}

static inline struct guest_memory guest_memory_of(struct guest *g)
{
	return (struct guest_memory){ guest_look, g };
}

static inline void guest_irq(void *controller, u32 pin, bool level)
{
	struct guest *g = controller;

	(void)pin;
	g->interrupt = level;
}

static inline struct irq_line guest_irq_of(struct guest *g)
{
	return (struct irq_line){ guest_irq, g, 0 };
}

static inline u8 *guest_at(struct guest *g, u64 address)
{
	return g->bytes + (address - GUEST_BASE);
}

static inline u32 device_get(struct guest *g, u32 offset)
{
	return (u32)bus_read(&g->bus, BUS_MMIO, DEVICE_MMIO + offset, 4);
}

static inline void device_set(struct guest *g, u32 offset, u32 value)
{
	bus_write(&g->bus, BUS_MMIO, DEVICE_MMIO + offset, 4, value);
}

static inline u64 ring_base(u32 queue)
{
	return GUEST_BASE + (u64)queue * RING_STRIDE;
}

static inline void queue_place(struct guest *g, u32 queue, u32 size, u64 descriptors, u64 available, u64 used)
{
	device_set(g, 0x30, queue);
	device_set(g, 0x38, size);
	device_set(g, 0x80, (u32)descriptors);
	device_set(g, 0x84, (u32)(descriptors >> 32));
	device_set(g, 0x90, (u32)available);
	device_set(g, 0x94, (u32)(available >> 32));
	device_set(g, 0xA0, (u32)used);
	device_set(g, 0xA4, (u32)(used >> 32));
	device_set(g, 0x44, 1);
}

/* As Linux's vm_find_vqs and virtio_dev_probe: all offered features below 32 and VERSION_1, every queue. */
static inline void driver_negotiate(struct guest *g)
{
	device_set(g, 0x70, 0);
	device_set(g, 0x70, 1);
	device_set(g, 0x70, 3);
	device_set(g, 0x14, 0);
	u32 features = device_get(g, 0x10);
	device_set(g, 0x24, 0);
	device_set(g, 0x20, features);
	device_set(g, 0x24, 1);
	device_set(g, 0x20, 1);
	device_set(g, 0x70, 0xB);
}

static inline void driver_start(struct guest *g, u32 queues, u32 size)
{
	memset(g->bytes, 0, sizeof(g->bytes));
	g->queue_size = size;
	driver_negotiate(g);
	for (u32 q = 0; q < queues; q++)
		queue_place(g, q, size, ring_base(q), ring_base(q) + AVAILABLE, ring_base(q) + USED);
	device_set(g, 0x70, 0xF);
}

static inline void put_descriptor(struct guest *g, u32 queue, u32 i, u64 address, u32 length, u16 flags, u16 next)
{
	u8 *d = guest_at(g, ring_base(queue) + i * 16);

	store_le64(d, address);
	store_le32(d + 8, length);
	store_le16(d + 12, flags);
	store_le16(d + 14, next);
}

static inline void offer(struct guest *g, u32 queue, u16 head)
{
	u8 *available = guest_at(g, ring_base(queue) + AVAILABLE);
	u16 index = load_le16(available + 2);

	store_le16(available + 4 + index % g->queue_size * 2, head);
	store_le16(available + 2, (u16)(index + 1));
}

static inline void kick(struct guest *g, u32 queue)
{
	device_set(g, 0x50, queue);
}

static inline u16 used_index(struct guest *g, u32 queue)
{
	return load_le16(guest_at(g, ring_base(queue) + USED + 2));
}

/* Length of the used entry i. */
static inline u32 used_length(struct guest *g, u32 queue, u32 i)
{
	return load_le32(guest_at(g, ring_base(queue) + USED + 4 + i % g->queue_size * 8 + 4));
}

static inline u32 used_id(struct guest *g, u32 queue, u32 i)
{
	return load_le32(guest_at(g, ring_base(queue) + USED + 4 + i % g->queue_size * 8));
}

#endif
