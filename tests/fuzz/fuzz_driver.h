/*
 * A driver of a virtio device that does anything: each seven bytes of the input are a register write, a change of
 * memory or a kick.
 */
#ifndef SIGNET_TESTS_FUZZ_DRIVER_H
#define SIGNET_TESTS_FUZZ_DRIVER_H

#include "tests/fuzz/fuzz.h"
#include "tests/unit/hv_dev_guest.h"

enum {
	/* In every queue a full ring of full chains, each read, looked up, copied piece by piece and given back. */
	DRIVER_ACCESSES_MAX = VIRTIO_QUEUES_MAX * VIRTQ_SIZE_MAX * (3 * VIRTQ_SEGMENTS_MAX + 64 + 5),
	/* The places of a queue are looked up when it is made ready, also while the device is broken. */
	DRIVER_PLACES = 3,
	DRIVER_NEEDS_RESET = 0x40,
	DRIVER_RING = 16,
};

/* What is left of a step for the device's other side: other than the driver's. */
typedef void driver_other(u8 what, u32 place, u32 value);

static inline void driver_step(struct guest *g, struct reader *r, driver_other *other)
{
	u8 what = read_u8(r);
	u32 place = read_le16(r);
	u32 value = read_le32(r);

	switch (what % 8) {
	case 0:
	case 1:
		device_set(g, place % VIRTIO_MMIO_SIZE & ~3u, value);
		break;
	case 2:
		bus_write(&g->bus, BUS_MMIO, DEVICE_MMIO + place % VIRTIO_MMIO_SIZE, 1u << (what >> 3) % 4, value);
		break;
	case 3:
		put_descriptor(g, place % 8, place / 8 % 16, GUEST_BASE + value % 0x11000, value >> 20,
		        (u16)(what >> 3) % 8, (u16)(place >> 6) % 18);
		break;
	case 4:
		offer(g, place % 8, (u16)(value % 17));
		break;
	case 5:
		memcpy(g->bytes + place % (GUEST_SIZE - 4), &value, 4);
		break;
	case 6:
		kick(g, place % 9);
		break;
	default:
		other(what, place, value);
		break;
	}
}

/* Each step touches guest memory a bounded number of times, and a broken device stays quiet until reset. */
static inline void driver_run(struct guest *g, struct reader r, const struct virtio *device, driver_other *other)
{
	while (r.left >= 7) {
		u64 before = g->accesses;
		bool broken = device->status & DRIVER_NEEDS_RESET;
		driver_step(g, &r, other);
		must(g->accesses - before <= DRIVER_ACCESSES_MAX);
		must(!broken || !(device->status & DRIVER_NEEDS_RESET) || g->accesses - before <= DRIVER_PLACES);
	}
}

#endif
