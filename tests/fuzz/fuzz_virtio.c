/*
 * virtio devices under a driver that does anything: the input is a list of register writes, memory writes and kicks.
 * Whatever comes, each step touches guest memory a bounded number of times, and a broken device stays quiet until
 * reset.
 */
#include "hv/dev/virtio_console.h"
#include "hv/dev/virtio_rng.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/hv_dev_guest.h"

enum {
	/* In every queue a full ring of full chains, each read, looked up, copied piece by piece and given back. */
	ACCESSES_MAX = VIRTIO_QUEUES_MAX * VIRTQ_SIZE_MAX * (3 * VIRTQ_SEGMENTS_MAX + 64 + 5),
	/* The places of a queue are looked up when it is made ready, also while the device is broken. */
	PLACES = 3,
	NEEDS_RESET = 0x40,
	STATUS = 0x70,
};

static struct guest guest;

static u32 fill(void *context, u8 *to, u32 n)
{
	(void)context;
	memset(to, 0x5A, n);
	return n;
}

static struct virtio_console console;
static u32 sum, opened;

/* Takes what the sum of all before lets it, so that pieces come again; closed and opened by turns. */
static u32 take(const u8 *bytes, u32 n, bool last)
{
	u32 taken = sum % 3 ? n : sum % (n + 1);

	must(n && n <= CONSOLE_PIECE && opened);
	for (u32 i = 0; i < taken; i++)
		sum += bytes[i];
	sum += last;
	if (sum % 61 == 0)
		console_refuse(&console, sum % CONSOLE_PORTS);
	return taken;
}

static void open_port(void)
{
	must(++opened <= CONSOLE_PORTS);
}

static void close_port(void)
{
	must(opened-- > 0);
}

static void room(void)
{
	sum++;
}

static const struct console_user stream = { "stream", false, open_port, close_port, take, room };
static const struct console_user messages = { "messages", true, open_port, close_port, take, room };
static const struct console_user *const users[CONSOLE_PORTS] = { &stream, &messages, &stream };

static void step(struct reader *r)
{
	u8 what = read_u8(r);
	u32 place = read_le16(r);
	u32 value = read_le32(r);

	switch (what % 8) {
	case 0:
	case 1:
		device_set(&guest, place % VIRTIO_MMIO_SIZE & ~3u, value);
		break;
	case 2:
		bus_write(&guest.bus, BUS_MMIO, DEVICE_MMIO + place % VIRTIO_MMIO_SIZE, 1u << (what >> 3) % 4, value);
		break;
	case 3:
		put_descriptor(&guest, place % 8, place / 8 % 16, GUEST_BASE + value % 0x11000, value >> 20,
		        (u16)(what >> 3) % 8, (u16)(place >> 6) % 18);
		break;
	case 4:
		offer(&guest, place % 8, (u16)(value % 17));
		break;
	case 5:
		memcpy(guest.bytes + place % (GUEST_SIZE - 4), &value, 4);
		break;
	case 6:
		kick(&guest, place % 9);
		break;
	default:
		must(console_send(&console, place % CONSOLE_PORTS, &value, 4) <= 4);
		console_resume(&console, place % CONSOLE_PORTS);
		break;
	}
}

static void run(struct reader r, const struct virtio *device)
{
	while (r.left >= 7) {
		u64 before = guest.accesses;
		bool broken = device->status & NEEDS_RESET;
		step(&r);
		must(guest.accesses - before <= ACCESSES_MAX);
		must(!broken || !(device->status & NEEDS_RESET) || guest.accesses - before <= PLACES);
		must(!(device->status & NEEDS_RESET) || device->breaches);
	}
}

int LLVMFuzzerTestOneInput(const u8 *bytes, size_t n)
{
	static struct virtio_rng rng;

	sum = opened = 0;
	memset(&guest, 0, sizeof(guest));
	virtio_console_init(&console, users, guest_memory_of(&guest), guest_irq_of(&guest));
	virtio_rng_init(&rng, (struct entropy_source){ fill, NULL }, guest_memory_of(&guest), guest_irq_of(&guest));
	/* One of them, ready to go, so that few inputs are wasted on getting there. */
	struct virtio *device = n && bytes[0] & 1 ? &rng.virtio : &console.virtio;
	must(virtio_attach(device, &guest.bus, DEVICE_MMIO) == OK);
	driver_start(&guest, device->class->queues, 16);
	run(reader_on(bytes, n), device);
	return 0;
}
