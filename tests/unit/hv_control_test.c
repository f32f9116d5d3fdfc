/* The control protocol as signetctl speaks it: what is asked, and what it comes to. */
#include "hv/boot/screen.h"
#include "hv/x86/cpu.h"
#include "lib/print.h"
#include "tests/unit/hv_control_bed.h"

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
	/* A frame may be longer than there is room for an order. */
	static const u8 longest[sizeof(struct control_provision) + AUTHORITY_SIZE_MAX + 1];
	ask(CONTROL_PROVISION, 6, longest, sizeof(longest));
	expect(CONTROL_PROVISION, 6, ERR_RANGE, 0);
	ask(CONTROL_PROVISION, 7, longest, sizeof(longest) - 1);
	fake_work();
	expect(CONTROL_PROVISION, 7, OK, 0);
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

static u32 drawn;

void screen_set(enum screen_line line, const char *text)
{
	(void)line, (void)text;
	drawn++;
}

static void what_is_waited_for_is_the_service_vms_word(void **state)
{
	static const char words[] = "the fleet\x1b[2Jserver\x7f~";

	(void)state;
	console_set(hear);
	ask(CONTROL_WAITS, 1, words, sizeof(words) - 1);
	expect(CONTROL_WAITS, 1, OK, 0);
	assert_string_equal(heard, "signet: service VM: the fleet?[2Jserver?~\n");
	/* The same again says nothing; nothing to wait for, neither. */
	ask(CONTROL_WAITS, 2, words, sizeof(words) - 1);
	expect(CONTROL_WAITS, 2, OK, 0);
	assert_int_equal(drawn, 1);
	ask(CONTROL_WAITS, 3, NULL, 0);
	expect(CONTROL_WAITS, 3, OK, 0);
	assert_string_equal(heard, "signet: service VM: the fleet?[2Jserver?~\n");
	/* Its address is another line, and may say the same. */
	ask(CONTROL_ADDRESS, 4, "10.0.2.15", 9);
	expect(CONTROL_ADDRESS, 4, OK, 0);
	ask(CONTROL_WAITS, 5, "10.0.2.15", 9);
	expect(CONTROL_WAITS, 5, OK, 0);
	assert_string_equal(heard,
	        "signet: service VM: the fleet?[2Jserver?~\nsignet: service VM: 10.0.2.15\n"
	        "signet: service VM: 10.0.2.15\n");
}

/* All processors wait while words are drawn, and the messages hold only so many lines. */
static void words_are_taken_at_a_pace(void **state)
{
	enum { AT_ONCE = 16 };
	const u64 paid = read_time_stamp() + AT_ONCE * 100000ull;
	u32 before = drawn;
	char text = 'a';

	(void)state;
	/* Whatever words the tests before this one had taken, a tick of the clock for a microsecond. */
	while (read_time_stamp() < paid)
		pause();
	fake.ticks = 1ull << 32;
	for (u32 i = 0; i < AT_ONCE; i++, text++) {
		ask(i % 2 ? CONTROL_WAITS : CONTROL_ADDRESS, i, &text, 1);
		expect(i % 2 ? CONTROL_WAITS : CONTROL_ADDRESS, i, OK, 0);
	}
	assert_int_equal(drawn - before, AT_ONCE);
	ask(CONTROL_WAITS, 20, &text, 1);
	expect(CONTROL_WAITS, 20, ERR_CONTROL_BUSY, 0);
	ask(CONTROL_ADDRESS, 21, &text, 1);
	expect(CONTROL_ADDRESS, 21, ERR_CONTROL_BUSY, 0);
	assert_int_equal(drawn - before, AT_ONCE);
	/* What was refused was not taken either: at half the pace it is new. */
	fake.ticks *= 2;
	ask(CONTROL_WAITS, 22, &text, 1);
	expect(CONTROL_WAITS, 22, OK, 0);
	assert_int_equal(drawn - before, AT_ONCE + 1);
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
		cmocka_unit_test_setup(words_are_taken_at_a_pace, fresh),
		cmocka_unit_test_setup(power_is_the_machines, fresh),
		cmocka_unit_test_setup(the_hypervisors_own_words_are_kept, fresh),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
