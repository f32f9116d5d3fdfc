/*
 * One request and its answer, with handlers of the test's own: what is refused before a handler runs, parking, and that
 * a change and its audit entry are there together or not at all.
 */
#include "keys/files.h"
#include "signetd/audit.h"
#include "signetd/blobs.h"
#include "signetd/net/exchange.h"
#include "signetd/operators.h"
#include "signetd/storage_meta.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[40], database[64], blobs[64];
static struct server server;
static u32 woken, gone, begun;

static u64 fixed_wall(const struct clock *c)
{
	(void)c;
	return 1700000000;
}

static const struct clock fixed = { .wall = fixed_wall };

static void echo(struct call *c)
{
	answer_bytes(c, 200, "text/plain", c->body, c->body_length);
}

static void change(struct call *c, const char *value)
{
	assert_int_equal(c->server->storage->meta->set(c->server->storage, "fact", value), OK);
	call_note(c, "fact is %s", value);
}

static void succeed(struct call *c)
{
	change(c, "kept");
	answer_done(c);
}

static void fail_after_change(struct call *c)
{
	change(c, "lost");
	answer_failure(c, ERR_STORAGE, "on purpose");
}

static void forget(struct call *c)
{
	(void)c;
}

static void time_is_over(struct call *c)
{
	answer_error(c, 504, "node-silent", "wait", "nothing came");
}

static void count_gone(struct call *c)
{
	(void)c;
	gone++;
}

static void logged(u64 number, const char *words);

/* Once the log tells of it, and not before. */
static void count_begun(struct call *c)
{
	logged(1, "\"kind\":\"begun\"");
	assert_int_equal(c->begun_entry, 1);
	begun++;
}

static void park(struct call *c)
{
	call_park(c, 5000, count_begun, time_is_over, count_gone);
}

static void park_and_park(struct call *c)
{
	call_park(c, 5000, park, time_is_over, count_gone);
}

static void answer_twice(struct call *c)
{
	answer_done(c);
	answer_error(c, 500, "late", "none", "this one does not count");
}

static void keep_upload(struct call *c)
{
	char digest[DIGEST_TEXT_SIZE];

	assert_int_equal(blob_finish(c->upload), OK);
	for (size_t i = 0; i < SHA384_SIZE; i++)
		(void)sprintf(digest + 2 * i, "%02x", c->upload->digest[i]);
	if (strcmp(digest, c->parameters[0]) != 0)
		answer_error(c, 400, "digest", "none", "another digest");
	else if (blob_keep(c->upload))
		answer_failure(c, ERR_IO, "blob");
	else
		answer_done(c);
}

/* Work that the test carries out when it likes. */
static struct work errand, *taken;
static u32 dropped;

static void errand_is_done(struct call *c, struct work *w)
{
	assert_ptr_equal(w, &errand);
	succeed(c);
}

static void count_dropped(struct work *w)
{
	assert_ptr_equal(w, &errand);
	dropped++;
}

static void start_work(struct call *c)
{
	errand = (struct work){ .then = errand_is_done, .drop = count_dropped };
	call_work(c, &errand);
}

static bool take_work(struct call *c, struct work *w)
{
	assert_true(c->begun);
	taken = w;
	return true;
}

static void not_yet(struct call *c)
{
	answer_error(c, 401, "attest-first", "attest", "not known yet");
}

#define OP LISTENER_OPERATORS
static const struct route rows[] = {
	{ METHOD_POST, OP, "/echo", ROLE_VIEWER, BODY_BYTES, BOUND_JSON, false, NULL, echo },
	{ METHOD_POST, OP, "/json", ROLE_VIEWER, BODY_JSON, BOUND_JSON, false, NULL, succeed },
	{ METHOD_DELETE, OP, "/succeed", ROLE_OPERATOR, BODY_NONE, BOUND_JSON, true, NULL, succeed },
	{ METHOD_DELETE, OP, "/fail", ROLE_OPERATOR, BODY_NONE, BOUND_JSON, true, NULL, fail_after_change },
	{ METHOD_DELETE, OP, "/forget", ROLE_OPERATOR, BODY_NONE, BOUND_JSON, true, NULL, forget },
	{ METHOD_DELETE, OP, "/park", ROLE_OPERATOR, BODY_NONE, BOUND_JSON, true, NULL, park },
	{ METHOD_DELETE, OP, "/work", ROLE_OPERATOR, BODY_NONE, BOUND_JSON, true, NULL, start_work },
	{ METHOD_DELETE, OP, "/twice", ROLE_OPERATOR, BODY_NONE, BOUND_JSON, true, NULL, park_and_park },
	{ METHOD_DELETE, OP, "/approve", ROLE_APPROVER, BODY_NONE, BOUND_JSON, true, NULL, succeed },
	{ METHOD_GET, OP, "/twice", ROLE_VIEWER, BODY_NONE, BOUND_JSON, false, NULL, answer_twice },
	{ METHOD_PUT, OP, "/blobs/{digest}", ROLE_OPERATOR, BODY_FILE, BOUND_BLOB, false, NULL, keep_upload },
	{ METHOD_POST, LISTENER_NODES, "/own", ROLE_NONE, BODY_BYTES, BOUND_EVIDENCE, false, not_yet, echo },
};
/* In the place of routes.c. */
const struct route_table route_tables[] = { { rows, ARRAY_SIZE(rows) } };
const size_t route_table_count = 1;

static void wake(struct call *c)
{
	(void)c;
	woken++;
}

static const struct call_ops ops = { wake, take_work };
static struct caller who = { .address = "192.0.2.1", .role = ROLE_OPERATOR, .name = "op", .serial = "01" };

static int open_server(void **state)
{
	struct operator_record op = { .serial = "01", .name = "op", .role = ROLE_OPERATOR, .expires = 2000000000 };

	(void)state;
	strcpy(folder, "/tmp/signetd-exchange-XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	(void)snprintf(database, sizeof(database), "%s/db", folder);
	(void)snprintf(blobs, sizeof(blobs), "%s/blobs", folder);
	server = (struct server){ .clock = &fixed };
	(void)snprintf(server.blobs, sizeof(server.blobs), "%s", blobs);
	config_defaults(&server.config);
	woken = gone = begun = dropped = 0;
	taken = NULL;
	if (storage_sqlite_open(database, &server.storage) || blobs_open(blobs))
		return -1;
	return server.storage->operators->add(server.storage, &op) ? -1 : 0;
}

static int close_server(void **state)
{
	(void)state;
	server.storage->transaction->close(server.storage);
	directory_remove(folder);
	return 0;
}

static struct exchange *begin(enum listener listener, enum method method, const char *target, u64 length, bool *wanted)
{
	struct request_head head = { .method = method, .length = length, .target_length = strlen(target) };
	struct exchange *x = exchange_make(&server, &ops, &who);

	assert_non_null(x);
	memcpy(head.target, target, head.target_length);
	*wanted = exchange_head(x, &head, listener, true);
	return x;
}

static struct exchange *ask(enum method method, const char *target, const char *body)
{
	bool wanted;
	struct exchange *x = begin(LISTENER_OPERATORS, method, target, strlen(body), &wanted);

	if (wanted && (!*body || exchange_body(x, (const u8 *)body, strlen(body))))
		exchange_run(x);
	if (x->call.answer.status)
		exchange_settle(x);
	return x;
}

static void answers(enum method method, const char *target, const char *body, u32 status, const char *code)
{
	struct exchange *x = ask(method, target, body);

	assert_int_equal(x->call.answer.status, status);
	assert_string_equal(x->call.answer.code, code);
	exchange_free(x);
}

/* The newest entry of the audit log holds these words. */
static void logged(u64 number, const char *words)
{
	struct audit_record r = { 0 };
	enum err e = server.storage->audit->last(server.storage, &r);

	assert_int_equal(e, number ? OK : ERR_STORAGE_ABSENT);
	assert_int_equal(r.number, number);
	if (number && !strstr(r.content, words))
		fail_msg("%s does not say %s", r.content, words);
}

static void fact_is(const char *value)
{
	char found[META_VALUE_MAX + 1] = "";
	enum err e = server.storage->meta->get(server.storage, "fact", found);

	assert_int_equal(e, *value ? OK : ERR_STORAGE_ABSENT);
	assert_string_equal(found, value);
}

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

static void what_is_parked_is_logged_when_it_is_answered(void **state)
{
	struct exchange *x = ask(METHOD_DELETE, "/park", "");

	(void)state;
	assert_int_equal(x->call.answer.status, 0);
	assert_true(x->call.parking.parked && x->call.parking.milliseconds == 5000);
	logged(1, "\"subject\":\"DELETE /park\"");
	answer_done(&x->call);
	assert_int_equal(woken, 1);
	exchange_settle(x);
	logged(2, "\"subject\":\"DELETE /park\",\"status\":200,\"begun\":1");
	exchange_gone(x);
	assert_int_equal(gone, 0);
	exchange_free(x);
}

static void what_waits_twice_is_begun_once(void **state)
{
	struct exchange *x = ask(METHOD_DELETE, "/twice", "");

	(void)state;
	assert_int_equal(begun, 1);
	logged(1, "\"kind\":\"begun\"");
	exchange_gone(x);
	exchange_free(x);
}

static void what_work_stores_and_its_entry_are_one(void **state)
{
	struct exchange *x = ask(METHOD_DELETE, "/work", "");

	(void)state;
	assert_ptr_equal(taken, &errand);
	logged(1, "\"kind\":\"begun\"");
	exchange_resume(x, taken);
	assert_int_equal(x->call.answer.status, 200);
	assert_int_equal(woken, 1);
	logged(2, "\"status\":200,\"begun\":1");
	fact_is("kept");
	exchange_settle(x);
	logged(2, "");
	exchange_free(x);
	assert_int_equal(dropped, 0);
}

static void work_of_a_dead_connection_is_nobodys(void **state)
{
	struct exchange *x = ask(METHOD_DELETE, "/work", "");

	(void)state;
	assert_ptr_equal(taken->call, &x->call);
	assert_false(taken->given_up);
	exchange_gone(x);
	exchange_free(x);
	assert_null(taken->call);
	assert_true(taken->given_up);
	/* The thread may still be at it. */
	assert_int_equal(dropped, 0);
	logged(2, "caller-gone");
}

static enum err no_append(struct storage *s, const struct audit_record *r)
{
	(void)s;
	(void)r;
	return ERR_STORAGE;
}

static enum err no_commit(struct storage *s)
{
	s->transaction->rollback(s);
	return ERR_STORAGE;
}

/* An order whose entry is not on the disk is not given. */
static void nothing_is_begun_that_the_log_does_not_tell_of(void **state)
{
	struct storage *s = server.storage;
	const struct audit_ops *audit = s->audit;
	const struct transaction_ops *transaction = s->transaction;
	struct audit_ops mute = *audit;
	struct transaction_ops lost = *transaction;

	(void)state;
	mute.append = no_append;
	lost.commit = no_commit;
	s->audit = &mute;
	answers(METHOD_DELETE, "/park", "", 500, "internal");
	s->audit = audit;
	logged(0, "");
	s->transaction = &lost;
	answers(METHOD_DELETE, "/park", "", 500, "internal");
	s->transaction = transaction;
	logged(1, "\"subject\":\"DELETE /park\",\"status\":500");
	assert_int_equal(begun, 0);
	assert_int_equal(gone, 2);
	s->audit = &mute;
	answers(METHOD_DELETE, "/work", "", 500, "internal");
	s->audit = audit;
	assert_null(taken);
	assert_int_equal(dropped, 1);
}

static void parked_time_ends_with_an_answer(void **state)
{
	struct exchange *x = ask(METHOD_DELETE, "/park", "");

	(void)state;
	exchange_time(x);
	assert_int_equal(x->call.answer.status, 504);
	assert_int_equal(woken, 0);
	exchange_free(x);
}

static void a_dead_connection_is_told_once(void **state)
{
	struct exchange *x = ask(METHOD_DELETE, "/park", "");

	(void)state;
	exchange_gone(x);
	exchange_gone(x);
	assert_int_equal(gone, 1);
	/* What he ordered may be carried out all the same. */
	logged(2, "\"subject\":\"DELETE /park\",\"begun\":1,\"code\":\"caller-gone\"");
	exchange_free(x);
}

static void who_leaves_before_his_answer_is_logged_with_it(void **state)
{
	struct exchange *x = ask(METHOD_DELETE, "/park", "");

	(void)state;
	answer_done(&x->call);
	exchange_gone(x);
	assert_int_equal(gone, 0);
	logged(2, "\"status\":200");
	exchange_free(x);
}

static u32 files_in(const char *path)
{
	DIR *d = opendir(path);
	struct dirent *entry;
	u32 n = 0;

	assert_non_null(d);
	while ((entry = readdir(d)))
		n += entry->d_name[0] != '.';
	(void)closedir(d);
	return n;
}

static void uploads_are_there_whole_or_not_at_all(void **state)
{
	/* SHA-384 of "hello", from elsewhere. */
	static const char right[] =
	        "/blobs/"
	        "59e1748777448c69de6b800d7a33bbfb9ff1b463e44354c3553bcdb9c666fa90125a3c79f90397bdf5f6a13de828684f";
	bool wanted;
	u64 length;
	int fd;

	(void)state;
	answers(METHOD_PUT, "/blobs/00", "hello", 400, "digest");
	assert_int_equal(files_in(blobs), 0);
	/* The connection died half way. */
	struct exchange *x = begin(LISTENER_OPERATORS, METHOD_PUT, right, 5, &wanted);
	assert_true(wanted && exchange_body(x, (const u8 *)"hel", 3));
	assert_int_equal(files_in(blobs), 1);
	assert_int_equal(blob_open(blobs, right + 7, &fd, &length), ERR_STORAGE_ABSENT);
	exchange_free(x);
	assert_int_equal(files_in(blobs), 0);
	answers(METHOD_PUT, right, "hello", 200, "");
	assert_int_equal(blob_open(blobs, right + 7, &fd, &length), OK);
	assert_int_equal(length, 5);
	(void)close(fd);
	assert_int_equal(blob_open(blobs, "../db", &fd, &length), ERR_ARGUMENT);
	assert_int_equal(blob_remove(blobs, right + 7), OK);
	assert_int_equal(blob_remove(blobs, right + 7), ERR_STORAGE_ABSENT);
}

static void a_start_removes_what_was_cut_off(void **state)
{
	struct blob_writer *w;

	(void)state;
	assert_int_equal(blob_begin(blobs, &w), OK);
	assert_int_equal(files_in(blobs), 1);
	assert_int_equal(blobs_open(blobs), OK);
	assert_int_equal(files_in(blobs), 0);
	blob_discard(w);
}

int main(void)
{
#define SERVER_TEST(f) cmocka_unit_test_setup_teardown(f, open_server, close_server)
	const struct CMUnitTest tests[] = {
		SERVER_TEST(refusals_come_before_the_handler),
		SERVER_TEST(a_length_above_the_bound_is_refused_unseen),
		SERVER_TEST(a_rate_that_is_over_costs_no_look_up),
		SERVER_TEST(admission_comes_before_the_body),
		SERVER_TEST(revoked_and_unknown_get_nothing),
		SERVER_TEST(a_change_and_its_entry_are_one),
		SERVER_TEST(a_handler_that_forgets_is_a_failure),
		SERVER_TEST(the_first_of_two_answers_counts),
		SERVER_TEST(bodies_arrive_whole),
		SERVER_TEST(what_is_parked_is_logged_when_it_is_answered),
		SERVER_TEST(what_waits_twice_is_begun_once),
		SERVER_TEST(what_work_stores_and_its_entry_are_one),
		SERVER_TEST(work_of_a_dead_connection_is_nobodys),
		SERVER_TEST(nothing_is_begun_that_the_log_does_not_tell_of),
		SERVER_TEST(parked_time_ends_with_an_answer),
		SERVER_TEST(who_leaves_before_his_answer_is_logged_with_it),
		SERVER_TEST(a_dead_connection_is_told_once),
		SERVER_TEST(uploads_are_there_whole_or_not_at_all),
		SERVER_TEST(a_start_removes_what_was_cut_off),
	};

	return cmocka_run_group_tests_name("signetd exchange", tests, NULL, NULL);
}
