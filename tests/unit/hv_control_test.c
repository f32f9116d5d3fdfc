/* The control protocol as signetctl speaks it, and as somebody does who means harm. */
#include "lib/print.h"
#include "tests/unit/hv_control_fakes.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { RECEIVE = 0, TRANSMIT = 1, HEAD = sizeof(struct control_header) };

static struct driver driver;
static u32 read; /* bytes that the service VM has read of the port, buffer by buffer */
static u8 frame[CONTROL_REQUEST_MAX];

static int fresh(void **state)
{
	(void)state;
	memset(&fake, 0, sizeof(fake));
	memset(&guest_network, 0, sizeof(guest_network));
	read = 0;
	assert_int_equal(service_up(&driver), OK);
	driver_post(&driver, RECEIVE, 64, CONTROL_REPLY_MAX);
	service_opens(&driver, PORT_CONTROL);
	return 0;
}

static u32 make(u16 kind, u32 tag, const void *body, u32 n)
{
	const struct control_header head = { HEAD + n, CONTROL_VERSION, kind, tag, 0 };

	memcpy(frame, &head, HEAD);
	if (n)
		memcpy(frame + HEAD, body, n);
	return HEAD + n;
}

static void ask(u16 kind, u32 tag, const void *body, u32 n)
{
	u32 length = make(kind, tag, body, n);

	driver_send(&driver, TRANSMIT, frame, length);
}

/* The next frame from the hypervisor, each in one buffer of that size; of length 0 when there is none. */
static const struct control_header *next(void)
{
	static const struct control_header none;

	if (driver_used(&driver, RECEIVE) == read)
		return &none;
	const struct control_header *head = (const void *)driver_buffer(&driver, RECEIVE, read);
	assert_int_equal(driver_received(&driver, RECEIVE, read), head->length);
	read++;
	return head;
}

static const void *expect(u16 kind, u32 tag, enum err status, u32 body)
{
	const struct control_header *head = next();

	assert_int_not_equal(head->length, 0);
	assert_int_equal(head->kind, kind | CONTROL_REPLY);
	assert_int_equal(head->tag, tag);
	assert_int_equal(head->status, status);
	assert_int_equal(head->version, CONTROL_VERSION);
	assert_int_equal(head->length, HEAD + body);
	return head + 1;
}

static void expect_change(u32 guest, u32 what)
{
	const struct control_header *head = next();

	assert_int_not_equal(head->length, 0);
	assert_int_equal(head->kind, CONTROL_CHANGED);
	assert_int_equal(head->tag, 0);
	const struct control_changed *change = (const void *)(head + 1);
	assert_int_equal(change->id, guest);
	assert_int_equal(change->what, what);
}

static void questions_are_answered(void **state)
{
	static const struct control_guest_id first = { 1, 0 }, third = { 3, 0 };

	(void)state;
	fake.guests = 2;
	smp.up = 4;
	ask(CONTROL_HELLO, 1, NULL, 0);
	const struct control_hello *hello = expect(CONTROL_HELLO, 1, OK, sizeof(*hello));
	assert_int_equal(hello->lowest, 1);
	assert_int_equal(hello->highest, CONTROL_VERSION);
	ask(CONTROL_STATUS, 2, NULL, 0);
	const struct control_status *status = expect(CONTROL_STATUS, 2, OK, sizeof(*status));
	assert_string_equal(status->product, "product");
	assert_int_equal(status->processors, 4);
	assert_int_equal(status->guests, 2);
	ask(CONTROL_GUESTS, 3, &first, sizeof(first));
	const struct control_guest *guest = expect(CONTROL_GUESTS, 3, OK, sizeof(*guest));
	assert_int_equal(guest->id, 1);
	ask(CONTROL_GUESTS, 4, &third, sizeof(third));
	expect(CONTROL_GUESTS, 4, ERR_RANGE, 0);
	ask(CONTROL_EXITS, 5, &third, sizeof(third));
	const struct control_exits *exits = expect(CONTROL_EXITS, 5, OK, sizeof(*exits));
	assert_int_equal(exits->count, 3);
	ask(CONTROL_SLOTS, 6, NULL, 0);
	expect(CONTROL_SLOTS, 6, OK, sizeof(struct control_slots));
	assert_int_equal(next()->length, 0);
}

static void logs_come_in_pieces(void **state)
{
	const u32 most = CONTROL_REPLY_MAX - HEAD - (u32)sizeof(struct control_bytes);
	struct control_read at = { 99000 };

	(void)state;
	ask(CONTROL_LOG, 1, &(struct control_read){ 8 }, sizeof(at));
	const struct control_bytes *b = expect(CONTROL_LOG, 1, OK, CONTROL_REPLY_MAX - HEAD);
	assert_int_equal(b->length, most);
	assert_int_equal(b->offset, 8);
	assert_int_equal(b->end, 100000);
	ask(CONTROL_LOG, 2, &at, sizeof(at));
	b = expect(CONTROL_LOG, 2, OK, sizeof(*b) + 1000);
	assert_int_equal(b->length, 1000);
	ask(CONTROL_LOG, 3, &(struct control_read){ UINT64_MAX }, sizeof(at));
	b = expect(CONTROL_LOG, 3, OK, sizeof(*b));
	assert_int_equal(b->length, 0);
	ask(CONTROL_FLEET, 4, &(struct control_read){ 4990 }, sizeof(at));
	b = expect(CONTROL_FLEET, 4, OK, sizeof(*b) + 10);
	assert_int_equal(b->end, 5000);
	assert_memory_equal(b + 1, "ffffffffff", 10);
}

static void orders_reach_the_guests(void **state)
{
	static const struct control_create shape = { .name = "one", .memory = MIB(64), .vcpus = 1 };
	static const struct control_stop stop = { 7, CONTROL_STOP_NOW };
	struct {
		struct control_load load;
		u8 bytes[1000];
	} load = { { 7, CONTROL_INITRAMFS, 4096 }, "the initramfs" };

	(void)state;
	ask(CONTROL_CREATE, 1, &shape, sizeof(shape));
	const struct control_guest_id *made = expect(CONTROL_CREATE, 1, OK, sizeof(*made));
	assert_int_equal(made->id, 7);
	assert_memory_equal(&fake.shape, &shape, sizeof(shape));
	ask(CONTROL_LOAD, 2, &load, sizeof(load));
	expect(CONTROL_LOAD, 2, OK, 0);
	assert_int_equal(fake.id, 7);
	assert_int_equal(fake.part, CONTROL_INITRAMFS);
	assert_int_equal(fake.offset, 4096);
	assert_int_equal(fake.n, sizeof(load.bytes));
	assert_string_equal((const char *)fake.bytes, "the initramfs");
	ask(CONTROL_STOP, 3, &stop, sizeof(stop));
	expect(CONTROL_STOP, 3, OK, 0);
	assert_int_equal(fake.how, CONTROL_STOP_NOW);
	/* The change it made comes after its answer. */
	expect_change(7, CONTROL_STATE);
	ask(CONTROL_CONSOLE_WRITE, 4, "\7\0\0\0\0\0\0\0ls\n", 11);
	expect(CONTROL_CONSOLE_WRITE, 4, OK, 0);
	assert_int_equal(fake.n, 3);
	fake.answer = ERR_NO_MEMORY;
	ask(CONTROL_CREATE, 5, &shape, sizeof(shape));
	expect(CONTROL_CREATE, 5, ERR_NO_MEMORY, 0);
}

static void starting_is_answered_when_it_is_done(void **state)
{
	static const struct control_guest_id seven = { 7, 0 }, eight = { 8, 0 };

	(void)state;
	ask(CONTROL_START, 1, &seven, sizeof(seven));
	ask(CONTROL_START, 2, &eight, sizeof(eight));
	assert_int_equal(next()->length, 0);
	/* Others are answered meanwhile. */
	ask(CONTROL_HELLO, 3, NULL, 0);
	expect(CONTROL_HELLO, 3, OK, sizeof(struct control_hello));
	control_done(CONTROL_START, 8, OK);
	expect(CONTROL_START, 2, OK, 0);
	control_done(CONTROL_START, 7, ERR_GATE_TICKET);
	expect(CONTROL_START, 1, ERR_GATE_TICKET, 0);
	/* Once each; and of nobody who waits, nothing. */
	control_done(CONTROL_START, 7, OK);
	control_done(CONTROL_DESTROY, 9, OK);
	assert_int_equal(next()->length, 0);
	/* Refused at once, it does not wait; neither when it is done before the call is over. */
	fake.answer = ERR_GUEST_STATE;
	ask(CONTROL_START, 4, &seven, sizeof(seven));
	expect(CONTROL_START, 4, ERR_GUEST_STATE, 0);
	control_done(CONTROL_START, 7, OK);
	fake.answer = OK;
	fake.done_at_once = true;
	ask(CONTROL_START, 5, &seven, sizeof(seven));
	expect(CONTROL_START, 5, ERR_GATE_TICKET, 0);
	assert_int_equal(next()->length, 0);
}

static void only_so_many_wait(void **state)
{
	struct control_guest_id id = { 1, 0 };

	(void)state;
	for (; id.id <= CONTROL_WAITING_MAX; id.id++)
		ask(CONTROL_DESTROY, id.id, &id, sizeof(id));
	assert_int_equal(next()->length, 0);
	assert_int_equal(fake.calls, CONTROL_WAITING_MAX);
	ask(CONTROL_DESTROY, 99, &id, sizeof(id));
	expect(CONTROL_DESTROY, 99, ERR_CONTROL_BUSY, 0);
	assert_int_equal(fake.calls, CONTROL_WAITING_MAX);
	control_done(CONTROL_DESTROY, 5, OK);
	expect(CONTROL_DESTROY, 5, OK, 0);
	ask(CONTROL_DESTROY, 100, &id, sizeof(id));
	assert_int_equal(next()->length, 0);
}

static void what_takes_the_tpm_is_the_workers(void **state)
{
	static const struct control_stage stage = { .slot = 1, .svn = 5, .digest = { 1, 2, 3 } };
	struct {
		struct control_provision order;
		u8 authority[100];
	} provision = { { .image_floor = 9 }, { 4, 5, 6 } };

	(void)state;
	ask(CONTROL_STAGE, 1, &stage, sizeof(stage));
	ask(CONTROL_HEALTHY, 2, NULL, 0);
	expect(CONTROL_HEALTHY, 2, ERR_CONTROL_BUSY, 0);
	assert_int_equal(fake.calls, 0);
	fake.answer = ERR_STATE_TRANSITION;
	fake_work();
	expect(CONTROL_STAGE, 1, ERR_STATE_TRANSITION, 0);
	assert_memory_equal(&fake.stage, &stage, sizeof(stage));
	fake.answer = OK;
	ask(CONTROL_HEALTHY, 3, NULL, 0);
	fake_work();
	expect(CONTROL_HEALTHY, 3, OK, 0);
	ask(CONTROL_PROVISION, 4, &provision, sizeof(provision));
	/* The one who asked is gone, another one asks: the answer is not his. */
	service_closes(&driver, PORT_CONTROL);
	service_opens(&driver, PORT_CONTROL);
	ask(CONTROL_PROVISION, 5, &provision, sizeof(provision));
	expect(CONTROL_PROVISION, 5, ERR_CONTROL_BUSY, 0);
	fake_work();
	assert_int_equal(next()->length, 0);
	assert_memory_equal(&fake.provision, &provision.order, sizeof(provision.order));
	assert_int_equal(fake.n, sizeof(provision.authority));
	assert_memory_equal(fake.bytes, provision.authority, sizeof(provision.authority));
}

static void the_fleets_word_is_the_workers(void **state)
{
	static u8 ticket[CONTROL_TICKET_SIZE] = { 1, 2, 3 }, verdict[CONTROL_VERDICT_SIZE] = { 4, 5 };
	static const u8 zeros[CONTROL_CHALLENGE_SIZE];

	(void)state;
	fake.answer = OK;
	ask(CONTROL_CHALLENGE, 1, NULL, 0);
	assert_int_equal(next()->length, 0);
	ask(CONTROL_TICKET, 2, ticket, sizeof(ticket));
	expect(CONTROL_TICKET, 2, ERR_CONTROL_BUSY, 0);
	fake_work();
	assert_memory_not_equal(expect(CONTROL_CHALLENGE, 1, OK, CONTROL_CHALLENGE_SIZE), zeros, sizeof(zeros));
	ask(CONTROL_TICKET, 3, ticket, sizeof(ticket));
	fake.answer = ERR_TICKET_CHALLENGE;
	fake_work();
	expect(CONTROL_TICKET, 3, ERR_TICKET_CHALLENGE, 0);
	assert_memory_equal(fake.bytes, ticket, sizeof(ticket));
	ask(CONTROL_VERDICT, 4, verdict, sizeof(verdict));
	fake.answer = OK;
	fake_work();
	expect(CONTROL_VERDICT, 4, OK, 0);
	assert_int_equal(fake.n, sizeof(verdict));
	assert_memory_equal(fake.bytes, verdict, sizeof(verdict));
	/* A refused challenge has no body. */
	ask(CONTROL_CHALLENGE, 5, NULL, 0);
	fake.answer = ERR_TPM_TIMEOUT;
	fake_work();
	expect(CONTROL_CHALLENGE, 5, ERR_TPM_TIMEOUT, 0);
}

static char heard[256];

static void hear(const char *text, size_t n)
{
	size_t used = strlen(heard);

	memcpy(heard + used, text, used + n < sizeof(heard) ? n : 0);
}

static void what_is_waited_for_is_the_service_vms_word(void **state)
{
	static const char words[] = "the fleet\x1b[2Jserver";

	(void)state;
	console_set(hear);
	ask(CONTROL_WAITS, 1, words, sizeof(words) - 1);
	expect(CONTROL_WAITS, 1, OK, 0);
	assert_string_equal(heard, "signet: service VM: the fleet?[2Jserver\n");
	/* The same again says nothing; nothing to wait for, neither. */
	ask(CONTROL_WAITS, 2, words, sizeof(words) - 1);
	expect(CONTROL_WAITS, 2, OK, 0);
	ask(CONTROL_WAITS, 3, NULL, 0);
	expect(CONTROL_WAITS, 3, OK, 0);
	assert_string_equal(heard, "signet: service VM: the fleet?[2Jserver\n");
	/* Its address is another line, and may say the same. */
	ask(CONTROL_ADDRESS, 4, "10.0.2.15", 9);
	expect(CONTROL_ADDRESS, 4, OK, 0);
	ask(CONTROL_WAITS, 5, "10.0.2.15", 9);
	expect(CONTROL_WAITS, 5, OK, 0);
	assert_string_equal(heard,
	        "signet: service VM: the fleet?[2Jserver\nsignet: service VM: 10.0.2.15\n"
	        "signet: service VM: 10.0.2.15\n");
}

static void power_is_the_machines(void **state)
{
	(void)state;
	ask(CONTROL_POWER, 1, &(struct control_power){ .how = 2 }, sizeof(struct control_power));
	expect(CONTROL_POWER, 1, ERR_RANGE, 0);
	assert_int_equal(fake.power, 0);
	ask(CONTROL_POWER, 2, &(struct control_power){ .how = CONTROL_REBOOT }, sizeof(struct control_power));
	assert_int_equal(fake.power, 1 + POWER_RESET);
	ask(CONTROL_POWER, 3, &(struct control_power){ .how = CONTROL_POWER_OFF }, sizeof(struct control_power));
	assert_int_equal(fake.power, 1 + POWER_OFF);
}

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

static void changes_wait_and_places_are_given_back(void **state)
{
	(void)state;
	assert_int_equal(service_up(&driver), OK);
	/* Before anybody listens there is nothing to tell. */
	control_changed(1, CONTROL_STATE);
	service_opens(&driver, PORT_CONTROL);
	for (u32 id = 1; id <= 3 * CONTROL_CHANGES_MAX; id++) {
		control_changed(id, CONTROL_STATE);
		control_changed(id, CONTROL_STATE);
		if (id > 1)
			control_done(CONTROL_DESTROY, id, OK);
	}
	read = 0;
	control_changed(1, CONTROL_CONSOLE_OUTPUT);
	driver_post(&driver, RECEIVE, 64, CONTROL_REPLY_MAX);
	expect_change(1, CONTROL_STATE);
	/* The first was on its way already: it is told of what came since. */
	expect_change(1, CONTROL_STATE);
	expect_change(1, CONTROL_CONSOLE_OUTPUT);
	assert_int_equal(next()->length, 0);
}

static void the_hypervisors_own_words_are_kept(void **state)
{
	static u8 text[2 * MESSAGES_SIZE];
	u64 end, offset = 0;

	(void)state;
	messages_keep();
	messages_keep();
	assert_int_equal(messages_read(&offset, &end, text, sizeof(text)), 0);
	say("first");
	assert_int_equal(messages_read(&offset, &end, text, sizeof(text)), 14);
	assert_memory_equal(text, "signet: first\n", 14);
	ask(CONTROL_MESSAGES, 1, &(struct control_read){ 8 }, 8);
	const struct control_bytes *b = expect(CONTROL_MESSAGES, 1, OK, sizeof(*b) + 6);
	assert_memory_equal(b + 1, "first\n", 6);
	for (u32 i = 0; i < 4000; i++)
		say("%04u", i);
	offset = 3;
	assert_int_equal(messages_read(&offset, &end, text, sizeof(text)), MESSAGES_SIZE);
	assert_int_equal(end, 14 + 4000 * 13);
	assert_int_equal(offset, end - MESSAGES_SIZE);
	assert_memory_equal(text + MESSAGES_SIZE - 13, "signet: 3999\n", 13);
	offset = UINT64_MAX;
	assert_int_equal(messages_read(&offset, &end, text, sizeof(text)), 0);
	assert_int_equal(offset, end);
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
	assert_false(guest_network.connected[0]);
	assert_int_equal(port_send(PORT_CONTROL, "x", 1), 0);
	ports_detach();
	read = 0;
	assert_int_equal(service_up(&again), OK);
	assert_true(guest_network.connected[0]);
	driver_post(&again, RECEIVE, 4, CONTROL_REPLY_MAX);
	service_opens(&again, PORT_CONTROL);
	driver_send(&again, TRANSMIT, frame, HEAD);
	assert_int_equal(driver_used(&again, RECEIVE), 1);
	ports_detach();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(questions_are_answered, fresh),
		cmocka_unit_test_setup(logs_come_in_pieces, fresh),
		cmocka_unit_test_setup(orders_reach_the_guests, fresh),
		cmocka_unit_test_setup(starting_is_answered_when_it_is_done, fresh),
		cmocka_unit_test_setup(only_so_many_wait, fresh),
		cmocka_unit_test_setup(what_takes_the_tpm_is_the_workers, fresh),
		cmocka_unit_test_setup(the_fleets_word_is_the_workers, fresh),
		cmocka_unit_test_setup(what_is_waited_for_is_the_service_vms_word, fresh),
		cmocka_unit_test_setup(power_is_the_machines, fresh),
		cmocka_unit_test_setup(bodies_of_another_size_are_refused, fresh),
		cmocka_unit_test_setup(unknown_kinds_and_versions_are_answered, fresh),
		cmocka_unit_test_setup(frames_need_no_borders, fresh),
		cmocka_unit_test_setup(a_senseless_length_closes_the_port, fresh),
		cmocka_unit_test_setup(half_a_request_dies_with_who_wrote_it, fresh),
		cmocka_unit_test_setup(answers_wait_for_buffers_and_requests_for_answers, fresh),
		cmocka_unit_test_setup(a_flood_of_output_is_one_event, fresh),
		cmocka_unit_test_setup(changes_wait_and_places_are_given_back, fresh),
		cmocka_unit_test_setup(the_hypervisors_own_words_are_kept, fresh),
		cmocka_unit_test_setup(the_tpm_port_is_one_command_one_buffer, fresh),
		cmocka_unit_test_setup(a_restart_leaves_nothing_behind, fresh),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
