/*
 * virtio-mmio registers. Trust: in the TCB; pure.
 */
#include "hv/dev/virtio.h"

#include "lib/bytes.h"

#include <string.h>

enum virtio_register {
	MAGIC = 0x000,
	VERSION = 0x004,
	DEVICE_ID = 0x008,
	VENDOR_ID = 0x00C,
	DEVICE_FEATURES = 0x010,
	DEVICE_FEATURES_SELECT = 0x014,
	DRIVER_FEATURES = 0x020,
	DRIVER_FEATURES_SELECT = 0x024,
	QUEUE_SELECT = 0x030,
	QUEUE_SIZE_MAX = 0x034,
	QUEUE_SIZE = 0x038,
	QUEUE_READY = 0x044,
	QUEUE_NOTIFY = 0x050,
	INTERRUPT_STATUS = 0x060,
	INTERRUPT_ACK = 0x064,
	STATUS = 0x070,
	QUEUE_PLACES = 0x080, /* as enum virtq_place has them: lower half, upper half, two that are not there */
	SHARED_MEMORY_LENGTH = 0x0B0,
	SHARED_MEMORY_BASE_HIGH = 0x0BC,
	CONFIG = 0x100,
};

enum {
	MAGIC_VALUE = 0x74726976,
	VERSION_VALUE = 2,
	VENDOR_VALUE = 0x4E474953, /* "SIGN" */
	STATUS_DRIVER_OK = BIT(2),
	STATUS_FEATURES_OK = BIT(3),
	STATUS_NEEDS_RESET = BIT(6),
	STATUS_BY_DRIVER = 0x8F,
	INTERRUPT_USED = BIT(0),
	INTERRUPT_CONFIG = BIT(1),
	PLACE_STRIDE = 16,
};

#define FEATURE_VERSION_1 ((u64)1 << 32)

static u64 offered(const struct virtio *v)
{
	return v->class->features | FEATURE_VERSION_1;
}

static struct virtqueue *selected(struct virtio *v)
{
	return v->queue_select < v->class->queues ? &v->queue[v->queue_select] : NULL;
}

static void interrupt(struct virtio *v, u32 event)
{
	v->interrupt_status |= event;
	irq_set(&v->irq, true);
}

void virtio_break(struct virtio *v)
{
	v->status |= STATUS_NEEDS_RESET;
	interrupt(v, INTERRUPT_CONFIG);
}

bool virtio_is_live(const struct virtio *v, u32 queue)
{
	return (v->status & (STATUS_DRIVER_OK | STATUS_NEEDS_RESET)) == STATUS_DRIVER_OK && queue < v->class->queues &&
	        v->queue[queue].ready;
}

bool virtio_pop(struct virtio *v, u32 queue, struct virtq_chain *chain)
{
	if (!virtio_is_live(v, queue))
		return false;
	enum virtq_result r = virtq_pop(&v->queue[queue], &v->memory, chain);
	if (r == VIRTQ_BROKEN)
		virtio_break(v);
	return r == VIRTQ_CHAIN;
}

void virtio_push(struct virtio *v, u32 queue, const struct virtq_chain *chain, u32 written)
{
	bool wanted = false;

	if (!virtio_is_live(v, queue))
		return;
	if (!virtq_push(&v->queue[queue], &v->memory, chain->head, written, &wanted))
		virtio_break(v);
	else if (wanted)
		interrupt(v, INTERRUPT_USED);
}

void virtio_later(struct virtio *v, u32 queue)
{
	if (!virtio_is_live(v, queue))
		return;
	v->backlog |= BIT(queue);
	interrupt(v, INTERRUPT_USED);
}

static void notify(struct virtio *v, u32 queue)
{
	if (!virtio_is_live(v, queue) || !v->class->notify)
		return;
	v->backlog &= ~BIT(queue);
	v->class->notify(v->device, queue);
}

void virtio_batch(struct virtio *v, u32 queue, bool (*each)(void *device, const struct virtq_chain *chain))
{
	struct virtq_chain chain;
	u32 i;

	for (i = 0; i < VIRTIO_BATCH && virtio_pop(v, queue, &chain); i++)
		if (!each(v->device, &chain))
			virtio_break(v);
	if (i == VIRTIO_BATCH)
		virtio_later(v, queue);
}

static void reset(struct virtio *v)
{
	v->driver_features = 0;
	v->device_select = v->driver_select = v->queue_select = 0;
	v->status = v->interrupt_status = v->backlog = 0;
	memset(v->queue, 0, sizeof(v->queue));
	irq_set(&v->irq, false);
	if (v->class->reset)
		v->class->reset(v->device);
}

static bool features_fit(const struct virtio *v)
{
	return !(v->driver_features & ~offered(v)) && v->driver_features & FEATURE_VERSION_1;
}

static void write_status(struct virtio *v, u32 value)
{
	if (value == 0) {
		reset(v);
		return;
	}
	value = v->status | (value & STATUS_BY_DRIVER);
	/* A refused bit does not stick: the driver reads it back (3.1.1, step 6). */
	if (!features_fit(v))
		value &= ~(u32)STATUS_FEATURES_OK;
	if (!(value & STATUS_FEATURES_OK))
		value &= ~(u32)STATUS_DRIVER_OK;
	v->status = value;
}

static void set_half(u64 *address, u32 offset, u32 value)
{
	u32 shift = offset * 8;

	if (shift <= 32)
		*address = (*address & ~((u64)UINT32_MAX << shift)) | (u64)value << shift;
}

static void write_features(struct virtio *v, u32 value)
{
	if (v->status & STATUS_FEATURES_OK)
		return;
	/* Bits from 64 on are offered to nobody; to take one breaks the negotiation. */
	if (v->driver_select > 1)
		v->driver_features |= value ? (u64)1 << 63 : 0;
	else
		set_half(&v->driver_features, v->driver_select * 4, value);
}

static void write_ready(struct virtio *v, struct virtqueue *q, u32 value)
{
	if (!(value & 1)) {
		q->ready = false;
		q->next_available = q->next_used = 0;
		return;
	}
	if (q->ready)
		return;
	if (v->status & STATUS_FEATURES_OK && virtq_is_sound(q, &v->memory))
		q->ready = true;
	else
		virtio_break(v);
}

static void write_queue(struct virtio *v, u32 offset, u32 value)
{
	struct virtqueue *q = selected(v);

	if (!q)
		return;
	if (offset == QUEUE_READY)
		write_ready(v, q, value);
	/* The places of a live queue do not move. */
	if (offset == QUEUE_READY || q->ready)
		return;
	if (offset == QUEUE_SIZE)
		q->size = value;
	else if (offset >= QUEUE_PLACES && offset < QUEUE_PLACES + VIRTQ_PLACES * PLACE_STRIDE)
		set_half(&q->place[(offset - QUEUE_PLACES) / PLACE_STRIDE], offset % PLACE_STRIDE, value);
}

static void acknowledge(struct virtio *v, u32 events)
{
	v->interrupt_status &= ~events;
	irq_set(&v->irq, v->interrupt_status);
	if (!v->backlog)
		return;
	u32 queue = (u32)__builtin_ctz(v->backlog);
	v->backlog &= ~BIT(queue);
	notify(v, queue);
	if (v->backlog)
		interrupt(v, INTERRUPT_USED);
}

static void write_register(struct virtio *v, u32 offset, u32 value)
{
	switch (offset) {
	case DEVICE_FEATURES_SELECT:
		v->device_select = value;
		break;
	case DRIVER_FEATURES:
		write_features(v, value);
		break;
	case DRIVER_FEATURES_SELECT:
		v->driver_select = value;
		break;
	case QUEUE_SELECT:
		v->queue_select = value;
		break;
	case QUEUE_NOTIFY:
		notify(v, value);
		break;
	case INTERRUPT_ACK:
		acknowledge(v, value);
		break;
	case STATUS:
		write_status(v, value);
		break;
	default:
		write_queue(v, offset, value);
		break;
	}
}

static u32 read_register(struct virtio *v, u32 offset)
{
	const struct virtqueue *q = selected(v);

	switch (offset) {
	case MAGIC:
		return MAGIC_VALUE;
	case VERSION:
		return VERSION_VALUE;
	case DEVICE_ID:
		return v->class->device_id;
	case VENDOR_ID:
		return VENDOR_VALUE;
	case DEVICE_FEATURES:
		return v->device_select > 1 ? 0 : (u32)(offered(v) >> (v->device_select * 32));
	case QUEUE_SIZE_MAX:
		return q ? VIRTQ_SIZE_MAX : 0;
	case QUEUE_READY:
		return q && q->ready;
	case INTERRUPT_STATUS:
		return v->interrupt_status;
	case STATUS:
		return v->status;
	default:
		/* There is no shared memory: length and base of minus one. */
		return offset >= SHARED_MEMORY_LENGTH && offset <= SHARED_MEMORY_BASE_HIGH ? UINT32_MAX : 0;
	}
}

static u64 read_config(const struct virtio *v, u32 offset, u32 size)
{
	u8 bytes[4] = { 0 };

	if (range_inside(offset, size, v->class->config_size))
		memcpy(bytes, v->config + offset, size);
	return load_le32(bytes);
}

static u64 read(void *device, u64 offset, u32 size)
{
	if (offset >= CONFIG)
		return read_config(device, (u32)offset - CONFIG, size);
	return size == 4 ? read_register(device, (u32)offset) : 0;
}

static void write(void *device, u64 offset, u32 size, u64 value)
{
	if (offset < CONFIG && size == 4)
		write_register(device, (u32)offset, (u32)value);
}

void virtio_init(struct virtio *v, const struct virtio_class *class, void *device, struct guest_memory memory,
        struct irq_line irq)
{
	memset(v, 0, sizeof(*v));
	v->class = class;
	v->device = device;
	v->memory = memory;
	v->irq = irq;
}

enum err virtio_attach(struct virtio *v, struct bus *bus, u64 base)
{
	static const struct bus_ops ops = { read, write, 1 | 2 | 4 };

	return bus_add(bus, BUS_MMIO, &(struct bus_region){ base, VIRTIO_MMIO_SIZE, &ops, v });
}
