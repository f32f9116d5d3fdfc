/* virtio-mmio, split queues and the entropy device: as virtio 1.2 and Linux see them, and as an attacker does. */
#include "hv/dev/virtio_rng.h"
#include "tests/unit/hv_dev_guest.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { NEEDS_RESET = 0x40, SIZE = 8 };

static struct guest guest;
static struct virtio_rng rng;

static u32 fill(u8 *to, u32 n)
{
	memset(to, 0xA5, n);
	return n;
}

static int with_rng(void **state)
{
	(void)state;
	memset(&guest, 0, sizeof(guest));
	virtio_rng_init(&rng, fill, guest_memory_of(&guest), guest_irq_of(&guest));
	assert_int_equal(virtio_attach(&rng.virtio, &guest.bus, DEVICE_MMIO), OK);
	driver_start(&guest, 1, SIZE);
	return 0;
}

static void registers_are_the_specifications(void **state)
{
	(void)state;
	assert_int_equal(device_get(&guest, 0x000), 0x74726976);
	assert_int_equal(device_get(&guest, 0x004), 2);
	assert_int_equal(device_get(&guest, 0x008), 4);
	assert_int_equal(device_get(&guest, 0x070), 0xF);
	device_set(&guest, 0x30, 0);
	assert_int_equal(device_get(&guest, 0x034), 128);
	assert_int_equal(device_get(&guest, 0x044), 1);
	device_set(&guest, 0x30, 1);
	assert_int_equal(device_get(&guest, 0x034), 0);
	assert_int_equal(device_get(&guest, 0x044), 0);
	device_set(&guest, 0x44, 1);
	/* No shared memory: length and base are all ones. */
	assert_int_equal(device_get(&guest, 0x0B0), 0xFFFFFFFF);
	assert_int_equal(device_get(&guest, 0x0BC), 0xFFFFFFFF);
	/* Only whole, aligned registers. */
	assert_int_equal(bus_read(&guest.bus, BUS_MMIO, DEVICE_MMIO, 2), 0);
	bus_write(&guest.bus, BUS_MMIO, DEVICE_MMIO + 0x70, 1, 0);
	assert_int_equal(device_get(&guest, 0x070), 0xF);
	device_set(&guest, 0x70, 0);
	assert_int_equal(device_get(&guest, 0x070), 0);
	device_set(&guest, 0x30, 0);
	assert_int_equal(device_get(&guest, 0x044), 0);
}

static void features_must_be_offered_and_modern(void **state)
{
	(void)state;
	static const struct {
		u32 select, value, status;
	} cases[] = { { 1, 1, 0xB }, { 1, 0, 3 }, { 1, 3, 3 }, { 0, 1, 3 }, { 2, 1, 3 } };
	device_set(&guest, 0x14, 0);
	assert_int_equal(device_get(&guest, 0x10), 0);
	device_set(&guest, 0x14, 1);
	assert_int_equal(device_get(&guest, 0x10), 1);
	device_set(&guest, 0x14, 2);
	assert_int_equal(device_get(&guest, 0x10), 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		device_set(&guest, 0x70, 0);
		device_set(&guest, 0x70, 3);
		device_set(&guest, 0x24, 1);
		device_set(&guest, 0x20, 1);
		device_set(&guest, 0x24, cases[i].select);
		device_set(&guest, 0x20, cases[i].value);
		device_set(&guest, 0x70, 0xB);
		assert_int_equal(device_get(&guest, 0x70), cases[i].status);
		/* Nor does DRIVER_OK stick without them. */
		device_set(&guest, 0x70, 0xF);
		assert_int_equal(device_get(&guest, 0x70), cases[i].status == 0xB ? 0xF : 3);
	}
}

static void entropy_arrives_and_interrupts(void **state)
{
	(void)state;
	put_descriptor(&guest, 0, 3, BUFFERS, 32, WRITE, 0);
	put_descriptor(&guest, 0, 5, BUFFERS + 0x100, 16, WRITE | NEXT, 6);
	put_descriptor(&guest, 0, 6, BUFFERS + 0x200, 1000, WRITE, 0);
	offer(&guest, 0, 3);
	offer(&guest, 0, 5);
	kick(&guest, 0);
	assert_int_equal(used_index(&guest, 0), 2);
	assert_int_equal(used_id(&guest, 0, 0), 3);
	assert_int_equal(used_length(&guest, 0, 0), 32);
	assert_int_equal(used_id(&guest, 0, 1), 5);
	assert_int_equal(used_length(&guest, 0, 1), VIRTIO_RNG_BYTES_MAX);
	assert_int_equal(guest_at(&guest, BUFFERS)[31], 0xA5);
	assert_int_equal(guest_at(&guest, BUFFERS)[32], 0);
	assert_int_equal(guest_at(&guest, BUFFERS + 0x200)[VIRTIO_RNG_BYTES_MAX - 17], 0xA5);
	assert_int_equal(guest_at(&guest, BUFFERS + 0x200)[VIRTIO_RNG_BYTES_MAX - 16], 0);
	assert_true(guest.interrupt);
	assert_int_equal(device_get(&guest, 0x60), 1);
	device_set(&guest, 0x64, 1);
	assert_false(guest.interrupt);
	assert_int_equal(device_get(&guest, 0x60), 0);
}

static void the_driver_may_ask_not_to_be_interrupted(void **state)
{
	(void)state;
	store_le16(guest_at(&guest, ring_base(0) + AVAILABLE), 1);
	put_descriptor(&guest, 0, 0, BUFFERS, 32, WRITE, 0);
	offer(&guest, 0, 0);
	kick(&guest, 0);
	assert_int_equal(used_index(&guest, 0), 1);
	assert_false(guest.interrupt);
}

/* One batch a notification, and one an acknowledgement, also for a driver that wants no interrupts. */
static void a_full_ring_is_taken_in_batches(void **state)
{
	enum { MANY = 2 * VIRTIO_BATCH + 8, RING = 64 };
	(void)state;
	driver_start(&guest, 1, RING);
	store_le16(guest_at(&guest, ring_base(0) + AVAILABLE), 1);
	for (u32 i = 0; i < MANY; i++) {
		put_descriptor(&guest, 0, i, BUFFERS, 32, WRITE, 0);
		offer(&guest, 0, (u16)i);
	}
	kick(&guest, 0);
	assert_int_equal(used_index(&guest, 0), VIRTIO_BATCH);
	assert_true(guest.interrupt);
	device_set(&guest, 0x64, 1);
	assert_int_equal(used_index(&guest, 0), 2 * VIRTIO_BATCH);
	assert_true(guest.interrupt);
	device_set(&guest, 0x64, 1);
	assert_int_equal(used_index(&guest, 0), MANY);
	assert_false(guest.interrupt);
	device_set(&guest, 0x64, 1);
	assert_false(guest.interrupt);
	/* A reset leaves nothing to go on with. */
	for (u32 i = 0; i < MANY; i++)
		offer(&guest, 0, (u16)i);
	kick(&guest, 0);
	device_set(&guest, 0x70, 0);
	device_set(&guest, 0x64, 1);
	assert_int_equal(used_index(&guest, 0), MANY + VIRTIO_BATCH);
}

static void rings_wrap_around(void **state)
{
	(void)state;
	for (u32 i = 0; i < 70000; i++) {
		u16 d = (u16)(i % SIZE);
		put_descriptor(&guest, 0, d, BUFFERS, 1 + i % 32, WRITE, 0);
		offer(&guest, 0, d);
		kick(&guest, 0);
		assert_int_equal(used_index(&guest, 0), (u16)(i + 1));
		assert_int_equal(used_length(&guest, 0, i % 65536), 1 + i % 32);
	}
	assert_int_equal(rng.virtio.status & 0x40, 0);
}

/* Expects that the last kick broke the device, that it stays quiet, and that a reset makes it whole. */
static void assert_broken(const u8 *before)
{
	assert_int_equal(device_get(&guest, 0x70) & NEEDS_RESET, NEEDS_RESET);
	assert_int_equal(device_get(&guest, 0x60) & 2, 2);
	assert_true(guest.interrupt);
	assert_int_equal(rng.virtio.status & 0x40, 0x40);
	/* Nothing was written anywhere. */
	assert_memory_equal(before, guest.bytes, GUEST_SIZE);
	u64 accesses = guest.accesses;
	kick(&guest, 0);
	assert_int_equal(guest.accesses, accesses);
	driver_start(&guest, 1, SIZE);
	assert_int_equal(device_get(&guest, 0x70), 0xF);
	assert_false(guest.interrupt);
	put_descriptor(&guest, 0, 0, BUFFERS, 32, WRITE, 0);
	offer(&guest, 0, 0);
	kick(&guest, 0);
	assert_int_equal(used_index(&guest, 0), 1);
}

struct bad_descriptor {
	u64 address;
	u32 length;
	u16 flags, next;
};

static void a_bad_descriptor_needs_a_reset(void **state)
{
	static const struct bad_descriptor bad[] = {
		{ BUFFERS, 16, WRITE | NEXT, SIZE }, /* beyond the table */
		{ BUFFERS, 16, WRITE | NEXT, 0xFFFF },
		{ BUFFERS, 16, WRITE | NEXT, 0 }, /* itself */
		{ 0, 16, WRITE, 0 },
		{ GUEST_BASE - 1, 16, WRITE, 0 },
		{ GUEST_BASE + GUEST_SIZE - 15, 16, WRITE, 0 },
		{ UINT64_MAX - 7, 16, WRITE, 0 },
		{ BUFFERS, UINT32_MAX, WRITE, 0 },
		{ (u64)1 << 63, 16, WRITE, 0 },
		{ BUFFERS, 16, INDIRECT, 0 },
		{ BUFFERS, 16, INDIRECT | WRITE, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		static u8 before[GUEST_SIZE];
		with_rng(state);
		put_descriptor(&guest, 0, 0, bad[i].address, bad[i].length, bad[i].flags, bad[i].next);
		offer(&guest, 0, 0);
		memcpy(before, guest.bytes, GUEST_SIZE);
		kick(&guest, 0);
		assert_broken(before);
	}
}

static void a_loop_ends(void **state)
{
	static u8 before[GUEST_SIZE];
	(void)state;
	put_descriptor(&guest, 0, 0, BUFFERS, 0, WRITE | NEXT, 1);
	put_descriptor(&guest, 0, 1, BUFFERS, 0, WRITE | NEXT, 0);
	offer(&guest, 0, 0);
	memcpy(before, guest.bytes, GUEST_SIZE);
	u64 accesses = guest.accesses;
	kick(&guest, 0);
	assert_true(guest.accesses - accesses <= VIRTQ_SEGMENTS_MAX + 2);
	assert_broken(before);
}

static void readable_after_writable_is_refused(void **state)
{
	static u8 before[GUEST_SIZE];
	(void)state;
	put_descriptor(&guest, 0, 0, BUFFERS, 16, WRITE | NEXT, 1);
	put_descriptor(&guest, 0, 1, BUFFERS, 16, 0, 0);
	offer(&guest, 0, 0);
	memcpy(before, guest.bytes, GUEST_SIZE);
	kick(&guest, 0);
	assert_broken(before);
}

/* Of a guest so large that each length would be possible. */
static u8 *anywhere(void *context, u64 address, u64 *n)
{
	struct guest *g = context;
	u64 offset = (address - GUEST_BASE) % GUEST_SIZE;

	*n = *n < GUEST_SIZE - offset ? *n : GUEST_SIZE - offset;
	return g->bytes + offset;
}

static void a_chain_is_as_long_as_its_segments_together(void **state)
{
	struct guest_memory all = guest_memory_of(&guest);
	struct virtqueue q = {
		.place = { ring_base(0), ring_base(0) + AVAILABLE, ring_base(0) + USED }, .size = SIZE, .ready = true
	};
	struct virtq_chain chain;
	(void)state;
	/* The whole of guest memory, again and again, stays far below 4 GiB in 32 segments. */
	for (u16 i = 0; i < SIZE - 1; i++)
		put_descriptor(&guest, 0, i, GUEST_BASE, GUEST_SIZE, WRITE | NEXT, (u16)(i + 1));
	put_descriptor(&guest, 0, SIZE - 1, GUEST_BASE, GUEST_SIZE, WRITE, 0);
	offer(&guest, 0, 0);
	assert_int_equal(virtq_pop(&q, &all, &chain), VIRTQ_CHAIN);
	assert_int_equal(chain.writable_bytes, SIZE * GUEST_SIZE);
	assert_int_equal(chain.segments, SIZE);
	u8 byte = 0;
	assert_true(virtq_write(&all, &chain, chain.writable_bytes - 1, &byte, 1));
	assert_false(virtq_write(&all, &chain, chain.writable_bytes, &byte, 1));
	assert_false(virtq_write(&all, &chain, UINT32_MAX, &byte, 2));
	assert_false(virtq_read(&all, &chain, 0, &byte, 1));
	/* Lengths that together overflow 32 bits. */
	struct guest_memory large = { anywhere, &guest };
	put_descriptor(&guest, 0, 0, GUEST_BASE, UINT32_MAX, WRITE | NEXT, 1);
	for (u32 last_length = 0; last_length < 2; last_length++) {
		q.next_available = 0;
		put_descriptor(&guest, 0, 1, GUEST_BASE, last_length, WRITE, 0);
		assert_int_equal(virtq_pop(&q, &large, &chain), last_length ? VIRTQ_BROKEN : VIRTQ_CHAIN);
	}
}

static void an_available_index_that_leaps_is_refused(void **state)
{
	static const u16 index[] = { SIZE + 1, 0x8000, 0xFFFF };
	for (size_t i = 0; i < ARRAY_SIZE(index); i++) {
		static u8 before[GUEST_SIZE];
		with_rng(state);
		store_le16(guest_at(&guest, ring_base(0) + AVAILABLE + 2), index[i]);
		memcpy(before, guest.bytes, GUEST_SIZE);
		kick(&guest, 0);
		assert_broken(before);
	}
}

static void a_head_beyond_the_table_is_refused(void **state)
{
	static u8 before[GUEST_SIZE];
	(void)state;
	offer(&guest, 0, SIZE);
	memcpy(before, guest.bytes, GUEST_SIZE);
	kick(&guest, 0);
	assert_broken(before);
}

static void queues_outside_memory_never_become_ready(void **state)
{
	static const struct {
		u32 size;
		u64 descriptors, available, used;
	} bad[] = {
		{ 0, GUEST_BASE, GUEST_BASE + 0x1000, GUEST_BASE + 0x2000 },
		{ 3, GUEST_BASE, GUEST_BASE + 0x1000, GUEST_BASE + 0x2000 },
		{ 256, GUEST_BASE, GUEST_BASE + 0x1000, GUEST_BASE + 0x2000 },
		{ 0x80000008, GUEST_BASE, GUEST_BASE + 0x1000, GUEST_BASE + 0x2000 },
		{ 8, GUEST_BASE + 8, GUEST_BASE + 0x1000, GUEST_BASE + 0x2000 },
		{ 8, GUEST_BASE, GUEST_BASE + 0x1001, GUEST_BASE + 0x2000 },
		{ 8, GUEST_BASE, GUEST_BASE + 0x1000, GUEST_BASE + 0x2002 },
		{ 8, 0, GUEST_BASE + 0x1000, GUEST_BASE + 0x2000 },
		{ 8, GUEST_BASE + GUEST_SIZE - 112, GUEST_BASE + 0x1000, GUEST_BASE + 0x2000 },
		{ 8, GUEST_BASE, GUEST_BASE + GUEST_SIZE - 20, GUEST_BASE + 0x2000 },
		{ 8, GUEST_BASE, GUEST_BASE + 0x1000, GUEST_BASE + GUEST_SIZE - 68 },
		{ 8, UINT64_MAX - 15, GUEST_BASE + 0x1000, GUEST_BASE + 0x2000 },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		driver_negotiate(&guest);
		queue_place(&guest, 0, bad[i].size, bad[i].descriptors, bad[i].available, bad[i].used);
		assert_int_equal(device_get(&guest, 0x44), 0);
		assert_int_equal(device_get(&guest, 0x70), 0xB | NEEDS_RESET);
	}
	driver_negotiate(&guest);
	queue_place(&guest, 0, 8, GUEST_BASE + GUEST_SIZE - 128, GUEST_BASE + 0x1000, GUEST_BASE + 0x2000);
	assert_int_equal(device_get(&guest, 0x44), 1);
	/* Live, it does not move. */
	device_set(&guest, 0x80, 0);
	assert_int_equal(rng.virtio.queue[0].place[VIRTQ_DESCRIPTORS], GUEST_BASE + GUEST_SIZE - 128);
	/* Before the features are agreed there are no queues. */
	device_set(&guest, 0x70, 0);
	queue_place(&guest, 0, 8, GUEST_BASE, GUEST_BASE + 0x1000, GUEST_BASE + 0x2000);
	assert_int_equal(device_get(&guest, 0x44), 0);
}

static void swap_descriptor(struct guest *g, u64 address)
{
	/* As soon as descriptor 0 was read, it points out of memory. */
	if (address == ring_base(0))
		put_descriptor(g, 0, 0, 0, UINT32_MAX, WRITE | NEXT, 0xFFFF);
}

static void what_changes_after_it_was_read_does_not_matter(void **state)
{
	(void)state;
	put_descriptor(&guest, 0, 0, BUFFERS, 32, WRITE, 0);
	offer(&guest, 0, 0);
	guest.meddle = swap_descriptor;
	kick(&guest, 0);
	guest.meddle = NULL;
	assert_int_equal(rng.virtio.status & 0x40, 0);
	assert_int_equal(used_length(&guest, 0, 0), 32);
	assert_int_equal(guest_at(&guest, BUFFERS)[31], 0xA5);
	assert_int_equal(guest_at(&guest, BUFFERS)[32], 0);
}

static void keep_offering(struct guest *g, u64 address)
{
	if (address == ring_base(0) + AVAILABLE + 2)
		offer(g, 0, 0);
}

static void a_ring_that_never_empties_lets_go(void **state)
{
	(void)state;
	put_descriptor(&guest, 0, 0, BUFFERS, 32, WRITE, 0);
	offer(&guest, 0, 0);
	guest.meddle = keep_offering;
	kick(&guest, 0);
	guest.meddle = NULL;
	assert_in_range(used_index(&guest, 0), 1, VIRTQ_SIZE_MAX);
}

static void nothing_moves_before_the_driver_is_ready(void **state)
{
	(void)state;
	driver_negotiate(&guest);
	queue_place(&guest, 0, SIZE, ring_base(0), ring_base(0) + AVAILABLE, ring_base(0) + USED);
	put_descriptor(&guest, 0, 0, BUFFERS, 32, WRITE, 0);
	offer(&guest, 0, 0);
	u64 accesses = guest.accesses;
	kick(&guest, 0);
	kick(&guest, 4);
	kick(&guest, UINT32_MAX);
	assert_int_equal(guest.accesses, accesses);
	device_set(&guest, 0x70, 0xF);
	kick(&guest, 0);
	assert_int_equal(used_index(&guest, 0), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(registers_are_the_specifications, with_rng),
		cmocka_unit_test_setup(features_must_be_offered_and_modern, with_rng),
		cmocka_unit_test_setup(entropy_arrives_and_interrupts, with_rng),
		cmocka_unit_test_setup(the_driver_may_ask_not_to_be_interrupted, with_rng),
		cmocka_unit_test_setup(a_full_ring_is_taken_in_batches, with_rng),
		cmocka_unit_test_setup(rings_wrap_around, with_rng),
		cmocka_unit_test_setup(a_bad_descriptor_needs_a_reset, with_rng),
		cmocka_unit_test_setup(a_loop_ends, with_rng),
		cmocka_unit_test_setup(readable_after_writable_is_refused, with_rng),
		cmocka_unit_test_setup(a_chain_is_as_long_as_its_segments_together, with_rng),
		cmocka_unit_test_setup(an_available_index_that_leaps_is_refused, with_rng),
		cmocka_unit_test_setup(a_head_beyond_the_table_is_refused, with_rng),
		cmocka_unit_test_setup(queues_outside_memory_never_become_ready, with_rng),
		cmocka_unit_test_setup(what_changes_after_it_was_read_does_not_matter, with_rng),
		cmocka_unit_test_setup(a_ring_that_never_empties_lets_go, with_rng),
		cmocka_unit_test_setup(nothing_moves_before_the_driver_is_ready, with_rng),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
