/*
 * Guests' disks over signet.block. Trust: in the TCB; pure.
 */
#include "hv/control/block.h"

#include "hv/control/ports.h"
#include "lib/control/wire.h"

#include <assert.h>
#include <string.h>

static_assert(BLOCK_TRANSFER_MAX >= (u32)BLK_BYTES_MAX, "any request of a guest goes into one frame");

/* Each is a copy of up to 240 KiB, with the lock held. */
enum { FRAMES_AT_ONCE = 4 };

struct disk {
	u32 guest, number;
	struct virtio_blk *blk; /* NULL: free */
};

/* A write's data is copied before its frame begins: a guest that resets or ends amid it leaves no torn frame. */
struct sending {
	u32 size, sent;
	u8 frame[sizeof(struct block_request) + BLOCK_TRANSFER_MAX];
};

struct receiving {
	u32 taken; /* bytes of the frame */
	struct block_answer answer;
	struct virtio_blk *blk; /* whom it is for; NULL: it is dropped */
};

static struct disk disks[BLOCK_DISKS_ALL];
static struct sending out;
static struct receiving in;
static bool open;
/* Frames that may begin before the driver posts buffers again, as it does for each that it has read. */
static u32 allowed;
static u32 turn;

static void send(void)
{
	out.sent += console_send(&service_console, PORT_BLOCK, out.frame + out.sent, out.size - out.sent);
}

static bool submit(void *context, const struct blk_request *r)
{
	const struct disk *d = context;

	if (!d || !open || !allowed || out.sent < out.size)
		return false;
	u32 data = r->type == BLK_WRITE ? r->bytes : 0;
	struct block_request head = {
		.length = (u32)sizeof(head) + data,
		.guest = d->guest,
		.disk = d->number,
		.tag = r->tag,
		.type = r->type,
		.bytes = r->bytes,
		.sector = r->sector,
	};
	if (data && virtio_blk_fetch(d->blk, r->tag, 0, out.frame + sizeof(head), data))
		return false;
	memcpy(out.frame, &head, sizeof(head));
	allowed--;
	out.size = head.length;
	out.sent = 0;
	send();
	return true;
}

/* Disks take turns, so that a busy one does not keep the others out. */
static void room(void)
{
	allowed = FRAMES_AT_ONCE;
	send();
	for (u32 i = 0; i < BLOCK_DISKS_ALL && allowed && out.sent == out.size; i++) {
		turn = (turn + 1) % BLOCK_DISKS_ALL;
		if (disks[turn].blk)
			virtio_blk_resume(disks[turn].blk);
	}
}

/* Guest 0, disk 0 is one that is free. */
static struct disk *find(u32 guest, u32 number)
{
	for (u32 i = 0; i < BLOCK_DISKS_ALL; i++)
		if (disks[i].guest == guest && disks[i].number == number)
			return &disks[i];
	return NULL;
}

struct blk_carrier block_carrier(u32 guest, u32 number, struct virtio_blk *b)
{
	struct disk *d = find(0, 0);

	if (d)
		*d = (struct disk){ guest, number, b };
	return (struct blk_carrier){ submit, d };
}

void block_detach(const struct virtio_blk *b)
{
	for (u32 i = 0; i < BLOCK_DISKS_ALL; i++)
		if (disks[i].blk == b)
			disks[i] = (struct disk){ 0 };
	if (in.blk == b)
		in.blk = NULL;
}

/* Whom the answer is for, if it is what was asked for, to the byte. */
static struct virtio_blk *judge(const struct block_answer *a)
{
	const struct disk *d = find(a->guest, a->disk);
	const struct blk_request *r = d && d->blk ? virtio_blk_request(d->blk, a->tag) : NULL;
	u32 data = r && r->type == BLK_READ && a->status == BLK_OK ? r->bytes : 0;

	return r && a->status <= BLK_UNSUPPORTED && a->length == sizeof(*a) + data ? d->blk : NULL;
}

/* The head of an answer; false: where the next one begins is not known any more. */
static bool begin(void)
{
	if (in.answer.length < sizeof(in.answer) || in.answer.length > sizeof(in.answer) + BLOCK_TRANSFER_MAX)
		return false;
	in.blk = judge(&in.answer);
	return true;
}

/* The guest may have reset its device since: then the rest finds no request. */
static void store(const u8 *bytes, u32 n)
{
	if (in.blk && virtio_blk_store(in.blk, in.answer.tag, in.taken - (u32)sizeof(in.answer), bytes, n))
		in.blk = NULL;
}

static void end(void)
{
	struct virtio_blk *b = in.blk;

	in.taken = 0;
	in.blk = NULL;
	/* The guest may have reset its device: then nobody asked. */
	if (b)
		(void)virtio_blk_complete(b, in.answer.tag, (enum blk_status)in.answer.status);
}

static u32 take(const u8 *bytes, u32 n, bool last)
{
	(void)last;
	for (u32 done = 0, piece; done < n; done += piece) {
		bool head = in.taken < sizeof(in.answer);
		u32 wanted = (head ? (u32)sizeof(in.answer) : in.answer.length) - in.taken;
		piece = n - done < wanted ? n - done : wanted;
		if (head)
			memcpy((u8 *)&in.answer + in.taken, bytes + done, piece);
		else
			store(bytes + done, piece);
		in.taken += piece;
		if (head && in.taken == sizeof(in.answer) && !begin()) {
			console_refuse(&service_console, PORT_BLOCK);
			return n;
		}
		if (in.taken >= sizeof(in.answer) && in.taken == in.answer.length)
			end();
	}
	return n;
}

/* Whoever serves now knows of nothing that the one before was asked. */
static void opened(void)
{
	open = true;
	allowed = 1;
	for (u32 i = 0; i < BLOCK_DISKS_ALL; i++)
		if (disks[i].blk)
			virtio_blk_replay(disks[i].blk);
}

static void closed(void)
{
	open = false;
	out.size = out.sent = 0;
	in.taken = 0;
	in.blk = NULL;
}

const struct console_user block_port = {
	.name = "signet.block",
	.opened = opened,
	.closed = closed,
	.bytes = take,
	.room = room,
};
