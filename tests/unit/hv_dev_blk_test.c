/* virtio-blk over a carrier that takes its time, dies, or lies. */
#include "hv/dev/virtio_blk.h"
#include "tests/unit/hv_dev_guest.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { SECTORS = 100, SIZE = 32, HEADER = BUFFERS, STATUS = BUFFERS + 0x100, DATA = BUFFERS + 0x1000 };

static struct guest guest;
static struct virtio_blk blk;
static struct blk_request seen[256];
static u32 requests;
static bool busy;

static bool submit(void *context, const struct blk_request *r)
{
	(void)context;
	if (busy)
		return false;
	seen[requests++ % 256] = *r;
	return true;
}

static void start(bool read_only)
{
	memset(&guest, 0, sizeof(guest));
	requests = 0;
	busy = false;
	virtio_blk_init(&blk, (struct blk_carrier){ submit, NULL }, SECTORS, read_only, guest_memory_of(&guest),
	        guest_irq_of(&guest));
	assert_int_equal(virtio_attach(&blk.virtio, &guest.bus, DEVICE_MMIO), OK);
	driver_start(&guest, 1, SIZE);
	*guest_at(&guest, STATUS) = 0xEE;
}

static int set_up(void **state)
{
	(void)state;
	start(false);
	return 0;
}

/* A request of three descriptors, as Linux makes them; the data is left out when there is none. */
static void ask(u32 type, u64 sector, u32 bytes)
{
	u16 data_flags = type == 0 ? WRITE | NEXT : NEXT;
	store_le32(guest_at(&guest, HEADER), type);
	store_le64(guest_at(&guest, HEADER + 8), sector);
	put_descriptor(&guest, 0, 0, HEADER, 16, NEXT, bytes ? 1 : 2);
	put_descriptor(&guest, 0, 1, DATA, bytes, data_flags, 2);
	put_descriptor(&guest, 0, 2, STATUS, 1, WRITE, 0);
	offer(&guest, 0, 0);
	kick(&guest, 0);
}

static u8 status(void)
{
	return *guest_at(&guest, STATUS);
}

static void tells_its_geometry(void **state)
{
	(void)state;
	assert_int_equal(device_get(&guest, 8), 2);
	assert_int_equal(device_get(&guest, 0x100), SECTORS);
	assert_int_equal(device_get(&guest, 0x108), 8192);
	assert_int_equal(device_get(&guest, 0x10C), 30);
	assert_int_equal(device_get(&guest, 0x114), 512);
	device_set(&guest, 0x14, 0);
	assert_int_equal(device_get(&guest, 0x10), 1 << 1 | 1 << 2 | 1 << 6 | 1 << 9);
}

static void a_read_is_carried_and_answered(void **state)
{
	u8 sector[1024];
	(void)state;
	memset(sector, 0x77, sizeof(sector));
	ask(0, 98, 1024);
	assert_int_equal(requests, 1);
	assert_int_equal(seen[0].type, BLK_READ);
	assert_int_equal(seen[0].sector, 98);
	assert_int_equal(seen[0].bytes, 1024);
	assert_int_equal(used_index(&guest, 0), 0);
	/* The carrier may write what was asked for, not the status and not beyond. */
	assert_int_equal(virtio_blk_store(&blk, seen[0].tag, 0, sector, 1024), OK);
	assert_int_equal(virtio_blk_store(&blk, seen[0].tag, 1024, sector, 1), ERR_RANGE);
	assert_int_equal(virtio_blk_store(&blk, seen[0].tag, UINT32_MAX, sector, 2), ERR_RANGE);
	assert_int_equal(virtio_blk_fetch(&blk, seen[0].tag, 0, sector, 1), ERR_ARGUMENT);
	assert_int_equal(status(), 0xEE);
	assert_int_equal(virtio_blk_complete(&blk, seen[0].tag, BLK_OK), OK);
	assert_int_equal(status(), 0);
	assert_int_equal(used_length(&guest, 0, 0), 1025);
	assert_int_equal(guest_at(&guest, DATA)[1023], 0x77);
	assert_int_equal(guest_at(&guest, DATA)[1024], 0);
	/* Answered is answered. */
	assert_int_equal(virtio_blk_complete(&blk, seen[0].tag, BLK_OK), ERR_ARGUMENT);
	assert_int_equal(virtio_blk_store(&blk, seen[0].tag, 0, sector, 1), ERR_ARGUMENT);
}

static void a_write_and_a_flush(void **state)
{
	u8 data[512];
	(void)state;
	memset(guest_at(&guest, DATA), 0x33, 512);
	ask(1, 0, 512);
	assert_int_equal(seen[0].type, BLK_WRITE);
	assert_int_equal(virtio_blk_fetch(&blk, seen[0].tag, 0, data, 512), OK);
	assert_int_equal(data[0] + data[511], 0x66);
	assert_int_equal(virtio_blk_fetch(&blk, seen[0].tag, 1, data, 512), ERR_RANGE);
	assert_int_equal(virtio_blk_store(&blk, seen[0].tag, 0, data, 1), ERR_ARGUMENT);
	assert_int_equal(virtio_blk_complete(&blk, seen[0].tag, BLK_IO_ERROR), OK);
	assert_int_equal(status(), 1);
	ask(4, 12345, 0);
	assert_int_equal(seen[1].type, BLK_FLUSH);
	assert_int_equal(seen[1].bytes + seen[1].sector, 0);
	assert_int_equal(virtio_blk_complete(&blk, seen[1].tag, BLK_OK), OK);
	assert_int_equal(status(), 0);
}

static void what_lies_outside_the_disk_never_leaves(void **state)
{
	static const struct {
		u32 type;
		u64 sector;
		u32 bytes;
		u8 status;
	} bad[] = { { 0, SECTORS, 512, 1 }, { 0, SECTORS - 1, 1024, 1 }, { 0, UINT64_MAX, 512, 1 },
		{ 1, UINT64_MAX - 1, 1024, 1 }, { 0, 0, 511, 1 }, { 1, 0, 513, 1 }, { 0, 0, 0, 1 }, { 1, 0, 0, 1 },
		{ 2, 0, 512, 2 }, { 8, 0, 0, 2 }, { 11, 0, 512, 2 }, { UINT32_MAX, 0, 512, 2 } };
	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(bad); i++) {
		ask(bad[i].type, bad[i].sector, bad[i].bytes);
		assert_int_equal(status(), bad[i].status);
		assert_int_equal(used_index(&guest, 0), i + 1);
		assert_int_equal(used_length(&guest, 0, i), 1);
		*guest_at(&guest, STATUS) = 0xEE;
	}
	assert_int_equal(requests, 0);
	assert_int_equal(blk.virtio.status & 0x40, 0);
	ask(0, SECTORS - 1, 512);
	assert_int_equal(requests, 1);
}

static void a_read_only_disk_is_not_written(void **state)
{
	(void)state;
	start(true);
	device_set(&guest, 0x14, 0);
	assert_int_equal(device_get(&guest, 0x10) >> 5 & 1, 1);
	ask(1, 0, 512);
	assert_int_equal(status(), 1);
	assert_int_equal(requests, 0);
	ask(0, 0, 512);
	assert_int_equal(requests, 1);
}

static void no_place_for_the_status_is_a_breach(void **state)
{
	(void)state;
	put_descriptor(&guest, 0, 0, HEADER, 16, 0, 0);
	offer(&guest, 0, 0);
	kick(&guest, 0);
	assert_int_equal(blk.virtio.status & 0x40, 0x40);
	start(false);
	put_descriptor(&guest, 0, 0, HEADER, 15, NEXT, 1);
	put_descriptor(&guest, 0, 1, STATUS, 1, WRITE, 0);
	offer(&guest, 0, 0);
	kick(&guest, 0);
	assert_int_equal(blk.virtio.status & 0x40, 0x40);
	assert_int_equal(requests, 0);
}

static void the_header_counts_as_it_was_read(void **state)
{
	(void)state;
	ask(0, 5, 512);
	store_le64(guest_at(&guest, HEADER + 8), SECTORS + 1000);
	put_descriptor(&guest, 0, 1, 0, UINT32_MAX, WRITE | NEXT, 0xFFFF);
	virtio_blk_replay(&blk);
	assert_int_equal(requests, 2);
	assert_int_equal(seen[1].sector, 5);
	assert_int_equal(virtio_blk_store(&blk, seen[1].tag, 0, "x", 1), OK);
	assert_int_equal(*guest_at(&guest, DATA), 'x');
}

static void more_requests_than_slots_wait_their_turn(void **state)
{
	(void)state;
	for (u32 i = 0; i < BLK_SLOTS + 4; i++)
		ask(0, i, 512);
	assert_int_equal(requests, BLK_SLOTS);
	for (u32 i = 0; i < BLK_SLOTS; i++)
		for (u32 j = 0; j < i; j++)
			assert_int_not_equal(seen[i].tag, seen[j].tag);
	assert_int_equal(virtio_blk_complete(&blk, seen[3].tag, BLK_OK), OK);
	assert_int_equal(requests, BLK_SLOTS + 1);
	assert_int_equal(virtio_blk_complete(&blk, seen[3].tag, BLK_OK), ERR_ARGUMENT);
}

static void requests_survive_the_death_of_their_server(void **state)
{
	(void)state;
	ask(0, 1, 512);
	ask(0, 2, 512);
	busy = true;
	ask(0, 3, 512);
	assert_int_equal(requests, 2);
	busy = false;
	virtio_blk_replay(&blk);
	assert_int_equal(requests, 5);
	assert_int_equal(seen[2].tag, seen[0].tag);
	assert_int_equal(seen[3].tag, seen[1].tag);
	virtio_blk_resume(&blk);
	assert_int_equal(requests, 5);
	for (u32 i = 2; i < 5; i++)
		assert_int_equal(virtio_blk_complete(&blk, seen[i].tag, BLK_OK), OK);
	assert_int_equal(used_index(&guest, 0), 3);
}

static void a_reset_forgets_and_late_answers_find_nothing(void **state)
{
	(void)state;
	ask(0, 1, 512);
	u32 old = seen[0].tag;
	driver_start(&guest, 1, SIZE);
	assert_int_equal(virtio_blk_complete(&blk, old, BLK_OK), ERR_ARGUMENT);
	ask(0, 1, 512);
	assert_int_not_equal(seen[1].tag, old);
	assert_int_equal(virtio_blk_store(&blk, old, 0, "x", 1), ERR_ARGUMENT);
	assert_int_equal(virtio_blk_complete(&blk, seen[1].tag, BLK_OK), OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(tells_its_geometry, set_up),
		cmocka_unit_test_setup(a_read_is_carried_and_answered, set_up),
		cmocka_unit_test_setup(a_write_and_a_flush, set_up),
		cmocka_unit_test_setup(what_lies_outside_the_disk_never_leaves, set_up),
		cmocka_unit_test_setup(a_read_only_disk_is_not_written, set_up),
		cmocka_unit_test_setup(no_place_for_the_status_is_a_breach, set_up),
		cmocka_unit_test_setup(the_header_counts_as_it_was_read, set_up),
		cmocka_unit_test_setup(more_requests_than_slots_wait_their_turn, set_up),
		cmocka_unit_test_setup(requests_survive_the_death_of_their_server, set_up),
		cmocka_unit_test_setup(a_reset_forgets_and_late_answers_find_nothing, set_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
