/*
 * virtio network device under a driver that does anything (fuzz_driver.h): what reaches the network is a whole frame
 * that bears the guest's own address, and nothing of a frame comes to lie outside the guest's buffers.
 */
#include "hv/dev/virtio_net.h"
#include "tests/fuzz/fuzz_driver.h"

enum { GUEST_PORT, OUTSIDE, ETHERNET_SOURCE = 6 };

static const u8 mac[MAC_SIZE] = { 2, 0, 0, 0, 0, 0xA }, outside[MAC_SIZE] = { 2, 0, 0, 0, 0, 0xB };
static struct guest guest;
static struct net_switch network;
static u32 heard;

static bool hear(void *context, const u8 *frame, u32 n)
{
	u8 last = 0;

	(void)context;
	must(n >= FRAME_HEADER && n <= FRAME_MAX);
	must(memcmp(frame + ETHERNET_SOURCE, mac, sizeof(mac)) == 0);
	for (u32 i = 0; i < n; i++)
		last ^= frame[i];
	heard += last + 1u;
	return heard % 5;
}

static void network_acts(u8 what, u32 place, u32 value)
{
	u8 frame[FRAME_MAX];
	u32 n = place % (FRAME_MAX + 1);

	memset(frame, (u8)value, sizeof(frame));
	memcpy(frame, mac, sizeof(mac));
	/* To the guest, to everybody, or to whomever. */
	if (what & 8)
		memset(frame, 0xFF, MAC_SIZE);
	if (what & 16)
		memcpy(frame, &value, sizeof(value));
	memcpy(frame + ETHERNET_SOURCE, outside, sizeof(outside));
	switch_send(&network, OUTSIDE, frame, n);
}

int LLVMFuzzerTestOneInput(const u8 *bytes, size_t n)
{
	static struct virtio_net card;
	struct switch_port station = { .deliver = hear, .uplink = true };

	heard = 0;
	memset(&guest, 0, sizeof(guest));
	memset(&network, 0, sizeof(network));
	memset(&card, 0, sizeof(card));
	memcpy(station.mac, outside, sizeof(outside));
	must(switch_connect(&network, OUTSIDE, &station) == OK);
	must(virtio_net_init(&card, &network, GUEST_PORT, mac, false, guest_memory_of(&guest), guest_irq_of(&guest)) ==
	        OK);
	must(virtio_attach(&card.virtio, &guest.bus, DEVICE_MMIO) == OK);
	driver_start(&guest, card.virtio.class->queues, DRIVER_RING);
	driver_run(&guest, reader_on(bytes, n), &card.virtio, network_acts);
	return 0;
}
