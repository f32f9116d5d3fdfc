/*
 * Split virtqueues. Trust: in the TCB; pure.
 */
#include "hv/dev/virtqueue.h"

#include "lib/bytes.h"

enum {
	DESCRIPTOR_SIZE = 16,
	FLAG_NEXT = BIT(0),
	FLAG_WRITE = BIT(1),
	FLAG_INDIRECT = BIT(2),
	/* Flags and index come before the entries of both rings. */
	RING_INDEX = 2,
	RING_ENTRIES = 4,
	AVAILABLE_ENTRY = 2,
	USED_ENTRY = 8,
	RING_END = 6,
	NO_INTERRUPT = BIT(0),
	DRIVER_ALIGN = 2,
	DEVICE_ALIGN = 4,
};

struct descriptor {
	u64 address;
	u32 length;
	u16 flags, next;
};

bool virtq_is_sound(const struct virtqueue *q, const struct guest_memory *m)
{
	if (q->size == 0 || q->size > VIRTQ_SIZE_MAX || q->size & (q->size - 1))
		return false;
	if (!is_aligned(q->descriptors, DESCRIPTOR_SIZE) || !is_aligned(q->driver, DRIVER_ALIGN) ||
	        !is_aligned(q->device, DEVICE_ALIGN))
		return false;
	return guest_contains(m, q->descriptors, (u64)q->size * DESCRIPTOR_SIZE) &&
	        guest_contains(m, q->driver, (u64)q->size * AVAILABLE_ENTRY + RING_END) &&
	        guest_contains(m, q->device, (u64)q->size * USED_ENTRY + RING_END);
}

static bool read_u16(const struct guest_memory *m, u64 address, u16 *value)
{
	u8 bytes[2];

	if (!guest_read(m, address, bytes, sizeof(bytes)))
		return false;
	*value = load_le16(bytes);
	return true;
}

static bool read_descriptor(const struct virtqueue *q, const struct guest_memory *m, u16 index, struct descriptor *d)
{
	u8 bytes[DESCRIPTOR_SIZE];

	if (index >= q->size || !guest_read(m, q->descriptors + (u64)index * DESCRIPTOR_SIZE, bytes, sizeof(bytes)))
		return false;
	*d = (struct descriptor){
		.address = load_le64(bytes),
		.length = load_le32(bytes + 8),
		.flags = load_le16(bytes + 12),
		.next = load_le16(bytes + 14),
	};
	return true;
}

static bool add_segment(struct virtq_chain *c, const struct guest_memory *m, const struct descriptor *d)
{
	bool writable = d->flags & FLAG_WRITE;
	u32 *total = writable ? &c->writable_bytes : &c->readable_bytes;

	/* Indirect tables were not offered; what is readable comes first (2.7.4.2). */
	if (d->flags & FLAG_INDIRECT || (!writable && c->segments > c->readable))
		return false;
	if (d->length > UINT32_MAX - *total || !guest_contains(m, d->address, d->length))
		return false;
	*total += d->length;
	c->segment[c->segments++] = (struct virtq_segment){ d->address, d->length };
	if (!writable)
		c->readable++;
	return true;
}

/* A loop ends at the limit of segments, like every chain that is too long. */
static bool follow(const struct virtqueue *q, const struct guest_memory *m, struct virtq_chain *c)
{
	struct descriptor d = { .flags = FLAG_NEXT, .next = c->head };

	while (d.flags & FLAG_NEXT) {
		if (c->segments == VIRTQ_SEGMENTS_MAX || !read_descriptor(q, m, d.next, &d) || !add_segment(c, m, &d))
			return false;
	}
	return true;
}

enum virtq_result virtq_pop(struct virtqueue *q, const struct guest_memory *m, struct virtq_chain *chain)
{
	u16 index;

	if (!read_u16(m, q->driver + RING_INDEX, &index))
		return VIRTQ_BROKEN;
	u16 waiting = (u16)(index - q->next_available);
	if (waiting == 0)
		return VIRTQ_EMPTY;
	*chain = (struct virtq_chain){ 0 };
	u64 entry = q->driver + RING_ENTRIES + (u64)(q->next_available % q->size) * AVAILABLE_ENTRY;
	if (waiting > q->size || !read_u16(m, entry, &chain->head) || !follow(q, m, chain))
		return VIRTQ_BROKEN;
	q->next_available++;
	return VIRTQ_CHAIN;
}

bool virtq_push(struct virtqueue *q, const struct guest_memory *m, u16 head, u32 written, bool *interrupt)
{
	u8 entry[USED_ENTRY], index[2];
	u16 flags;

	store_le32(entry, head);
	store_le32(entry + 4, written);
	store_le16(index, (u16)(q->next_used + 1));
	/* The entry before the index that publishes it; x86 keeps stores in order. */
	u64 at = q->device + RING_ENTRIES + (u64)(q->next_used % q->size) * USED_ENTRY;
	if (!guest_write(m, at, entry, sizeof(entry)) ||
	        !guest_write(m, q->device + RING_INDEX, index, sizeof(index)) || !read_u16(m, q->driver, &flags))
		return false;
	q->next_used++;
	if (!(flags & NO_INTERRUPT))
		*interrupt = true;
	return true;
}

/* What a copy still has to do. */
struct copy {
	u32 offset, left;
	u8 *to;
	const u8 *from;
};

static bool copy_segment(const struct guest_memory *m, const struct virtq_segment *s, struct copy *c)
{
	if (c->offset >= s->length) {
		c->offset -= s->length;
		return true;
	}
	u32 n = s->length - c->offset < c->left ? s->length - c->offset : c->left;
	u64 address = s->address + c->offset;
	c->offset = 0;
	c->left -= n;
	if (c->to) {
		u8 *to = c->to;
		c->to += n;
		return guest_read(m, address, to, n);
	}
	const u8 *from = c->from;
	c->from += n;
	return guest_write(m, address, from, n);
}

bool virtq_read(const struct guest_memory *m, const struct virtq_chain *chain, u32 offset, void *to, u32 n)
{
	struct copy c = { .offset = offset, .left = n, .to = to };

	if (!range_inside(offset, n, chain->readable_bytes))
		return false;
	for (u32 i = 0; i < chain->readable && c.left; i++)
		if (!copy_segment(m, &chain->segment[i], &c))
			return false;
	return true;
}

bool virtq_write(const struct guest_memory *m, const struct virtq_chain *chain, u32 offset, const void *from, u32 n)
{
	struct copy c = { .offset = offset, .left = n, .from = from };

	if (!range_inside(offset, n, chain->writable_bytes))
		return false;
	for (u32 i = chain->readable; i < chain->segments && c.left; i++)
		if (!copy_segment(m, &chain->segment[i], &c))
			return false;
	return true;
}
