/*
 * The control and block ports under a service VM that writes anything: the input is a list of pieces for one of the
 * ports, of moves of the ports, and of what guests do meanwhile. Whatever comes, each handler gets a body of a size
 * that its kind may have, and every answer is one whole frame.
 */
#include "tests/fuzz/fuzz.h"
#include "tests/unit/hv_control_fakes.h"

enum { PIECE_MAX = 300, GUEST = 10, STATUS = BUFFERS + 0x100 };

static struct driver driver;
static struct guest guest;
static struct virtio_blk blk;

/* What came on the control port since it was opened last, frame by frame. */
static struct {
	u32 buffers, taken;
	struct control_header head;
} seen;

static void see(void)
{
	for (; seen.buffers != driver_used(&driver, 0); seen.buffers = (u16)(seen.buffers + 1)) {
		const u8 *bytes = driver_buffer(&driver, 0, seen.buffers);
		u32 n = driver_received(&driver, 0, seen.buffers);
		for (u32 i = 0; i < n; i++) {
			if (seen.taken < sizeof(seen.head))
				((u8 *)&seen.head)[seen.taken] = bytes[i];
			if (++seen.taken < sizeof(seen.head))
				continue;
			must(seen.head.length >= sizeof(seen.head) && seen.head.length <= CONTROL_REPLY_MAX);
			must(seen.head.kind & CONTROL_REPLY || seen.head.kind == CONTROL_CHANGED);
			must(!seen.head.status || seen.head.length == sizeof(seen.head));
			seen.taken = seen.taken == seen.head.length ? 0 : seen.taken;
		}
	}
}

/* Every descriptor is the driver's again as soon as it was used; a ring is never overrun. */
static bool has_room(u32 queue)
{
	return (u16)(driver.posted[queue] - driver_used(&driver, queue)) < DRIVER_RING;
}

static void ask_disk(u32 type, u32 n)
{
	u8 *header = guest_at(&guest, BUFFERS);

	store_le32(header, type % 5);
	store_le64(header + 8, n % 7);
	put_descriptor(&guest, 0, 0, BUFFERS, 16, NEXT, 1);
	put_descriptor(&guest, 0, 1, BUFFERS + 0x200, n % 5 * 512, type % 5 == BLK_READ ? NEXT | WRITE : NEXT, 2);
	put_descriptor(&guest, 0, 2, STATUS, 1, WRITE, 0);
	offer(&guest, 0, 0);
	kick(&guest, 0);
}

static void write_piece(struct reader *r, u32 queue)
{
	u32 n = read_le16(r) % PIECE_MAX;
	const u8 *bytes = read_bytes(r, n);

	if (bytes && n && has_room(queue))
		driver_send(&driver, queue, bytes, n);
}

/* A frame that is whole, of a kind that there is, with whatever body; one of WHOLE bytes grows to what its kind has. */
static void write_frame(struct reader *r)
{
	enum { WHOLE = 255 };
	static const struct {
		u16 kind, whole;
	} kinds[] = { { CONTROL_HELLO, 0 }, { CONTROL_STATUS, 0 }, { CONTROL_LOG, 0 }, { CONTROL_MESSAGES, 0 },
		{ CONTROL_GUESTS, 0 }, { CONTROL_EXITS, 0 }, { CONTROL_CREATE, 0 }, { CONTROL_LOAD, 2000 },
		{ CONTROL_START, 0 }, { CONTROL_STOP, 0 }, { CONTROL_DESTROY, 0 }, { CONTROL_CONSOLE_READ, 0 },
		{ CONTROL_CONSOLE_WRITE, 2000 }, { CONTROL_SLOTS, 0 }, { CONTROL_STAGE, 0 }, { CONTROL_HEALTHY, 0 },
		{ CONTROL_PROVISION, 2000 }, { CONTROL_POWER, 0 }, { CONTROL_CHALLENGE, 0 },
		{ CONTROL_TICKET, CONTROL_TICKET_SIZE }, { CONTROL_VERDICT, CONTROL_VERDICT_SIZE },
		{ CONTROL_WAITS, CONTROL_WORDS_MAX }, { CONTROL_FLEET, 0 }, { CONTROL_ADDRESS, CONTROL_WORDS_MAX } };
	static u8 frame[sizeof(struct control_header) + 2048];
	u32 kind = read_u8(r) % ARRAY_SIZE(kinds);
	u32 n = read_u8(r);
	u32 tag = read_u8(r);
	const u8 *body = read_bytes(r, n);
	u32 size = n == WHOLE && kinds[kind].whole ? kinds[kind].whole : n;
	struct control_header head = { (u32)sizeof(head) + size, CONTROL_VERSION, kinds[kind].kind, tag, 0 };

	memset(frame, 0, sizeof(frame));
	memcpy(frame, &head, sizeof(head));
	if (body)
		memcpy(frame + sizeof(head), body, n < size ? n : size);
	if (has_room(1))
		driver_send(&driver, 1, frame, head.length);
}

/* An answer to a request that may be there. */
static void write_answer(struct reader *r)
{
	u8 frame[sizeof(struct block_answer) + 2048] = { 0 };
	u32 n = read_u8(r) % 5 * 512;
	const struct block_answer a = { (u32)sizeof(a) + n, GUEST, 0, read_u8(r), read_u8(r) % 4, 0 };

	memcpy(frame, &a, sizeof(a));
	if (has_room(7))
		driver_send(&driver, 7, frame, a.length);
}

static void step(struct reader *r)
{
	static const u32 written[] = { 1, 5, 7 }, filled[] = { 0, 4, 6 };
	u8 what = read_u8(r);
	u8 value = read_u8(r);

	switch (what % 10) {
	case 0:
	case 1:
		write_piece(r, written[value % 3]);
		break;
	case 2:
		write_frame(r);
		break;
	case 3:
		write_answer(r);
		break;
	case 4:
		for (u32 i = 0; i < value % 8u && has_room(filled[what / 10 % 3]); i++)
			driver_post(&driver, filled[what / 10 % 3], 1, what / 10 % 3 == 1 ? 4096 : 1 + value * 16u);
		break;
	case 5:
		if (!has_room(3))
			break;
		/* What of a frame has not been sent by a close never is; to open what is open does nothing. */
		see();
		seen.taken = value % 4 == PORT_CONTROL && value / 4 % 2 == 0 ? 0 : seen.taken;
		driver_control(&driver, value % 4, 6, value / 4 % 2);
		break;
	case 6:
		ask_disk(value, what);
		break;
	case 7:
		fake_work();
		if (fake.tpm_busy && fake.tpm_open)
			fake_tpm_done(1 + value);
		break;
	case 8:
		control_changed(value % 5, value / 5 % 2 ? CONTROL_STATE : CONTROL_CONSOLE_OUTPUT);
		control_done(value % 2 ? CONTROL_START : CONTROL_DESTROY, value / 2 % 8, OK);
		break;
	default:
		fake.answer = value % 3 ? OK : ERR_RANGE;
		fake.guests = value % 4;
		device_set(&guest, 0x70, value ? 0xF : 0);
		break;
	}
}

int LLVMFuzzerTestOneInput(const u8 *bytes, size_t n)
{
	struct reader r = reader_on(bytes, n);

	memset(&fake, 0, sizeof(fake));
	memset(&guest, 0, sizeof(guest));
	ports_detach();
	block_detach(&blk);
	virtio_blk_init(&blk, block_carrier(GUEST, 0, &blk), 8, false, guest_memory_of(&guest), guest_irq_of(&guest));
	must(virtio_attach(&blk.virtio, &guest.bus, DEVICE_MMIO) == OK);
	driver_start(&guest, 1, 16);
	memset(&seen, 0, sizeof(seen));
	must(service_up(&driver) == OK);
	for (u32 port = 0; port < CONSOLE_PORTS; port++)
		service_opens(&driver, port);
	while (r.left >= 2 && !r.failed) {
		step(&r);
		see();
	}
	must(driver_status(&driver) & 0x40 || driver_used(&driver, 3) >= CONSOLE_PORTS);
	fake_work();
	ports_detach();
	return 0;
}
