/*
 * virtio block device. Trust: in the TCB; pure.
 */
#include "hv/dev/virtio_blk.h"

#include "lib/bytes.h"

#include <string.h>

enum {
	HEADER = 16,
	HEADER_SECTOR = 8,
	STATUS = 1,
	FEATURE_SIZE_MAX = BIT(1),
	FEATURE_SEG_MAX = BIT(2),
	FEATURE_READ_ONLY = BIT(5),
	FEATURE_BLK_SIZE = BIT(6),
	FEATURE_FLUSH = BIT(9),
	FEATURES = FEATURE_SIZE_MAX | FEATURE_SEG_MAX | FEATURE_BLK_SIZE | FEATURE_FLUSH,
	CONFIG_CAPACITY = 0,
	CONFIG_SIZE_MAX = 8,
	CONFIG_SEG_MAX = 12,
	CONFIG_BLK_SIZE = 20,
	CONFIG_SIZE = 24,
};

static struct blk_slot *free_slot(struct virtio_blk *b)
{
	for (u32 i = 0; i < BLK_SLOTS; i++)
		if (!b->slot[i].used)
			return &b->slot[i];
	return NULL;
}

static struct blk_slot *slot_of(struct virtio_blk *b, u32 tag)
{
	struct blk_slot *s = &b->slot[tag % BLK_SLOTS];

	return s->used && s->request.tag == tag ? s : NULL;
}

static bool is_inside(const struct virtio_blk *b, const struct blk_request *r)
{
	return r->bytes && is_aligned(r->bytes, BLK_SECTOR) && r->bytes <= BLK_BYTES_MAX &&
	        range_inside(r->sector, r->bytes / BLK_SECTOR, b->sectors);
}

/* Everything about a request but its data is known here; BLK_OK: it may be carried out. */
static enum blk_status judge(const struct virtio_blk *b, const struct virtq_chain *c, struct blk_request *r)
{
	switch (r->type) {
	case BLK_READ:
		r->bytes = c->writable_bytes - STATUS;
		return c->readable_bytes == HEADER && is_inside(b, r) ? BLK_OK : BLK_IO_ERROR;
	case BLK_WRITE:
		r->bytes = c->readable_bytes - HEADER;
		return c->writable_bytes == STATUS && !b->read_only && is_inside(b, r) ? BLK_OK : BLK_IO_ERROR;
	case BLK_FLUSH:
		r->sector = 0;
		return BLK_OK;
	default:
		return BLK_UNSUPPORTED;
	}
}

/* The status is the last byte of the chain; it counts as written only with all that precedes it. */
static void answer(struct virtio_blk *b, const struct virtq_chain *c, u32 data, enum blk_status status)
{
	u8 byte = (u8)status;

	if (virtq_write(&b->virtio.memory, c, c->writable_bytes - STATUS, &byte, STATUS))
		virtio_push(&b->virtio, 0, c, data + STATUS);
	else
		virtio_break(&b->virtio);
}

static void accept(struct virtio_blk *b, struct blk_slot *s)
{
	u8 header[HEADER];

	/* Without room for a status there is no way to answer. */
	if (!s->chain.writable_bytes || !virtq_read(&b->virtio.memory, &s->chain, 0, header, HEADER)) {
		virtio_break(&b->virtio);
		return;
	}
	s->request = (struct blk_request){
		.type = load_le32(header),
		.sector = load_le64(header + HEADER_SECTOR),
		.tag = b->serial++ * BLK_SLOTS + (u32)(s - b->slot),
	};
	enum blk_status status = judge(b, &s->chain, &s->request);
	if (status == BLK_OK) {
		s->used = true;
		s->submitted = b->carrier.submit(b->carrier.context, &s->request);
	} else {
		answer(b, &s->chain, 0, status);
	}
}

static void take_requests(struct virtio_blk *b)
{
	for (u32 i = 0; i < VIRTIO_BATCH; i++) {
		struct blk_slot *s = free_slot(b);
		if (!s || !virtio_pop(&b->virtio, 0, &s->chain))
			return;
		accept(b, s);
	}
	if (free_slot(b))
		virtio_later(&b->virtio, 0);
}

void virtio_blk_resume(struct virtio_blk *b)
{
	for (u32 i = 0; i < BLK_SLOTS; i++) {
		struct blk_slot *s = &b->slot[i];
		if (s->used && !s->submitted)
			s->submitted = b->carrier.submit(b->carrier.context, &s->request);
	}
	take_requests(b);
}

void virtio_blk_replay(struct virtio_blk *b)
{
	for (u32 i = 0; i < BLK_SLOTS; i++)
		b->slot[i].submitted = false;
	virtio_blk_resume(b);
}

const struct blk_request *virtio_blk_request(const struct virtio_blk *b, u32 tag)
{
	const struct blk_slot *s = &b->slot[tag % BLK_SLOTS];

	return s->used && s->submitted && s->request.tag == tag ? &s->request : NULL;
}

enum err virtio_blk_fetch(struct virtio_blk *b, u32 tag, u32 offset, void *to, u32 n)
{
	const struct blk_slot *s = slot_of(b, tag);

	if (!s || s->request.type != BLK_WRITE)
		return ERR_ARGUMENT;
	if (!range_inside(offset, n, s->request.bytes))
		return ERR_RANGE;
	return virtq_read(&b->virtio.memory, &s->chain, HEADER + offset, to, n) ? OK : ERR_RANGE;
}

enum err virtio_blk_store(struct virtio_blk *b, u32 tag, u32 offset, const void *from, u32 n)
{
	const struct blk_slot *s = slot_of(b, tag);

	if (!s || s->request.type != BLK_READ)
		return ERR_ARGUMENT;
	if (!range_inside(offset, n, s->request.bytes))
		return ERR_RANGE;
	return virtq_write(&b->virtio.memory, &s->chain, offset, from, n) ? OK : ERR_RANGE;
}

enum err virtio_blk_complete(struct virtio_blk *b, u32 tag, enum blk_status status)
{
	struct blk_slot *s = slot_of(b, tag);

	if (!s)
		return ERR_ARGUMENT;
	s->used = false;
	answer(b, &s->chain, status == BLK_OK && s->request.type == BLK_READ ? s->request.bytes : 0, status);
	take_requests(b);
	return OK;
}

static void notify(void *device, u32 queue)
{
	(void)queue;
	take_requests(device);
}

/* Later answers to what was under way find no request: tags go on counting. */
static void reset(void *device)
{
	struct virtio_blk *b = device;

	memset(b->slot, 0, sizeof(b->slot));
}

void virtio_blk_init(struct virtio_blk *b, struct blk_carrier carrier, u64 sectors, bool read_only,
        struct guest_memory memory, struct irq_line irq)
{
	static const struct virtio_class kinds[] = {
		{ VIRTIO_ID_BLOCK, 1, CONFIG_SIZE, FEATURES, notify, reset },
		{ VIRTIO_ID_BLOCK, 1, CONFIG_SIZE, FEATURES | FEATURE_READ_ONLY, notify, reset },
	};

	memset(b, 0, sizeof(*b));
	virtio_init(&b->virtio, &kinds[read_only], b, memory, irq);
	b->carrier = carrier;
	b->sectors = sectors;
	b->read_only = read_only;
	store_le64(b->virtio.config + CONFIG_CAPACITY, sectors);
	store_le32(b->virtio.config + CONFIG_SIZE_MAX, BLK_SEGMENT_SIZE_MAX);
	store_le32(b->virtio.config + CONFIG_SEG_MAX, BLK_SEGMENTS_MAX);
	store_le32(b->virtio.config + CONFIG_BLK_SIZE, BLK_SECTOR);
}
