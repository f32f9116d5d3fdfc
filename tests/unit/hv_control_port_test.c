/* The ports below the control protocol as somebody uses them who means harm: sizes, pieces, floods, restarts. */
#include "tests/unit/hv_control_bed.h"

/* Each kind with every size from nothing to one more than it may have: only those that fit reach a handler. */
static void bodies_of_another_size_are_refused(void **state)
{
	static const struct {
		u16 kind;
		u32 least, most;
	} cases[] = {
		{ CONTROL_HELLO, 0, 0 },
		{ CONTROL_STATUS, 0, 0 },
		{ CONTROL_LOG, 8, 8 },
		{ CONTROL_MESSAGES, 8, 8 },
		{ CONTROL_GUESTS, 8, 8 },
		{ CONTROL_EXITS, 8, 8 },
		{ CONTROL_CREATE, 160, 160 },
		{ CONTROL_LOAD, 16, CONTROL_REQUEST_MAX - HEAD },
		{ CONTROL_START, 8, 8 },
		{ CONTROL_STOP, 8, 8 },
		{ CONTROL_DESTROY, 8, 8 },
		{ CONTROL_CONSOLE_READ, 16, 16 },
		{ CONTROL_CONSOLE_WRITE, 8, CONTROL_REQUEST_MAX - HEAD },
		{ CONTROL_SLOTS, 0, 0 },
		{ CONTROL_STAGE, 56, 56 },
		{ CONTROL_CHALLENGE, 0, 0 },
		{ CONTROL_TICKET, 1304, 1304 },
		{ CONTROL_VERDICT, 480, 480 },
		{ CONTROL_WAITS, 0, 64 },
		{ CONTROL_ADDRESS, 0, 64 },
		{ CONTROL_HEALTHY, 0, 0 },
		{ CONTROL_PROVISION, 168, CONTROL_REQUEST_MAX - HEAD },
		{ CONTROL_POWER, 8, 8 },
		{ CONTROL_FLEET, 8, 8 },
	};
	static const u8 body[300];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		for (u32 n = 0; n < sizeof(body); n += n + 1 < cases[i].least ? 7 : 1) {
			bool fits = n >= cases[i].least && n <= cases[i].most;
			if (fits)
				continue;
			if (read > 60)
				fresh(state);
			ask(cases[i].kind, n, body, n);
			expect(cases[i].kind, n, ERR_RANGE, 0);
		}
	}
	assert_int_equal(fake.calls, 0);
}

static void unknown_kinds_and_versions_are_answered(void **state)
{
	static const u16 kinds[] = { 0, 7, 15, 24, 31, 37, 64, 255, 0x7FFF };
	static const u16 versions[] = { 0, CONTROL_VERSION + 1, 0xFFFF };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		ask(kinds[i], (u32)i, NULL, 0);
		expect(kinds[i], (u32)i, ERR_CONTROL_KIND, 0);
	}
	for (size_t i = 0; i < ARRAY_SIZE(versions); i++) {
		make(CONTROL_HELLO, 9, NULL, 0);
		store_le16(frame + 4, versions[i]);
		driver_send(&driver, TRANSMIT, frame, HEAD);
		const struct control_header *head = next();
		assert_int_not_equal(head->length, 0);
		assert_int_equal(head->status, ERR_CONTROL_KIND);
	}
	/* A reply is no request, and a request has no status. */
	ask(CONTROL_HELLO | CONTROL_REPLY, 1, NULL, 0);
	expect(CONTROL_HELLO | CONTROL_REPLY, 1, ERR_CONTROL_KIND, 0);
	make(CONTROL_HELLO, 9, NULL, 0);
	frame[12] = 1;
	driver_send(&driver, TRANSMIT, frame, HEAD);
	expect(CONTROL_HELLO, 9, ERR_RANGE, 0);
}

static void frames_need_no_borders(void **state)
{
	u32 one, two;
	static u8 both[256];

	(void)state;
	one = make(CONTROL_HELLO, 1, NULL, 0);
	memcpy(both, frame, one);
	two = make(CONTROL_GUESTS, 2, &(struct control_guest_id){ 5, 0 }, 8);
	memcpy(both + one, frame, two);
	driver_send(&driver, TRANSMIT, both, one + two);
	expect(CONTROL_HELLO, 1, OK, sizeof(struct control_hello));
	expect(CONTROL_GUESTS, 2, ERR_RANGE, 0);
	for (u32 i = 0; i < one + two; i++)
		driver_send(&driver, TRANSMIT, both + i, 1);
	expect(CONTROL_HELLO, 1, OK, sizeof(struct control_hello));
	expect(CONTROL_GUESTS, 2, ERR_RANGE, 0);
}

static void a_senseless_length_closes_the_port(void **state)
{
	static const u32 lengths[] = { 0, 1, HEAD - 1, CONTROL_REQUEST_MAX + 1, 0x80000000, UINT32_MAX };

	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		struct control_message m = { 0 };
		fresh(state);
		driver_post(&driver, 2, 4, 64);
		make(CONTROL_HELLO, 1, NULL, 0);
		store_le32(frame, lengths[i]);
		driver_send(&driver, TRANSMIT, frame, HEAD);
		assert_true(driver_control_next(&driver, &m));
		assert_int_equal(m.event, 6);
		assert_int_equal(m.value, 0);
		ask(CONTROL_HELLO, 2, NULL, 0);
		assert_int_equal(next()->length, 0);
		service_closes(&driver, PORT_CONTROL);
		service_opens(&driver, PORT_CONTROL);
		ask(CONTROL_HELLO, 3, NULL, 0);
		expect(CONTROL_HELLO, 3, OK, sizeof(struct control_hello));
	}
}

static void half_a_request_dies_with_who_wrote_it(void **state)
{
	(void)state;
	make(CONTROL_HELLO, 1, NULL, 0);
	driver_send(&driver, TRANSMIT, frame, HEAD - 3);
	service_closes(&driver, PORT_CONTROL);
	service_opens(&driver, PORT_CONTROL);
	ask(CONTROL_HELLO, 2, NULL, 0);
	expect(CONTROL_HELLO, 2, OK, sizeof(struct control_hello));
	assert_int_equal(next()->length, 0);
}

static void answers_wait_for_buffers_and_requests_for_answers(void **state)
{
	(void)state;
	assert_int_equal(service_up(&driver), OK);
	service_opens(&driver, PORT_CONTROL);
	fake.guests = 1;
	for (u32 i = 0; i < 5; i++)
		ask(CONTROL_CREATE, i, &(struct control_create){ .pad = i }, sizeof(struct control_create));
	assert_int_equal(fake.calls, 1);
	/* Buffers smaller than the answer: it comes in pieces. */
	driver_post(&driver, RECEIVE, 2, 10);
	assert_int_equal(driver_received(&driver, RECEIVE, 0), 10);
	assert_int_equal(driver_received(&driver, RECEIVE, 1), 10);
	assert_int_equal(fake.calls, 1);
	driver_post(&driver, RECEIVE, 1, 4);
	assert_int_equal(fake.calls, 2);
	driver_post(&driver, RECEIVE, 60, CONTROL_REPLY_MAX);
	assert_int_equal(fake.calls, 5);
	assert_int_equal(driver_used(&driver, RECEIVE), 3 + 4);
}

static void a_flood_of_output_is_one_event(void **state)
{
	static const struct control_console_read see = { .id = 3 };

	(void)state;
	fake.console = 10000;
	for (u32 i = 0; i < 1000; i++) {
		control_changed(3, CONTROL_CONSOLE_OUTPUT);
		control_changed(4, CONTROL_CONSOLE_OUTPUT);
	}
	expect_change(3, CONTROL_CONSOLE_OUTPUT);
	expect_change(4, CONTROL_CONSOLE_OUTPUT);
	assert_int_equal(next()->length, 0);
	ask(CONTROL_CONSOLE_READ, 1, &see, sizeof(see));
	const struct control_bytes *b = expect(CONTROL_CONSOLE_READ, 1, OK, CONTROL_REPLY_MAX - HEAD);
	assert_int_equal(b->length, CONTROL_REPLY_MAX - HEAD - sizeof(*b));
	assert_int_equal(b->end, 10000);
	control_changed(4, CONTROL_CONSOLE_OUTPUT);
	control_changed(3, CONTROL_CONSOLE_OUTPUT);
	expect_change(3, CONTROL_CONSOLE_OUTPUT);
	/* Of states each is told, at most one at a time. */
	control_changed(3, CONTROL_STATE);
	expect_change(3, CONTROL_STATE);
	control_changed(3, CONTROL_STATE);
	expect_change(3, CONTROL_STATE);
	assert_int_equal(next()->length, 0);
}

static void changes_wait_for_who_listens(void **state)
{
	(void)state;
	assert_int_equal(service_up(&driver), OK);
	/* Before anybody listens there is nothing to tell. */
	control_changed(1, CONTROL_STATE);
	service_opens(&driver, PORT_CONTROL);
	read = 0;
	for (u32 i = 0; i < 100; i++)
		for (u32 id = 1; id <= FAKE_GUESTS + 1; id++)
			control_changed(id, CONTROL_STATE);
	control_changed(1, CONTROL_CONSOLE_OUTPUT);
	driver_post(&driver, RECEIVE, 64, CONTROL_REPLY_MAX);
	expect_change(1, CONTROL_STATE);
	/* The first was on its way already: it is told of what came since. One that is not there says nothing. */
	expect_change(1, CONTROL_STATE);
	expect_change(1, CONTROL_CONSOLE_OUTPUT);
	for (u32 id = 2; id <= FAKE_GUESTS; id++)
		expect_change(id, CONTROL_STATE);
	assert_int_equal(next()->length, 0);
	/* Nor is anything left for who opens next. */
	control_changed(2, CONTROL_STATE);
	service_closes(&driver, PORT_CONTROL);
	assert_int_equal(fake_changes[2].pending, 0);
}

static void the_tpm_port_is_one_command_one_buffer(void **state)
{
	static const u8 command[32768] = { 0x80, 1 };

	(void)state;
	service_opens(&driver, PORT_TPM);
	assert_true(fake.tpm_open);
	driver_send(&driver, 5, command, 4096);
	assert_int_equal(fake.tpm_length, 4096);
	/* The next one waits for the answer, and the answer for a buffer. */
	driver_send(&driver, 5, command, 12);
	assert_int_equal(fake.tpm_commands, 1);
	assert_int_equal(driver_used(&driver, 5), 1);
	fake_tpm_done(4096);
	assert_int_equal(fake.tpm_commands, 1);
	driver_post(&driver, 4, 1, 4096);
	assert_int_equal(driver_received(&driver, 4, 0), 4096);
	assert_int_equal(fake.tpm_commands, 2);
	assert_int_equal(fake.tpm_length, 12);
	driver_post(&driver, 4, 8, 4096);
	fake_tpm_done(10);
	assert_int_equal(driver_received(&driver, 4, 1), 10);
	/* What is longer than a command is a malformed one, and short ones after it are as before. */
	driver_send(&driver, 5, command, 4097);
	assert_int_equal(fake.tpm_commands, 3);
	assert_int_equal(fake.tpm_length, 0);
	driver_send(&driver, 5, command, sizeof(command));
	assert_int_equal(fake.tpm_commands, 4);
	assert_int_equal(fake.tpm_length, 0);
	driver_send(&driver, 5, command, 9);
	driver_send(&driver, 5, command, 10);
	assert_int_equal(fake.tpm_commands, 6);
	assert_int_equal(fake.tpm_length, 10);
	assert_int_equal(driver_used(&driver, 4), 2 + 3);
	service_closes(&driver, PORT_TPM);
	assert_false(fake.tpm_open);
}

static void a_restart_leaves_nothing_behind(void **state)
{
	static struct driver again;

	(void)state;
	make(CONTROL_HELLO, 1, NULL, 0);
	driver_send(&driver, TRANSMIT, frame, 5);
	service_opens(&driver, PORT_TPM);
	ports_detach();
	assert_false(fake.tpm_open);
	assert_null(guest_network.port[0].deliver);
	assert_int_equal(console_send(&service_console, PORT_CONTROL, "x", 1), 0);
	ports_detach();
	read = 0;
	assert_int_equal(service_up(&again), OK);
	assert_non_null(guest_network.port[0].deliver);
	driver_post(&again, RECEIVE, 4, CONTROL_REPLY_MAX);
	service_opens(&again, PORT_CONTROL);
	driver_send(&again, TRANSMIT, frame, HEAD);
	assert_int_equal(driver_used(&again, RECEIVE), 1);
	ports_detach();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(bodies_of_another_size_are_refused, fresh),
		cmocka_unit_test_setup(unknown_kinds_and_versions_are_answered, fresh),
		cmocka_unit_test_setup(frames_need_no_borders, fresh),
		cmocka_unit_test_setup(a_senseless_length_closes_the_port, fresh),
		cmocka_unit_test_setup(half_a_request_dies_with_who_wrote_it, fresh),
		cmocka_unit_test_setup(answers_wait_for_buffers_and_requests_for_answers, fresh),
		cmocka_unit_test_setup(a_flood_of_output_is_one_event, fresh),
		cmocka_unit_test_setup(changes_wait_for_who_listens, fresh),
		cmocka_unit_test_setup(the_tpm_port_is_one_command_one_buffer, fresh),
		cmocka_unit_test_setup(a_restart_leaves_nothing_behind, fresh),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
