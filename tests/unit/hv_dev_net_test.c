/* The virtual switch and virtio-net: who hears what, and what nobody may say. */
#include "hv/dev/virtio_net.h"
#include "tests/unit/hv_dev_guest.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { GUEST_A, GUEST_B, UPLINK, OTHER_UPLINK, PORTS, SIZE = 8 };

struct station {
	u8 frame[FRAME_MAX];
	u32 length, frames;
	bool full;
};

static struct net_switch net;
static struct station at[PORTS];
static const u8 mac[PORTS][6] = { { 2, 0, 0, 0, 0, 0xA }, { 2, 0, 0, 0, 0, 0xB }, { 2, 0, 0, 0, 0, 0xC },
	{ 2, 0, 0, 0, 0, 0xD } };
static const u8 outside[6] = { 0x52, 0x54, 0, 1, 2, 3 };
static const u8 everybody[6] = { 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF };

static bool hear(void *context, const u8 *frame, u32 n)
{
	struct station *s = context;
	if (s->full)
		return false;
	memcpy(s->frame, frame, n);
	s->length = n;
	s->frames++;
	return true;
}

static enum err connect(u32 port, const u8 *address, bool uplink)
{
	struct switch_port p = { .deliver = hear, .context = &at[port % PORTS], .uplink = uplink };
	memcpy(p.mac, address, 6);
	return switch_connect(&net, port, &p);
}

static int set_up(void **state)
{
	(void)state;
	memset(&net, 0, sizeof(net));
	memset(at, 0, sizeof(at));
	for (u32 i = 0; i < PORTS; i++)
		assert_int_equal(connect(i, mac[i], i >= UPLINK), OK);
	return 0;
}

static void say_frame(u32 port, const u8 *to, const u8 *from, u32 n)
{
	u8 frame[FRAME_MAX + 2] = { 0 };
	memcpy(frame, to, 6);
	memcpy(frame + 6, from, 6);
	frame[12] = 8;
	frame[14] = (u8)n;
	switch_send(&net, port, frame, n);
}

/* Frames heard since the last call, one digit a port from GUEST_A on. */
static void assert_heard(u32 a, u32 b, u32 up, u32 other)
{
	const u32 expected[PORTS] = { a, b, up, other };
	for (u32 i = 0; i < PORTS; i++) {
		assert_int_equal(at[i].frames, expected[i]);
		at[i].frames = 0;
	}
}

static void guests_hear_what_is_for_them(void **state)
{
	(void)state;
	say_frame(GUEST_A, mac[GUEST_B], mac[GUEST_A], 60);
	assert_heard(0, 1, 0, 0);
	assert_int_equal(at[GUEST_B].length, 60);
	assert_memory_equal(at[GUEST_B].frame, mac[GUEST_B], 6);
	say_frame(GUEST_A, everybody, mac[GUEST_A], 60);
	assert_heard(0, 1, 1, 1);
	/* What is no guest is outside, and no other guest's business. */
	say_frame(GUEST_A, outside, mac[GUEST_A], 60);
	assert_heard(0, 0, 1, 1);
	say_frame(OTHER_UPLINK, mac[GUEST_A], outside, 60);
	assert_heard(1, 0, 0, 0);
	say_frame(UPLINK, everybody, outside, 60);
	assert_heard(1, 1, 0, 1);
	/* Back to where it came from, nothing goes. */
	say_frame(GUEST_A, mac[GUEST_A], mac[GUEST_A], 60);
	assert_heard(0, 0, 0, 0);
}

static void nobody_speaks_as_another(void **state)
{
	static const u8 group[6] = { 3, 0, 0, 0, 0, 1 }, zero[6] = { 0 };
	(void)state;
	say_frame(GUEST_A, everybody, mac[GUEST_B], 60);
	say_frame(GUEST_A, everybody, outside, 60);
	say_frame(UPLINK, everybody, mac[GUEST_A], 60);
	say_frame(UPLINK, everybody, group, 60);
	say_frame(UPLINK, everybody, zero, 60);
	assert_heard(0, 0, 0, 0);
	say_frame(GUEST_A, everybody, mac[GUEST_A], 60);
	assert_heard(0, 1, 1, 1);
}

static void frames_have_their_sizes(void **state)
{
	static const u8 pause[6] = { 0x01, 0x80, 0xC2, 0, 0, 1 };
	(void)state;
	say_frame(GUEST_A, everybody, mac[GUEST_A], FRAME_HEADER - 1);
	say_frame(GUEST_A, everybody, mac[GUEST_A], FRAME_MAX + 1);
	say_frame(GUEST_A, pause, mac[GUEST_A], 60);
	assert_heard(0, 0, 0, 0);
	say_frame(GUEST_A, everybody, mac[GUEST_A], FRAME_HEADER);
	say_frame(GUEST_A, everybody, mac[GUEST_A], FRAME_MAX);
	assert_heard(0, 2, 2, 2);
	switch_send(&net, SWITCH_PORTS_MAX, everybody, 6);
}

static void a_full_port_loses_only_its_own(void **state)
{
	(void)state;
	at[GUEST_B].full = true;
	say_frame(GUEST_A, everybody, mac[GUEST_A], 60);
	assert_heard(0, 0, 1, 1);
}

static void ports_are_taken_once(void **state)
{
	(void)state;
	assert_int_equal(connect(GUEST_A, outside, false), ERR_ARGUMENT);
	assert_int_equal(connect(SWITCH_PORTS_MAX, outside, false), ERR_RANGE);
	assert_int_equal(connect(7, mac[GUEST_A], false), ERR_ARGUMENT);
	assert_int_equal(connect(7, everybody, false), ERR_ARGUMENT);
	switch_disconnect(&net, GUEST_A);
	say_frame(GUEST_A, everybody, mac[GUEST_A], 60);
	assert_heard(0, 0, 0, 0);
	assert_int_equal(connect(7, mac[GUEST_A], false), OK);
}

static struct guest guest;
static struct virtio_net card;

static int with_card(void **state)
{
	set_up(state);
	switch_disconnect(&net, GUEST_A);
	memset(&guest, 0, sizeof(guest));
	assert_int_equal(virtio_net_init(&card, &net, GUEST_A, mac[GUEST_A], false, guest_memory_of(&guest),
	                         guest_irq_of(&guest)),
	        OK);
	assert_int_equal(virtio_attach(&card.virtio, &guest.bus, DEVICE_MMIO), OK);
	driver_start(&guest, 2, SIZE);
	return 0;
}

static void the_card_sends_and_receives(void **state)
{
	(void)state;
	for (u32 i = 0; i < 6; i++)
		assert_int_equal(bus_read(&guest.bus, BUS_MMIO, DEVICE_MMIO + 0x100 + i, 1), mac[GUEST_A][i]);
	assert_int_equal(bus_read(&guest.bus, BUS_MMIO, DEVICE_MMIO + 0x106, 2), 1);
	u8 *frame = guest_at(&guest, BUFFERS + 0x100);
	memcpy(frame, mac[GUEST_B], 6);
	memcpy(frame + 6, mac[GUEST_A], 6);
	memset(frame + 14, 0x5C, 13);
	/* Header and frame apart, as Linux sends them. */
	put_descriptor(&guest, 1, 0, BUFFERS, 12, NEXT, 1);
	put_descriptor(&guest, 1, 1, BUFFERS + 0x100, 60, 0, 0);
	offer(&guest, 1, 0);
	kick(&guest, 1);
	assert_heard(0, 1, 0, 0);
	assert_int_equal(at[GUEST_B].length, 60);
	assert_memory_equal(at[GUEST_B].frame, frame, 60);
	assert_int_equal(used_index(&guest, 1), 1);
	put_descriptor(&guest, 0, 2, BUFFERS + 0x1000, 12 + FRAME_MAX, WRITE, 0);
	offer(&guest, 0, 2);
	say_frame(GUEST_B, mac[GUEST_A], mac[GUEST_B], 100);
	assert_int_equal(used_index(&guest, 0), 1);
	assert_int_equal(used_length(&guest, 0, 0), 112);
	const u8 *got = guest_at(&guest, BUFFERS + 0x1000);
	assert_true(bytes_are_zero(got, 10));
	assert_int_equal(load_le16(got + 10), 1);
	assert_memory_equal(got + 12, mac[GUEST_A], 6);
	assert_int_equal(got[12 + 14], 100);
	/* No buffer, no frame; nobody waits. */
	say_frame(GUEST_B, mac[GUEST_A], mac[GUEST_B], 100);
	assert_int_equal(used_index(&guest, 0), 1);
	assert_int_equal(device_get(&guest, 0x70) & 0x40, 0);
}

static void frames_of_impossible_size_are_dropped(void **state)
{
	static const u32 length[] = { 0, 12, 12 + FRAME_HEADER - 1, 12 + FRAME_MAX + 1, 0x8000 };
	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(length); i++) {
		put_descriptor(&guest, 1, 0, GUEST_BASE, length[i], 0, 0);
		offer(&guest, 1, 0);
		kick(&guest, 1);
		assert_int_equal(used_index(&guest, 1), i + 1);
	}
	assert_int_equal(device_get(&guest, 0x70) & 0x40, 0);
	assert_heard(0, 0, 0, 0);
}

static void a_receive_buffer_too_small_is_a_breach(void **state)
{
	(void)state;
	put_descriptor(&guest, 0, 0, BUFFERS, 12 + 59, WRITE, 0);
	offer(&guest, 0, 0);
	say_frame(GUEST_B, mac[GUEST_A], mac[GUEST_B], 60);
	assert_int_equal(device_get(&guest, 0x70) & 0x40, 0x40);
	assert_int_equal(used_index(&guest, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(guests_hear_what_is_for_them, set_up),
		cmocka_unit_test_setup(nobody_speaks_as_another, set_up),
		cmocka_unit_test_setup(frames_have_their_sizes, set_up),
		cmocka_unit_test_setup(a_full_port_loses_only_its_own, set_up),
		cmocka_unit_test_setup(ports_are_taken_once, set_up),
		cmocka_unit_test_setup(the_card_sends_and_receives, with_card),
		cmocka_unit_test_setup(frames_of_impossible_size_are_dropped, with_card),
		cmocka_unit_test_setup(a_receive_buffer_too_small_is_a_breach, with_card),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
