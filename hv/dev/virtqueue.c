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

static bool is_there(const struct guest_memory *m, u64 address, u64 length)
{
	return guest_copy(m, address, length, &(struct guest_copy){ 0 });
}

bool virtq_is_sound(const struct virtqueue *q, const struct guest_memory *m)
{
	static const u8 align[VIRTQ_PLACES] = { DESCRIPTOR_SIZE, DRIVER_ALIGN, DEVICE_ALIGN };
	static const u8 entry[VIRTQ_PLACES] = { DESCRIPTOR_SIZE, AVAILABLE_ENTRY, USED_ENTRY };
	static const u8 rest[VIRTQ_PLACES] = { 0, RING_END, RING_END };

	if (q->size == 0 || q->size > VIRTQ_SIZE_MAX || q->size & (q->size - 1))
		return false;
	for (u32 i = 0; i < VIRTQ_PLACES; i++)
		if (!is_aligned(q->place[i], align[i]) || !is_there(m, q->place[i], (u64)q->size * entry[i] + rest[i]))
			return false;
	return true;
}

/*
 * In one piece, which its alignment allows: the driver's processors write and read these while we look. NULL: no RAM,
 * or (in no memory of pages) not in one piece.
 */
static u16 *ring_word(const struct guest_memory *m, u64 address)
{
	u64 n = sizeof(u16);
	void *at = m->at(m->context, address, &n);

	return n == sizeof(u16) ? at : NULL;
}

static bool read_u16(const struct guest_memory *m, u64 address, u16 *value)
{
	const u16 *at = ring_word(m, address);

	if (at)
		*value = __atomic_load_n(at, __ATOMIC_ACQUIRE);
	return at;
}

static bool read_descriptor(const struct virtqueue *q, const struct guest_memory *m, u16 index, struct descriptor *d)
{
	u8 bytes[DESCRIPTOR_SIZE];

	if (index >= q->size ||
	        !guest_copy(m, q->place[VIRTQ_DESCRIPTORS] + (u64)index * DESCRIPTOR_SIZE, DESCRIPTOR_SIZE,
	                &(struct guest_copy){ .to = bytes }))
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
	if (d->length > UINT32_MAX - *total || !is_there(m, d->address, d->length))
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

	if (!read_u16(m, q->place[VIRTQ_DRIVER] + RING_INDEX, &index))
		return VIRTQ_BROKEN;
	u16 waiting = (u16)(index - q->next_available);
	if (waiting == 0)
		return VIRTQ_EMPTY;
	*chain = (struct virtq_chain){ 0 };
	u64 entry = q->place[VIRTQ_DRIVER] + RING_ENTRIES + (u64)(q->next_available % q->size) * AVAILABLE_ENTRY;
	if (waiting > q->size || !read_u16(m, entry, &chain->head) || !follow(q, m, chain))
		return VIRTQ_BROKEN;
	q->next_available++;
	return VIRTQ_CHAIN;
}

bool virtq_push(struct virtqueue *q, const struct guest_memory *m, u16 head, u32 written, bool *interrupt)
{
	u64 used = q->place[VIRTQ_DEVICE];
	u8 entry[USED_ENTRY];
	u16 *index = ring_word(m, used + RING_INDEX), flags;

	store_le32(entry, head);
	store_le32(entry + 4, written);
	if (!index ||
	        !guest_copy(m, used + RING_ENTRIES + (u64)(q->next_used % q->size) * USED_ENTRY, USED_ENTRY,
	                &(struct guest_copy){ .from = entry }))
		return false;
	/* The entry before the index that publishes it. */
	__atomic_store_n(index, ++q->next_used, __ATOMIC_RELEASE);
	/*
	 * And the index before the flags are looked at, which processors do not see to by themselves: a driver that
	 * allows interrupts and then finds the old index is one whose new flags are seen here (2.7.7.2).
	 */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (!read_u16(m, q->place[VIRTQ_DRIVER], &flags))
		return false;
	if (!(flags & NO_INTERRUPT))
		*interrupt = true;
	return true;
}

/* Of n bytes, from offset of what `count` segments from s on hold. */
static bool copy(
        const struct guest_memory *m, const struct virtq_segment *s, u32 count, u32 offset, u32 n, struct guest_copy c)
{
	for (; n && count; s++, count--) {
		u32 here = offset < s->length ? s->length - offset : 0, piece = here < n ? here : n;

		if (!guest_copy(m, s->address + offset, piece, &c))
			return false;
		offset -= s->length - here;
		n -= piece;
	}
	return true;
}

bool virtq_read(const struct guest_memory *m, const struct virtq_chain *chain, u32 offset, void *to, u32 n)
{
	return range_inside(offset, n, chain->readable_bytes) &&
	        copy(m, chain->segment, chain->readable, offset, n, (struct guest_copy){ .to = to });
}

bool virtq_write(const struct guest_memory *m, const struct virtq_chain *chain, u32 offset, const void *from, u32 n)
{
	return range_inside(offset, n, chain->writable_bytes) &&
	        copy(m, chain->segment + chain->readable, chain->segments - chain->readable, offset, n,
	                (struct guest_copy){ .from = from });
}
