/*
 * A driver of the console's eight queues, with memory of its own: posts buffers, writes pieces, reads what came.
 * Test code for a host.
 */
#ifndef SIGNET_TESTS_UNIT_HV_PORTS_DRIVER_H
#define SIGNET_TESTS_UNIT_HV_PORTS_DRIVER_H

#include "hv/dev/virtio_console.h"
#include "tests/unit/hv_dev_guest.h"

enum {
	DRIVER_BASE = 0x1000000,
	DRIVER_QUEUES = 8,
	DRIVER_RING = 128,
	/* Each queue: descriptors, available ring, used ring, then a buffer for every descriptor. */
	DRIVER_AVAILABLE = 0x800,
	DRIVER_USED = 0xC00,
	DRIVER_BUFFERS = 0x2000,
	DRIVER_BUFFER = 0x8000,
	DRIVER_STRIDE = DRIVER_BUFFERS + DRIVER_RING * DRIVER_BUFFER,
	DRIVER_SIZE = DRIVER_QUEUES * DRIVER_STRIDE,
};

struct driver {
	u8 memory[DRIVER_SIZE];
	struct bus bus;
	bool interrupt;
	u64 accesses;
	u16 posted[DRIVER_QUEUES]; /* buffers made available */
	u16 looked; /* control messages read */
};

struct control_message {
	u32 port, event, value, length;
	const u8 *name;
};

static inline u8 *driver_look(void *context, u64 address, u64 *n)
{
	struct driver *d = context;
	u64 offset = address - DRIVER_BASE;

	if (offset >= DRIVER_SIZE)
		return NULL;
	d->accesses++;
	*n = *n < DRIVER_SIZE - offset ? *n : DRIVER_SIZE - offset;
	return d->memory + offset;
}

static inline void driver_irq(void *controller, u32 pin, bool level)
{
	struct driver *d = controller;

	(void)pin;
	d->interrupt = level;
}

static inline struct guest_memory driver_memory(struct driver *d)
{
	return (struct guest_memory){ driver_look, d };
}

static inline struct irq_line driver_line(struct driver *d)
{
	return (struct irq_line){ driver_irq, d, 0 };
}

/* Buffers keep what is in them: to clear all of it would be most of what fuzzing does. */
static inline void driver_clear(struct driver *d)
{
	for (u32 q = 0; q < DRIVER_QUEUES; q++)
		memset(d->memory + q * DRIVER_STRIDE, 0, DRIVER_BUFFERS);
	memset(d->posted, 0, sizeof(d->posted));
	d->looked = 0;
}

static inline void driver_new(struct driver *d)
{
	driver_clear(d);
	memset(&d->bus, 0, sizeof(d->bus));
	d->interrupt = false;
	d->accesses = 0;
}

static inline void driver_set(struct driver *d, u32 offset, u32 value)
{
	bus_write(&d->bus, BUS_MMIO, DEVICE_MMIO + offset, 4, value);
}

static inline u32 driver_status(struct driver *d)
{
	return (u32)bus_read(&d->bus, BUS_MMIO, DEVICE_MMIO + 0x70, 4);
}

static inline u8 *driver_at(struct driver *d, u32 queue, u32 offset)
{
	return d->memory + queue * DRIVER_STRIDE + offset;
}

/* From reset to DRIVER_OK, with all features that are offered. */
static inline void driver_begin(struct driver *d, u32 queues)
{
	driver_clear(d);
	driver_set(d, 0x70, 0);
	driver_set(d, 0x70, 3);
	driver_set(d, 0x24, 0);
	driver_set(d, 0x20, (u32)bus_read(&d->bus, BUS_MMIO, DEVICE_MMIO + 0x10, 4));
	driver_set(d, 0x24, 1);
	driver_set(d, 0x20, 1);
	driver_set(d, 0x70, 0xB);
	for (u32 q = 0; q < queues; q++) {
		u32 base = DRIVER_BASE + q * DRIVER_STRIDE;
		driver_set(d, 0x30, q);
		driver_set(d, 0x38, DRIVER_RING);
		driver_set(d, 0x80, base);
		driver_set(d, 0x90, base + DRIVER_AVAILABLE);
		driver_set(d, 0xA0, base + DRIVER_USED);
		driver_set(d, 0x44, 1);
	}
	driver_set(d, 0x70, 0xF);
}

static inline void driver_descriptor(struct driver *d, u32 queue, u32 i, u64 address, u32 length, u16 flags, u16 next)
{
	u8 *at = driver_at(d, queue, i * 16);

	store_le64(at, address);
	store_le32(at + 8, length);
	store_le16(at + 12, flags);
	store_le16(at + 14, next);
}

static inline void driver_offer(struct driver *d, u32 queue, u16 head)
{
	u8 *available = driver_at(d, queue, DRIVER_AVAILABLE);

	store_le16(available + 4 + d->posted[queue] % DRIVER_RING * 2, head);
	store_le16(available + 2, ++d->posted[queue]);
}

static inline void driver_kick(struct driver *d, u32 queue)
{
	driver_set(d, 0x50, queue);
}

static inline u16 driver_used(struct driver *d, u32 queue)
{
	return load_le16(driver_at(d, queue, DRIVER_USED + 2));
}

/* The buffer that was posted as number i, and how much came into it. */
static inline u8 *driver_buffer(struct driver *d, u32 queue, u32 i)
{
	return driver_at(d, queue, DRIVER_BUFFERS + i % DRIVER_RING * DRIVER_BUFFER);
}

static inline u32 driver_received(struct driver *d, u32 queue, u32 i)
{
	return load_le32(driver_at(d, queue, DRIVER_USED + 4 + i % DRIVER_RING * 8 + 4));
}

static inline void driver_add(struct driver *d, u32 queue, u32 length, u16 flags)
{
	u16 i = d->posted[queue] % DRIVER_RING;
	u64 buffer = DRIVER_BASE + (u64)queue * DRIVER_STRIDE + DRIVER_BUFFERS + (u64)i * DRIVER_BUFFER;

	driver_descriptor(d, queue, i, buffer, length, flags, 0);
	driver_offer(d, queue, i);
}

/* Posts so many buffers to receive into, then tells. */
static inline void driver_post(struct driver *d, u32 queue, u32 count, u32 length)
{
	for (u32 i = 0; i < count; i++)
		driver_add(d, queue, length, WRITE);
	driver_kick(d, queue);
}

/* Sends one piece whose bytes are what is in the buffer. */
static inline void driver_send_length(struct driver *d, u32 queue, u32 length)
{
	driver_add(d, queue, length, 0);
	driver_kick(d, queue);
}

static inline void driver_send(struct driver *d, u32 queue, const void *bytes, u32 n)
{
	memcpy(driver_buffer(d, queue, d->posted[queue]), bytes, n);
	driver_send_length(d, queue, n);
}

static inline void driver_control(struct driver *d, u32 port, u32 event, u32 value)
{
	u8 message[8];

	store_le32(message, port);
	store_le16(message + 4, (u16)event);
	store_le16(message + 6, (u16)value);
	driver_send(d, 3, message, sizeof(message));
}

static inline bool driver_control_next(struct driver *d, struct control_message *m)
{
	if (d->looked == driver_used(d, 2))
		return false;
	const u8 *at = driver_buffer(d, 2, d->looked);
	*m = (struct control_message){ .port = load_le32(at),
		.event = load_le16(at + 4),
		.value = load_le16(at + 6),
		.length = driver_received(d, 2, d->looked++),
		.name = at + 8 };
	return true;
}

#endif
