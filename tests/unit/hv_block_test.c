/* Guests' disks over signet.block: a server that serves, one that lies, and one that dies. */
#include "tests/unit/hv_control_fakes.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum {
	RECEIVE = 6,
	TRANSMIT = 7,
	GUESTS = 2,
	SECTORS = 1000,
	HEADER = BUFFERS,
	DATA = BUFFERS + 0x200,
	STATUS = BUFFERS + 0x100
};
enum { REQUEST = sizeof(struct block_request), ANSWER = sizeof(struct block_answer), NOT_YET = 0xEE };

static struct driver driver;
static struct guest guests[GUESTS];
static struct virtio_blk blk[GUESTS];
static u32 read;
static u8 stream[1 << 20];
static u32 streamed;

static int fresh(void **state)
{
	(void)state;
	memset(&fake, 0, sizeof(fake));
	memset(&guest_network, 0, sizeof(guest_network));
	ports_detach();
	assert_int_equal(service_up(&driver), OK);
	read = streamed = 0;
	for (u32 i = 0; i < GUESTS; i++) {
		struct guest *g = &guests[i];
		block_detach(&blk[i]);
		memset(g, 0, sizeof(*g));
		virtio_blk_init(&blk[i], block_carrier(10 + i, i, &blk[i]), SECTORS, false, guest_memory_of(g),
		        guest_irq_of(g));
		assert_int_equal(virtio_attach(&blk[i].virtio, &g->bus, DEVICE_MMIO), OK);
		driver_start(g, 1, 16);
	}
	return 0;
}

static int serving(void **state)
{
	fresh(state);
	driver_post(&driver, RECEIVE, 100, 4096);
	service_opens(&driver, PORT_BLOCK);
	return 0;
}

/* The guest asks for n bytes; slot: which of its descriptors, so that several may be under way. */
static void guest_asks(u32 i, u32 slot, u32 type, u64 sector, u32 n)
{
	struct guest *g = &guests[i];
	u16 d = (u16)(slot * 3);
	u8 *header = guest_at(g, HEADER + slot * 16);

	store_le32(header, type);
	store_le64(header + 8, sector);
	*guest_at(g, STATUS + slot) = NOT_YET;
	put_descriptor(g, 0, d, HEADER + slot * 16, 16, NEXT, d + 1);
	put_descriptor(g, 0, d + 1, DATA + slot * 0x1000, n, type == BLK_READ ? NEXT | WRITE : NEXT, d + 2);
	put_descriptor(g, 0, d + 2, STATUS + slot, 1, WRITE, 0);
	offer(g, 0, d);
	kick(g, 0);
}

static u8 guest_status(u32 i, u32 slot)
{
	return *guest_at(&guests[i], STATUS + slot);
}

/* All that came so far, joined. */
static void gather(void)
{
	for (; read < driver_used(&driver, RECEIVE); read++) {
		u32 n = driver_received(&driver, RECEIVE, read);
		memcpy(stream + streamed, driver_buffer(&driver, RECEIVE, read), n);
		streamed += n;
	}
}

/* The next request and its data; it is consumed. */
static bool next(struct block_request *r, u8 *data)
{
	gather();
	if (streamed < REQUEST)
		return false;
	memcpy(r, stream, REQUEST);
	if (streamed < r->length)
		return false;
	if (data)
		memcpy(data, stream + REQUEST, r->length - REQUEST);
	streamed -= r->length;
	memmove(stream, stream + r->length, streamed);
	/* As Linux does with what it has read. */
	driver_post(&driver, RECEIVE, 1, 4096);
	return true;
}

static void answer(const struct block_request *r, u32 status, const void *data, u32 n)
{
	static u8 bytes[32768];
	const struct block_answer a = { ANSWER + n, r->guest, r->disk, r->tag, status, 0 };

	memcpy(bytes, &a, ANSWER);
	if (n)
		memcpy(bytes + ANSWER, data, n);
	driver_send(&driver, TRANSMIT, bytes, ANSWER + n);
}

static void reads_and_writes_go_through(void **state)
{
	static u8 data[4096];
	struct block_request r = { 0 };

	(void)state;
	guest_asks(0, 0, BLK_READ, 7, 1024);
	assert_true(next(&r, NULL));
	assert_int_equal(r.guest, 10);
	assert_int_equal(r.disk, 0);
	assert_int_equal(r.type, BLK_READ);
	assert_int_equal(r.sector, 7);
	assert_int_equal(r.bytes, 1024);
	assert_int_equal(r.length, REQUEST);
	memset(data, 0x5A, sizeof(data));
	answer(&r, BLK_OK, data, 1024);
	assert_int_equal(guest_status(0, 0), BLK_OK);
	assert_memory_equal(guest_at(&guests[0], DATA), data, 1024);
	assert_int_equal(*guest_at(&guests[0], DATA + 1024), 0);
	memset(guest_at(&guests[1], DATA + 0x1000), 0xC3, 512);
	guest_asks(1, 1, BLK_WRITE, 999, 512);
	assert_true(next(&r, data));
	assert_int_equal(r.guest, 11);
	assert_int_equal(r.disk, 1);
	assert_int_equal(r.type, BLK_WRITE);
	assert_int_equal(r.length, REQUEST + 512);
	assert_int_equal(data[0], 0xC3);
	assert_int_equal(data[511], 0xC3);
	answer(&r, BLK_IO_ERROR, NULL, 0);
	assert_int_equal(guest_status(1, 1), BLK_IO_ERROR);
}

/* One answer, changed in one thing: dropped whole, and the true one after it counts. */
static void what_was_not_asked_is_dropped(void **state)
{
	enum {
		OTHER_GUEST,
		NO_GUEST,
		OTHER_DISK,
		OTHER_TAG,
		OTHER_SLOT,
		SHORT,
		LONG,
		ODD_STATUS,
		DATA_OF_ERROR,
		CASES
	};
	static const u8 data[1024] = { 1 };
	struct block_request r = { 0 };

	for (u32 i = 0; i < CASES; i++) {
		serving(state);
		guest_asks(0, 0, BLK_READ, 0, 512);
		assert_true(next(&r, NULL));
		struct block_request bad = r;
		bad.guest += i == OTHER_GUEST ? 1 : i == NO_GUEST ? 100 : 0;
		bad.disk += i == OTHER_DISK;
		bad.tag += i == OTHER_TAG ? BLK_SLOTS : i == OTHER_SLOT;
		u32 n = i == SHORT ? 511 : i == LONG ? 513 : 512;
		answer(&bad, i == ODD_STATUS ? 3 : i == DATA_OF_ERROR ? BLK_IO_ERROR : BLK_OK, data, n);
		assert_int_equal(guest_status(0, 0), NOT_YET);
		assert_int_equal(used_index(&guests[0], 0), 0);
		assert_int_equal(*guest_at(&guests[0], DATA), 0);
		answer(&r, BLK_OK, data, 512);
		assert_int_equal(guest_status(0, 0), BLK_OK);
		assert_int_equal(*guest_at(&guests[0], DATA), 1);
		/* And never twice. */
		answer(&r, BLK_OK, data, 512);
		assert_int_equal(used_index(&guests[0], 0), 1);
	}
}

static void a_senseless_length_closes_the_port(void **state)
{
	static const u32 lengths[] = { 0, ANSWER - 1, ANSWER + BLOCK_TRANSFER_MAX + 1, UINT32_MAX };

	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		struct block_request r = { 0 };
		struct block_answer a = { .length = lengths[i] };
		serving(state);
		driver_send(&driver, TRANSMIT, &a, ANSWER);
		guest_asks(0, 0, BLK_READ, 0, 512);
		assert_false(next(&r, NULL));
		service_closes(&driver, PORT_BLOCK);
		service_opens(&driver, PORT_BLOCK);
		assert_true(next(&r, NULL));
	}
}

/* However many buffers there are: each frame is copied while everybody waits. */
static void frames_begin_a_few_at_a_time(void **state)
{
	struct block_request r = { 0 };
	u32 count = 0;

	serving(state);
	for (u32 i = 0; i < 10; i++)
		guest_asks(i % 2, i / 2, BLK_READ, i, 512);
	gather();
	assert_int_equal(streamed, REQUEST);
	driver_kick(&driver, RECEIVE);
	gather();
	assert_int_equal(streamed, 5 * REQUEST);
	while (next(&r, NULL))
		count++;
	assert_int_equal(count, 10);
}

static void answers_need_no_borders(void **state)
{
	static u8 bytes[2 * (ANSWER + 512)];
	struct block_request r[2] = { 0 };

	(void)state;
	for (u32 i = 0; i < 2; i++) {
		guest_asks(0, i, BLK_READ, i, 512);
		assert_true(next(&r[i], NULL));
		const struct block_answer a = { ANSWER + 512, r[i].guest, r[i].disk, r[i].tag, BLK_OK, 0 };
		memcpy(bytes + i * (ANSWER + 512), &a, ANSWER);
		memset(bytes + i * (ANSWER + 512) + ANSWER, 0x10 + (int)i, 512);
	}
	for (u32 at = 0; at < sizeof(bytes); at += 67)
		driver_send(&driver, TRANSMIT, bytes + at, at + 67 > sizeof(bytes) ? (u32)sizeof(bytes) - at : 67);
	for (u32 i = 0; i < 2; i++) {
		assert_int_equal(guest_status(0, i), BLK_OK);
		assert_int_equal(*guest_at(&guests[0], DATA + i * 0x1000), 0x10 + i);
		assert_int_equal(*guest_at(&guests[0], DATA + i * 0x1000 + 511), 0x10 + i);
	}
}

static void requests_wait_and_are_replayed(void **state)
{
	struct block_request first = { 0 }, again = { 0 }, r = { 0 };

	(void)state;
	fresh(state);
	/* Nobody serves yet. */
	guest_asks(0, 0, BLK_READ, 3, 512);
	guest_asks(1, 0, BLK_WRITE, 4, 512);
	driver_post(&driver, RECEIVE, 100, 4096);
	assert_false(next(&r, NULL));
	service_opens(&driver, PORT_BLOCK);
	assert_true(next(&first, NULL));
	assert_true(next(&r, NULL));
	assert_false(next(&again, NULL));
	/* The server dies with half an answer written; the next one is asked the same again. */
	driver_send(&driver, TRANSMIT, &first, 20);
	service_closes(&driver, PORT_BLOCK);
	answer(&first, BLK_OK, stream, 512);
	assert_int_equal(guest_status(0, 0), NOT_YET);
	service_opens(&driver, PORT_BLOCK);
	assert_true(next(&again, NULL));
	assert_memory_equal(&again, &first, sizeof(first));
	assert_true(next(&again, NULL));
	assert_memory_equal(&again, &r, sizeof(r));
	answer(&r, BLK_OK, NULL, 0);
	assert_int_equal(guest_status(1, 0), BLK_OK);
	/* The service VM dies, too: only what is unanswered comes again. */
	ports_detach();
	guest_asks(1, 1, BLK_READ, 5, 512);
	assert_int_equal(service_up(&driver), OK);
	read = streamed = 0;
	driver_post(&driver, RECEIVE, 100, 4096);
	service_opens(&driver, PORT_BLOCK);
	assert_true(next(&again, NULL));
	assert_memory_equal(&again, &first, sizeof(first));
	assert_true(next(&again, NULL));
	assert_int_equal(again.sector, 5);
	assert_false(next(&again, NULL));
	answer(&first, BLK_OK, stream, 512);
	assert_int_equal(guest_status(0, 0), BLK_OK);
}

static void a_frame_is_whole_whatever_its_guest_does(void **state)
{
	static u8 data[4096];
	struct block_request r = { 0 };

	(void)state;
	fresh(state);
	driver_post(&driver, RECEIVE, 1, 100);
	service_opens(&driver, PORT_BLOCK);
	memset(guest_at(&guests[0], DATA), 0x77, 4096);
	guest_asks(0, 0, BLK_WRITE, 1, 4096);
	gather();
	assert_int_equal(streamed, 100);
	/* Its memory changes, its device is reset, it is gone: what was begun is sent as it was. */
	memset(guest_at(&guests[0], DATA), 0, 4096);
	device_set(&guests[0], 0x70, 0);
	block_detach(&blk[0]);
	driver_post(&driver, RECEIVE, 3, 4096);
	assert_true(next(&r, data));
	assert_int_equal(data[0], 0x77);
	assert_int_equal(data[4095], 0x77);
	answer(&r, BLK_OK, NULL, 0);
}

static void a_guest_that_resets_amid_an_answer_gets_nothing(void **state)
{
	static u8 bytes[ANSWER + 1024];
	struct block_request r = { 0 };

	(void)state;
	guest_asks(0, 0, BLK_READ, 1, 1024);
	assert_true(next(&r, NULL));
	const struct block_answer a = { sizeof(bytes), r.guest, r.disk, r.tag, BLK_OK, 0 };
	memset(bytes, 0x99, sizeof(bytes));
	memcpy(bytes, &a, ANSWER);
	driver_send(&driver, TRANSMIT, bytes, ANSWER + 512);
	device_set(&guests[0], 0x70, 0);
	memset(guests[0].bytes, 0, sizeof(guests[0].bytes));
	driver_send(&driver, TRANSMIT, bytes + ANSWER + 512, 512);
	assert_true(bytes_are_zero(guests[0].bytes, sizeof(guests[0].bytes)));
	driver_start(&guests[0], 1, 16);
	guest_asks(0, 0, BLK_READ, 1, 512);
	assert_true(next(&r, NULL));
	answer(&r, BLK_OK, bytes, 512);
	assert_int_equal(guest_status(0, 0), BLK_OK);
}

static void disks_take_turns(void **state)
{
	struct block_request r = { 0 };
	u32 of[GUESTS] = { 0 };

	(void)state;
	fresh(state);
	service_opens(&driver, PORT_BLOCK);
	for (u32 slot = 0; slot < 4; slot++)
		for (u32 i = 0; i < GUESTS; i++)
			guest_asks(i, slot, BLK_WRITE, slot, 512);
	/* One buffer, one frame: after the first one, whose turn it is gets all that fits. */
	for (u32 i = 0; i < 2 * GUESTS; i++) {
		driver_post(&driver, RECEIVE, 1, 4096);
		assert_true(next(&r, NULL));
		of[r.guest - 10]++;
	}
	assert_in_range(of[0], 1, 3);
	assert_in_range(of[1], 1, 3);
}

static void one_disk_too_many_never_goes(void **state)
{
	static struct virtio_blk many[BLOCK_DISKS_ALL];
	static const struct blk_request r = { .type = BLK_FLUSH };
	struct blk_carrier last = { 0 };

	(void)state;
	for (u32 i = 0; i < BLOCK_DISKS_ALL; i++)
		last = block_carrier(100, i, &many[i]);
	assert_false(last.submit(last.context, &r));
	for (u32 i = 0; i < BLOCK_DISKS_ALL; i++)
		block_detach(&many[i]);
	last = block_carrier(100, 0, &many[0]);
	assert_true(last.submit(last.context, &r));
	block_detach(&many[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(reads_and_writes_go_through, serving),
		cmocka_unit_test(what_was_not_asked_is_dropped),
		cmocka_unit_test(a_senseless_length_closes_the_port),
		cmocka_unit_test(frames_begin_a_few_at_a_time),
		cmocka_unit_test_setup(answers_need_no_borders, serving),
		cmocka_unit_test(requests_wait_and_are_replayed),
		cmocka_unit_test(a_frame_is_whole_whatever_its_guest_does),
		cmocka_unit_test_setup(a_guest_that_resets_amid_an_answer_gets_nothing, serving),
		cmocka_unit_test(disks_take_turns),
		cmocka_unit_test_setup(one_disk_too_many_never_goes, serving),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
