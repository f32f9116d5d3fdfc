/* virtio console and entropy devices under a driver that does anything (fuzz_driver.h). */
#include "hv/dev/virtio_console.h"
#include "hv/dev/virtio_rng.h"
#include "tests/fuzz/fuzz_driver.h"

static struct guest guest;

static u32 fill(u8 *to, u32 n)
{
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

static void host_acts(u8 what, u32 place, u32 value)
{
	(void)what;
	must(console_send(&console, place % CONSOLE_PORTS, &value, 4) <= 4);
	console_resume(&console, place % CONSOLE_PORTS);
}

int LLVMFuzzerTestOneInput(const u8 *bytes, size_t n)
{
	static struct virtio_rng rng;

	sum = opened = 0;
	memset(&guest, 0, sizeof(guest));
	virtio_console_init(&console, users, guest_memory_of(&guest), guest_irq_of(&guest));
	virtio_rng_init(&rng, fill, guest_memory_of(&guest), guest_irq_of(&guest));
	/* One of them, ready to go, so that few inputs are wasted on getting there. */
	struct virtio *device = n && bytes[0] & 1 ? &rng.virtio : &console.virtio;
	must(virtio_attach(device, &guest.bus, DEVICE_MMIO) == OK);
	driver_start(&guest, device->class->queues, DRIVER_RING);
	driver_run(&guest, reader_on(bytes, n), device, host_acts);
	return 0;
}
