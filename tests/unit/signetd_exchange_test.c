/*
 * One request and its answer, with handlers of the test's own: what is refused before a handler runs, and that a
 * change and its audit entry are there together or not at all.
 */
#include "tests/unit/signetd_exchange_bed.h"

static void echo(struct call *c)
{
	answer_bytes(c, 200, "text/plain", c->body, c->body_length);
}

static void fail_after_change(struct call *c)
{
	change(c, "lost");
	answer_failure(c, ERR_STORAGE, "on purpose");
}

static void leave_open(struct call *c)
{
	assert_int_equal(c->server->storage->transaction->begin(c->server->storage), OK);
	change(c, "half");
	answer_done(c);
}

static void forget(struct call *c)
{
	(void)c;
}

static void answer_twice(struct call *c)
{
	answer_done(c);
	answer_error(c, 500, "late", "none", "this one does not count");
}

static void not_yet(struct call *c)
{
	answer_error(c, 401, "attest-first", "attest", "not known yet");
}

/* A node's words, each too long, and cut in the middle of a character. */
#define FOUR "\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9"
#define CUT_CODE FOUR FOUR FOUR "\xC3\xA9\xC3\xA9\xC3\xA9"
#define LONG_CODE CUT_CODE FOUR
static void tell_long_words(struct call *c)
{
	char words[2 * NOTE_SIZE + 2 * 256 + 1] = { 0 };

	while (strlen(words) + sizeof(FOUR) <= sizeof(words))
		memcpy(words + strlen(words), FOUR, sizeof(FOUR));
	call_note(c, "%s", words);
	answer_error(c, 409, LONG_CODE, "none", "%s", words);
}

static const struct route rows[] = {
	{ METHOD_POST, OP, "/echo", ROLE_VIEWER, BODY_BYTES, BOUND_JSON, false, NULL, echo },
	{ METHOD_POST, OP, "/json", ROLE_VIEWER, BODY_JSON, BOUND_JSON, false, NULL, succeed },
	{ METHOD_DELETE, OP, "/succeed", ROLE_OPERATOR, BODY_NONE, BOUND_JSON, true, NULL, succeed },
	{ METHOD_DELETE, OP, "/fail", ROLE_OPERATOR, BODY_NONE, BOUND_JSON, true, NULL, fail_after_change },
	{ METHOD_DELETE, OP, "/forget", ROLE_OPERATOR, BODY_NONE, BOUND_JSON, true, NULL, forget },
	{ METHOD_DELETE, OP, "/open", ROLE_OPERATOR, BODY_NONE, BOUND_JSON, true, NULL, leave_open },
	{ METHOD_GET, OP, "/open", ROLE_VIEWER, BODY_NONE, BOUND_JSON, false, NULL, leave_open },
	{ METHOD_DELETE, OP, "/approve", ROLE_APPROVER, BODY_NONE, BOUND_JSON, true, NULL, succeed },
	{ METHOD_GET, OP, "/twice", ROLE_VIEWER, BODY_NONE, BOUND_JSON, false, NULL, answer_twice },
	{ METHOD_DELETE, OP, "/words", ROLE_OPERATOR, BODY_NONE, BOUND_JSON, true, NULL, tell_long_words },
	{ METHOD_POST, LISTENER_NODES, "/own", ROLE_NONE, BODY_BYTES, BOUND_EVIDENCE, false, not_yet, echo },
};
/* In the place of routes.c. */
const struct route_table route_tables[] = { { rows, ARRAY_SIZE(rows) } };
const size_t route_table_count = 1;

static void refusals_come_before_the_handler(void **state)
{
	(void)state;
	answers(METHOD_GET, "/none", "", 404, "path");
	answers(METHOD_GET, "/echo", "", 405, "method");
	answers(METHOD_POST, "/echo?%", "x", 400, "path");
	answers(METHOD_POST, "/echo", "", 400, "body");
	answers(METHOD_GET, "/twice", "x", 400, "body");
	answers(METHOD_POST, "/json", "[]", 400, "json");
	answers(METHOD_POST, "/json", "{\"a\":1", 400, "json");
	logged(0, "");
	answers(METHOD_DELETE, "/approve", "", 403, "role");
	logged(1, "\"code\":\"role\"");
	fact_is("");
}

static void a_length_above_the_bound_is_refused_unseen(void **state)
{
	bool wanted;

	(void)state;
	struct exchange *x = begin(LISTENER_OPERATORS, METHOD_POST, "/echo", 65537, &wanted);
	assert_false(wanted);
	assert_int_equal(x->call.answer.status, 413);
	exchange_free(x);
	x = begin(LISTENER_OPERATORS, METHOD_POST, "/echo", 65536, &wanted);
	assert_true(wanted);
	exchange_free(x);
}

static void a_rate_that_is_over_costs_no_look_up(void **state)
{
	struct request_head head = { .method = METHOD_GET, .target = "/twice", .target_length = 6 };
	struct exchange *x = exchange_make(&server, &ops, &who);

	(void)state;
	assert_false(exchange_head(x, &head, LISTENER_OPERATORS, false));
	assert_int_equal(x->call.answer.status, 429);
	assert_int_equal(server.counters.throttled, 1);
	exchange_free(x);
}

static void admission_comes_before_the_body(void **state)
{
	bool wanted;

	(void)state;
	struct exchange *x = begin(LISTENER_NODES, METHOD_POST, "/own", 100, &wanted);
	assert_false(wanted);
	assert_string_equal(x->call.answer.code, "attest-first");
	exchange_free(x);
}

static void revoked_and_unknown_get_nothing(void **state)
{
	(void)state;
	assert_int_equal(server.storage->operators->revoke(server.storage, "01", 5), OK);
	answers(METHOD_DELETE, "/succeed", "", 403, "revoked");
	strcpy(who.serial, "02");
	answers(METHOD_DELETE, "/succeed", "", 403, "operator-unknown");
	strcpy(who.serial, "01");
	fact_is("");
	/* A certificate whose words are not the recorded ones is none that was issued. */
	who.role = ROLE_APPROVER;
	answers(METHOD_DELETE, "/succeed", "", 403, "operator-unknown");
	who.role = ROLE_OPERATOR;
}

static void a_change_and_its_entry_are_one(void **state)
{
	(void)state;
	answers(METHOD_DELETE, "/succeed", "", 200, "");
	logged(1, "fact is kept");
	fact_is("kept");
	answers(METHOD_DELETE, "/fail", "", 500, "internal");
	logged(2, "\"status\":500");
	fact_is("kept");
}

static void open_again(void)
{
	server.storage->transaction->close(server.storage);
	assert_int_equal(storage_sqlite_open(database, &server.storage), OK);
}

/* What is committed after it is on the disk, and not a part of what was left open. */
static void a_transaction_that_is_left_open_is_undone(void **state)
{
	static const enum method methods[] = { METHOD_DELETE, METHOD_GET };

	(void)state;
	for (u64 i = 0; i < ARRAY_SIZE(methods); i++) {
		answers(methods[i], "/open", "", 500, "internal");
		fact_is(i ? "kept" : "");
		answers(METHOD_DELETE, "/succeed", "", 200, "");
		open_again();
		logged(2 + i, "fact is kept");
		fact_is("kept");
	}
}

static void a_handler_that_forgets_is_a_failure(void **state)
{
	(void)state;
	answers(METHOD_DELETE, "/forget", "", 500, "internal");
	logged(1, "\"status\":500");
}

static void the_first_of_two_answers_counts(void **state)
{
	(void)state;
	answers(METHOD_GET, "/twice", "", 200, "");
}

static void bodies_arrive_whole(void **state)
{
	static char big[65536];
	struct exchange *x;
	bool wanted;

	(void)state;
	memset(big, 'x', sizeof(big));
	x = begin(LISTENER_OPERATORS, METHOD_POST, "/echo", sizeof(big), &wanted);
	for (size_t i = 0; i < sizeof(big); i += 1000)
		assert_true(exchange_body(x, (const u8 *)big + i, sizeof(big) - i < 1000 ? sizeof(big) - i : 1000));
	exchange_run(x);
	assert_int_equal(x->call.answer.length, sizeof(big));
	assert_memory_equal(x->call.answer.bytes, big, sizeof(big));
	exchange_free(x);
}

/* What could not be written would be missing in the audit log, and it is the node that chooses its words. */
static void long_words_are_answered_and_logged(void **state)
{
	struct audit_record last = { 0 };

	(void)state;
	answers(METHOD_DELETE, "/words", "", 409, CUT_CODE);
	assert_int_equal(server.storage->audit->last(server.storage, &last), OK);
	assert_non_null(strstr(last.content, "DELETE /words"));
	assert_non_null(strstr(last.content, "\"status\":409"));
	assert_non_null(strstr(last.content, "\"detail\":\"" FOUR));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SERVER_TEST(refusals_come_before_the_handler),
		SERVER_TEST(a_length_above_the_bound_is_refused_unseen),
		SERVER_TEST(a_rate_that_is_over_costs_no_look_up),
		SERVER_TEST(admission_comes_before_the_body),
		SERVER_TEST(revoked_and_unknown_get_nothing),
		SERVER_TEST(a_change_and_its_entry_are_one),
		SERVER_TEST(a_transaction_that_is_left_open_is_undone),
		SERVER_TEST(a_handler_that_forgets_is_a_failure),
		SERVER_TEST(the_first_of_two_answers_counts),
		SERVER_TEST(bodies_arrive_whole),
		SERVER_TEST(long_words_are_answered_and_logged),
	};

	return cmocka_run_group_tests_name("signetd exchange", tests, NULL, NULL);
}
