/* The console's ports under Linux' driver as it behaves, and under one that does not. */
#include "hv/dev/virtio_console.h"
#include "tests/unit/hv_dev_guest.h"
#include "tests/unit/hv_ports_driver.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { DEVICE_READY = 0, PORT_ADD = 1, PORT_READY = 3, PORT_OPEN = 6, PORT_NAME = 7, NEEDS_RESET = 0x40 };

static struct driver driver;
static struct virtio_console console;

/* A user of a port: keeps what comes, and takes as much as it is let. */
static struct user {
	u32 opened, closed, rooms, calls, lasts;
	u8 bytes[65536];
	u32 length, appetite;
	bool refuse;
	bool answer; /* sends what it gets straight back, and asks for more, from within */
} user[CONSOLE_PORTS];

static u32 take(u32 port, const u8 *bytes, u32 n, bool last)
{
	struct user *u = &user[port];
	u32 taken = n < u->appetite ? n : u->appetite;

	u->calls++;
	memcpy(u->bytes + u->length, bytes, taken);
	u->length += taken;
	u->appetite -= taken;
	u->lasts += last && taken == n;
	if (u->refuse)
		console_refuse(&console, port);
	if (u->answer) {
		console_send(&console, port, bytes, taken);
		console_resume(&console, port);
	}
	return taken;
}

#define USER(i, text, whole)                                                                                           \
	static void opened##i(void)                                                                                    \
	{                                                                                                              \
		user[i].opened++;                                                                                      \
	}                                                                                                              \
	static void closed##i(void)                                                                                    \
	{                                                                                                              \
		user[i].closed++;                                                                                      \
	}                                                                                                              \
	static u32 bytes##i(const u8 *bytes, u32 n, bool last)                                                         \
	{                                                                                                              \
		return take(i, bytes, n, last);                                                                        \
	}                                                                                                              \
	static void room##i(void)                                                                                      \
	{                                                                                                              \
		user[i].rooms++;                                                                                       \
	}                                                                                                              \
	static const struct console_user user##i = { text, whole, opened##i, closed##i, bytes##i, room##i };
USER(0, "first", false)
USER(1, "second", true)
USER(2, "third", false)

static const struct console_user *const users[CONSOLE_PORTS] = { &user0, &user1, &user2 };

static int fresh(void **state)
{
	(void)state;
	memset(user, 0, sizeof(user));
	for (u32 i = 0; i < CONSOLE_PORTS; i++)
		user[i].appetite = UINT32_MAX;
	memset(&driver, 0, sizeof(driver));
	virtio_console_init(&console, users, driver_memory(&driver), driver_line(&driver));
	assert_int_equal(virtio_attach(&console.virtio, &driver.bus, DEVICE_MMIO), OK);
	driver_begin(&driver, 8);
	return 0;
}

static void assert_event(u32 port, u32 event, u32 value)
{
	struct control_message m = { 0 };

	assert_true(driver_control_next(&driver, &m));
	assert_int_equal(m.port, port);
	assert_int_equal(m.event, event);
	assert_int_equal(m.value, value);
}

/* What Linux does from probe to open(). */
static void bring_up(u32 port)
{
	struct control_message m = { 0 };

	driver_post(&driver, 2, 32, 64);
	driver_control(&driver, 0, DEVICE_READY, 1);
	driver_control(&driver, port, PORT_READY, 1);
	driver_control(&driver, port, PORT_OPEN, 1);
	while (driver_control_next(&driver, &m))
		;
	assert_int_equal(user[port].opened, 1);
}

static void ports_come_named_and_open(void **state)
{
	static const char *const names[CONSOLE_PORTS] = { "first", "second", "third" };
	struct control_message m = { 0 };

	(void)state;
	assert_int_equal(bus_read(&driver.bus, BUS_MMIO, DEVICE_MMIO + 0x104, 4), CONSOLE_PORTS);
	driver_post(&driver, 2, 32, 64);
	driver_control(&driver, 0, DEVICE_READY, 1);
	for (u32 i = 0; i < CONSOLE_PORTS; i++)
		assert_event(i, PORT_ADD, 1);
	assert_false(driver_control_next(&driver, &m));
	for (u32 i = 0; i < CONSOLE_PORTS; i++) {
		driver_control(&driver, i, PORT_READY, 1);
		assert_true(driver_control_next(&driver, &m));
		assert_int_equal(m.event, PORT_NAME);
		assert_int_equal(m.length, 8 + strlen(names[i]));
		assert_memory_equal(m.name, names[i], strlen(names[i]));
		assert_event(i, PORT_OPEN, 1);
		assert_false(driver_control_next(&driver, &m));
		assert_int_equal(user[i].opened, 0);
		driver_control(&driver, i, PORT_OPEN, 1);
		assert_int_equal(user[i].opened, 1);
		driver_control(&driver, i, PORT_OPEN, 0);
		assert_int_equal(user[i].closed, 1);
	}
	assert_int_equal(console.virtio.status & 0x40, 0);
}

static void control_waits_for_buffers_and_loses_nothing(void **state)
{
	(void)state;
	driver_control(&driver, 0, DEVICE_READY, 1);
	for (u32 i = 0; i < CONSOLE_PORTS; i++)
		driver_control(&driver, i, PORT_READY, 1);
	for (u32 i = 0; i < CONSOLE_PORTS; i++) {
		driver_post(&driver, 2, 1, 64);
		assert_event(i, PORT_ADD, 1);
		driver_post(&driver, 2, 2, 64);
		assert_event(i, PORT_NAME, 1);
		assert_event(i, PORT_OPEN, 1);
	}
}

static void senseless_control_changes_nothing(void **state)
{
	static const struct control_message cases[] = {
		{ .port = 3, .event = PORT_READY, .value = 1 },
		{ .port = 3, .event = PORT_OPEN, .value = 1 },
		{ .port = UINT32_MAX, .event = PORT_OPEN, .value = 1 },
		{ .port = 0, .event = PORT_READY, .value = 0 },
		{ .port = 0, .event = DEVICE_READY, .value = 0 },
		{ .port = 0, .event = PORT_ADD, .value = 1 },
		{ .port = 0, .event = 2, .value = 1 },
		{ .port = 0, .event = 4, .value = 1 },
		{ .port = 0, .event = 0xFFFF, .value = 0xFFFF },
		{ .port = 0, .event = PORT_OPEN, .value = 0 },
	};
	struct control_message m = { 0 };

	(void)state;
	driver_post(&driver, 2, 32, 64);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		driver_control(&driver, cases[i].port, cases[i].event, cases[i].value);
	assert_false(driver_control_next(&driver, &m));
	for (u32 i = 0; i < CONSOLE_PORTS; i++)
		assert_int_equal(user[i].opened + user[i].closed, 0);
	assert_int_equal(console.virtio.status & 0x40, 0);
	bring_up(0);
}

static void a_short_control_message_needs_a_reset(void **state)
{
	(void)state;
	driver_send(&driver, 3, "\0\0\0\0\6\0\1", 7);
	assert_int_equal(driver_status(&driver) & NEEDS_RESET, NEEDS_RESET);
	assert_int_equal(user[0].opened, 0);
}

static void a_small_buffer_for_control_needs_a_reset(void **state)
{
	(void)state;
	driver_post(&driver, 2, 1, 7);
	driver_control(&driver, 0, DEVICE_READY, 1);
	assert_int_equal(driver_status(&driver) & NEEDS_RESET, NEEDS_RESET);
}

static void bytes_arrive_in_pieces_and_marked(void **state)
{
	static u8 text[32768];

	(void)state;
	for (u32 i = 0; i < sizeof(text); i++)
		text[i] = (u8)(i * 7 + i / 256);
	bring_up(2);
	driver_send(&driver, 7, text, sizeof(text));
	assert_int_equal(user[2].length, sizeof(text));
	assert_memory_equal(user[2].bytes, text, sizeof(text));
	assert_int_equal(user[2].calls, sizeof(text) / CONSOLE_PIECE);
	assert_int_equal(user[2].lasts, 1);
	assert_int_equal(driver_used(&driver, 7), 1);
	/* One byte more than Linux ever sends in one. */
	driver_send_length(&driver, 7, 32769);
	assert_int_equal(driver_status(&driver) & NEEDS_RESET, NEEDS_RESET);
	assert_int_equal(user[2].length, sizeof(text));
}

static void what_the_user_leaves_comes_again(void **state)
{
	(void)state;
	bring_up(0);
	user[0].appetite = 3;
	driver_send(&driver, 1, "abcdef", 6);
	driver_send(&driver, 1, "ghi", 3);
	assert_memory_equal(user[0].bytes, "abc", 4);
	assert_int_equal(driver_used(&driver, 1), 0);
	user[0].appetite = 4;
	console_resume(&console, 0);
	assert_memory_equal(user[0].bytes, "abcdefg", 8);
	assert_int_equal(driver_used(&driver, 1), 1);
	user[0].appetite = 100;
	console_resume(&console, 0);
	assert_memory_equal(user[0].bytes, "abcdefghi", 10);
	assert_int_equal(driver_used(&driver, 1), 2);
	assert_int_equal(user[0].lasts, 2);
}

static void nobody_gets_what_the_one_before_wrote(void **state)
{
	(void)state;
	bring_up(0);
	user[0].appetite = 1;
	driver_send(&driver, 1, "abc", 3);
	driver_send(&driver, 1, "def", 3);
	driver_control(&driver, 0, PORT_OPEN, 0);
	/* Its buffers come back, too. */
	assert_int_equal(driver_used(&driver, 1), 2);
	user[0].appetite = 100;
	driver_control(&driver, 0, PORT_OPEN, 1);
	assert_int_equal(user[0].opened, 2);
	driver_send(&driver, 1, "xyz", 3);
	assert_memory_equal(user[0].bytes, "axyz", 5);
}

static void bytes_for_a_closed_port_go_nowhere(void **state)
{
	(void)state;
	driver_send(&driver, 1, "abc", 3);
	assert_int_equal(user[0].calls, 0);
	assert_int_equal(driver_used(&driver, 1), 1);
	assert_int_equal(console_send(&console, 0, "abc", 3), 0);
}

static void sending_waits_for_buffers(void **state)
{
	(void)state;
	bring_up(0);
	assert_int_equal(console_send(&console, 0, "abcdef", 6), 0);
	driver_post(&driver, 0, 1, 4);
	assert_int_equal(user[0].rooms, 1);
	assert_int_equal(console_send(&console, 0, "abcdef", 6), 4);
	driver_post(&driver, 0, 2, 64);
	assert_int_equal(console_send(&console, 0, "ef", 2), 2);
	assert_int_equal(driver_received(&driver, 0, 0), 4);
	assert_memory_equal(driver_buffer(&driver, 0, 0), "abcd", 5);
	assert_int_equal(driver_received(&driver, 0, 1), 2);
	assert_memory_equal(driver_buffer(&driver, 0, 1), "ef", 3);
	assert_true(driver.interrupt);
}

static void a_message_is_never_split(void **state)
{
	u8 message[4096] = { 0x80, 1 };

	(void)state;
	bring_up(1);
	assert_int_equal(console_send(&console, 1, message, sizeof(message)), 0);
	driver_post(&driver, 4, 2, 4096);
	assert_int_equal(console_send(&console, 1, message, sizeof(message)), sizeof(message));
	assert_int_equal(driver_used(&driver, 4), 1);
	assert_int_equal(driver_received(&driver, 4, 0), sizeof(message));
	assert_int_equal(console_send(&console, 1, message, 10), 10);
	assert_int_equal(driver_received(&driver, 4, 1), 10);
	driver_post(&driver, 4, 1, 4095);
	assert_int_equal(console_send(&console, 1, message, sizeof(message)), 0);
	assert_int_equal(driver_status(&driver) & NEEDS_RESET, NEEDS_RESET);
}

static void an_empty_buffer_is_a_breach_not_a_loop(void **state)
{
	(void)state;
	bring_up(0);
	driver_post(&driver, 0, 1, 0);
	assert_int_equal(console_send(&console, 0, "ef", 2), 0);
	assert_int_equal(driver_status(&driver) & NEEDS_RESET, NEEDS_RESET);
	assert_int_equal(console.virtio.status & 0x40, 0x40);
}

static void a_refused_port_opens_anew(void **state)
{
	(void)state;
	bring_up(0);
	driver_post(&driver, 2, 4, 64);
	user[0].refuse = true;
	driver_send(&driver, 1, "abc", 3);
	user[0].refuse = false;
	assert_int_equal(user[0].closed, 1);
	assert_event(0, PORT_OPEN, 0);
	/* Until the driver's side closes, nothing gets through, nor does opening over it help. */
	driver_send(&driver, 1, "def", 3);
	assert_int_equal(user[0].length, 3);
	assert_int_equal(driver_used(&driver, 1), 2);
	driver_control(&driver, 0, PORT_OPEN, 0);
	assert_event(0, PORT_OPEN, 1);
	driver_control(&driver, 0, PORT_OPEN, 1);
	assert_int_equal(user[0].opened, 2);
	driver_send(&driver, 1, "ghi", 3);
	assert_memory_equal(user[0].bytes, "abcghi", 7);
	/* The others never noticed. */
	assert_int_equal(user[1].opened + user[2].opened, 0);
}

static void a_user_may_call_back(void **state)
{
	(void)state;
	bring_up(0);
	driver_post(&driver, 0, 4, 64);
	user[0].answer = true;
	driver_send(&driver, 1, "abc", 3);
	driver_send(&driver, 1, "def", 3);
	assert_memory_equal(user[0].bytes, "abcdef", 7);
	assert_int_equal(user[0].calls, 2);
	assert_memory_equal(driver_buffer(&driver, 0, 1), "def", 4);
}

static void a_reset_closes_everything(void **state)
{
	(void)state;
	bring_up(0);
	user[0].appetite = 1;
	driver_send(&driver, 1, "abc", 3);
	bus_write(&driver.bus, BUS_MMIO, DEVICE_MMIO + 0x70, 4, 0);
	assert_int_equal(user[0].closed, 1);
	assert_int_equal(user[1].closed, 0);
	assert_int_equal(console_send(&console, 0, "abc", 3), 0);
	console_resume(&console, 0);
	assert_int_equal(user[0].length, 1);
	user[0].appetite = 100;
	user[0].opened = 0;
	driver_begin(&driver, 8);
	bring_up(0);
	driver_send(&driver, 1, "xyz", 3);
	assert_memory_equal(user[0].bytes, "axyz", 5);
	/* As when the whole VM is gone. */
	virtio_console_close(&console);
	assert_int_equal(user[0].closed, 2);
	virtio_console_close(&console);
	assert_int_equal(user[0].closed, 2);
}

static void rings_that_lie_break_the_device(void **state)
{
	static const struct {
		u32 queue;
		u64 address;
		u32 length;
		u16 flags, next;
	} bad[] = {
		{ 1, 0, 16, 0, 0 },
		{ 1, DRIVER_BASE + DRIVER_SIZE - 15, 16, 0, 0 },
		{ 1, UINT64_MAX - 7, 16, 0, 0 },
		{ 1, DRIVER_BASE, UINT32_MAX, 0, 0 },
		{ 1, DRIVER_BASE, 16, NEXT, 0 },
		{ 1, DRIVER_BASE, 16, NEXT, 0xFFFF },
		{ 1, DRIVER_BASE, 16, INDIRECT, 0 },
		{ 3, 0, 8, 0, 0 },
		{ 3, DRIVER_BASE, 8, NEXT, 0 },
		{ 7, DRIVER_BASE, DRIVER_SIZE, 0, 0 },
		{ 3, DRIVER_BASE, 8, WRITE, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		fresh(state);
		bring_up(bad[i].queue == 7 ? 2 : 0);
		driver_descriptor(&driver, bad[i].queue, 0, bad[i].address, bad[i].length, bad[i].flags, bad[i].next);
		driver_offer(&driver, bad[i].queue, 0);
		driver_kick(&driver, bad[i].queue);
		assert_int_equal(driver_status(&driver) & NEEDS_RESET, NEEDS_RESET);
		assert_int_equal(user[0].length + user[2].length, 0);
		/* Quiet from then on. */
		u64 accesses = driver.accesses;
		for (u32 q = 0; q < 10; q++)
			driver_kick(&driver, q);
		assert_int_equal(driver.accesses, accesses);
		assert_int_equal(console.virtio.status & 0x40, 0x40);
	}
}

/* What a user does at each opening is not done for the asking. */
static void opening_an_open_port_does_nothing(void **state)
{
	(void)state;
	bring_up(1);
	driver_control(&driver, 1, PORT_OPEN, 1);
	assert_int_equal(user[1].opened, 1);
	assert_int_equal(user[1].closed, 0);
	driver_control(&driver, 1, PORT_OPEN, 0);
	driver_control(&driver, 1, PORT_OPEN, 0);
	assert_int_equal(user[1].closed, 1);
	driver_control(&driver, 1, PORT_OPEN, 1);
	assert_int_equal(user[1].opened, 2);
}

static void control_is_taken_in_batches(void **state)
{
	(void)state;
	bring_up(0);
	for (u32 i = 0; i < 2 * VIRTIO_BATCH; i++) {
		u8 *message = driver_buffer(&driver, 3, driver.posted[3]);

		memcpy(message, "\0\0\0\0\6\0\0", 8);
		message[6] = i % 2;
		driver_add(&driver, 3, 8, 0);
	}
	driver_kick(&driver, 3);
	assert_int_equal(user[0].opened, VIRTIO_BATCH / 2 + 1);
	assert_true(driver.interrupt);
	driver_set(&driver, 0x64, 1);
	assert_int_equal(user[0].opened, VIRTIO_BATCH + 1);
}

/* More than a batch of it. */
static void a_full_ring_of_the_one_before_is_dropped(void **state)
{
	(void)state;
	bring_up(2);
	driver_control(&driver, 2, PORT_OPEN, 0);
	for (u32 i = 0; i < DRIVER_RING; i++)
		driver_add(&driver, 7, 4, 0);
	driver_control(&driver, 2, PORT_OPEN, 1);
	driver_kick(&driver, 7);
	assert_int_equal(user[2].opened, 2);
	assert_int_equal(user[2].length, 0);
	driver_send(&driver, 7, "new", 3);
	assert_int_equal(user[2].length, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(ports_come_named_and_open, fresh),
		cmocka_unit_test_setup(control_waits_for_buffers_and_loses_nothing, fresh),
		cmocka_unit_test_setup(senseless_control_changes_nothing, fresh),
		cmocka_unit_test_setup(a_short_control_message_needs_a_reset, fresh),
		cmocka_unit_test_setup(a_small_buffer_for_control_needs_a_reset, fresh),
		cmocka_unit_test_setup(bytes_arrive_in_pieces_and_marked, fresh),
		cmocka_unit_test_setup(what_the_user_leaves_comes_again, fresh),
		cmocka_unit_test_setup(nobody_gets_what_the_one_before_wrote, fresh),
		cmocka_unit_test_setup(bytes_for_a_closed_port_go_nowhere, fresh),
		cmocka_unit_test_setup(sending_waits_for_buffers, fresh),
		cmocka_unit_test_setup(a_message_is_never_split, fresh),
		cmocka_unit_test_setup(an_empty_buffer_is_a_breach_not_a_loop, fresh),
		cmocka_unit_test_setup(a_refused_port_opens_anew, fresh),
		cmocka_unit_test_setup(a_user_may_call_back, fresh),
		cmocka_unit_test_setup(a_reset_closes_everything, fresh),
		cmocka_unit_test_setup(rings_that_lie_break_the_device, fresh),
		cmocka_unit_test_setup(opening_an_open_port_does_nothing, fresh),
		cmocka_unit_test_setup(control_is_taken_in_batches, fresh),
		cmocka_unit_test_setup(a_full_ring_of_the_one_before_is_dropped, fresh),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
