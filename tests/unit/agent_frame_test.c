/* Frames of the control and block ports as the service VM makes and takes them. */
#include "agent/blkd/serve.h"
#include "agent/control/frame.h"
#include "hv/dev/virtio_blk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void a_request_is_laid_out(void **state)
{
	static u8 out[CONTROL_REQUEST_MAX];
	const struct control_load at = { .id = 3, .part = CONTROL_INITRAMFS, .offset = 0x1122334455667788 };
	const u8 wanted[] = { 35, 0, 0, 0, 1, 0, 17, 0, 0xEF, 0xBE, 0xAD, 0xDE, 0, 0, 0, 0, 3, 0, 0, 0, 1, 0, 0, 0,
		0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11, 'a', 'b', 'c' };

	(void)state;
	assert_int_equal(
	        frame_request(out, CONTROL_LOAD, 0xDEADBEEF, &(struct frame_body){ &at, sizeof(at), "abc", 3 }), 35);
	assert_memory_equal(out, wanted, sizeof(wanted));
}

static void requests_are_bounded(void **state)
{
	static u8 out[CONTROL_REQUEST_MAX], bytes[CONTROL_REQUEST_MAX];
	const u32 room = CONTROL_REQUEST_MAX - 16 - 8;
	struct control_guest_id id = { .id = 1 };

	(void)state;
	assert_int_equal(frame_request(out, CONTROL_CONSOLE_WRITE, 1, &(struct frame_body){ &id, 8, bytes, room }),
	        CONTROL_REQUEST_MAX);
	assert_int_equal(
	        frame_request(out, CONTROL_CONSOLE_WRITE, 1, &(struct frame_body){ &id, 8, bytes, room + 1 }), 0);
	assert_int_equal(
	        frame_request(out, CONTROL_CONSOLE_WRITE, 1, &(struct frame_body){ &id, 8, bytes, UINT32_MAX }), 0);
	assert_int_equal(frame_request(out, CONTROL_STATUS, 1, &(struct frame_body){ 0 }), 16);
}

static const struct {
	struct control_header header;
	u32 have;
	enum err wanted;
} looks[] = {
	{ { 16, 1, CONTROL_REPLY | CONTROL_STOP, 7, 0 }, 16, OK },
	{ { 24, 1, CONTROL_REPLY | CONTROL_STOP, 7, 0 }, 23, ERR_RANGE },
	{ { 24, 1, CONTROL_CHANGED, 0, 0 }, 24, OK },
	{ { 24, 1, CONTROL_CHANGED, 1, 0 }, 24, ERR_CONTROL_KIND }, /* events belong to no request */
	{ { 16, 1, CONTROL_STOP, 0, 0 }, 16, ERR_CONTROL_KIND }, /* a request from the wrong side */
	{ { 16, 2, CONTROL_REPLY | CONTROL_STOP, 7, 0 }, 16, ERR_CONTROL_KIND },
	{ { 16, 1, CONTROL_REPLY | CONTROL_STOP, 7, 0 }, 15, ERR_RANGE },
	{ { 15, 1, CONTROL_REPLY | CONTROL_STOP, 7, 0 }, 16, ERR_CONTROL_KIND },
	{ { 0, 1, CONTROL_REPLY | CONTROL_STOP, 7, 0 }, 16, ERR_CONTROL_KIND },
	{ { CONTROL_REPLY_MAX, 1, CONTROL_REPLY | CONTROL_LOG, 7, 0 }, CONTROL_REPLY_MAX, OK },
	{ { CONTROL_REPLY_MAX + 1, 1, CONTROL_REPLY | CONTROL_LOG, 7, 0 }, CONTROL_REPLY_MAX, ERR_CONTROL_KIND },
	{ { UINT32_MAX, 1, CONTROL_REPLY | CONTROL_LOG, 7, 0 }, CONTROL_REPLY_MAX, ERR_CONTROL_KIND },
};

static void what_comes_in_is_looked_at(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(looks); i++) {
		struct control_header h;

		if (frame_peek((const u8 *)&looks[i].header, looks[i].have, &h) != looks[i].wanted)
			fail_msg("row %zu", i);
	}
}

static void replies_are_split(void **state)
{
	const u8 body[] = { 1, 0, 0, 0, 0, 0, 0, 0, 'x', 'y' };
	struct control_read fixed;
	const u8 *bytes;
	u32 n;

	(void)state;
	assert_int_equal(frame_split(body, sizeof(body), &fixed, sizeof(fixed), &bytes, &n), OK);
	assert_int_equal(fixed.offset, 1);
	assert_ptr_equal(bytes, body + 8);
	assert_int_equal(n, 2);
	assert_int_equal(frame_split(body, 7, &fixed, sizeof(fixed), &bytes, &n), ERR_CONTROL_KIND);
}

static const struct {
	struct block_request request;
	u32 have;
	enum err wanted;
} blocks[] = {
	{ { 32, 1, 0, 0, BLK_READ, 4096, 0 }, 32, OK },
	{ { 32 + 512, 1, 0, 0, BLK_WRITE, 512, 0 }, 32 + 512, OK },
	{ { 32 + 512, 1, 0, 0, BLK_WRITE, 512, 0 }, 32 + 511, ERR_RANGE },
	{ { 32, 1, 0, 0, BLK_READ, 4096, 0 }, 31, ERR_RANGE },
	{ { 32, 1, 0, 0, BLK_WRITE, 512, 0 }, 32, ERR_CONTROL_KIND },
	{ { 32 + 512, 1, 0, 0, BLK_READ, 512, 0 }, 32 + 512, ERR_CONTROL_KIND },
	{ { 32, 1, 0, 0, BLK_READ, BLOCK_TRANSFER_MAX, 0 }, 32, OK },
	{ { 32, 1, 0, 0, BLK_READ, BLOCK_TRANSFER_MAX + 512, 0 }, 32, ERR_CONTROL_KIND },
	{ { 31, 1, 0, 0, BLK_WRITE, UINT32_MAX, 0 }, 32, ERR_CONTROL_KIND },
};

static void block_requests_are_looked_at(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(blocks); i++) {
		struct block_request r;

		if (block_peek((const u8 *)&blocks[i].request, blocks[i].have, &r) != blocks[i].wanted)
			fail_msg("row %zu", i);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_is_laid_out),
		cmocka_unit_test(requests_are_bounded),
		cmocka_unit_test(what_comes_in_is_looked_at),
		cmocka_unit_test(replies_are_split),
		cmocka_unit_test(block_requests_are_looked_at),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
