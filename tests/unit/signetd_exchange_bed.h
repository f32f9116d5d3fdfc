/*
 * One server's data folder under /tmp, and requests to it by way of signetd/net/exchange.c. The test has the routes.
 * Trust: test code.
 */
#ifndef SIGNET_TESTS_UNIT_SIGNETD_EXCHANGE_BED_H
#define SIGNET_TESTS_UNIT_SIGNETD_EXCHANGE_BED_H

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

#define OP LISTENER_OPERATORS

static char folder[40], database[64], blobs[64];
static struct server server;
static u32 woken;
/* Work that the test carries out when it likes. */
static struct work *taken;

static inline u64 fixed_wall(const struct clock *c)
{
	(void)c;
	return 1700000000;
}

static const struct clock fixed = { .wall = fixed_wall };

static inline void wake(struct call *c)
{
	(void)c;
	woken++;
}

static inline bool take_work(struct call *c, struct work *w)
{
	assert_true(c->begun);
	taken = w;
	return true;
}

static const struct call_ops ops = { wake, take_work };
static struct caller who = { .address = "192.0.2.1", .role = ROLE_OPERATOR, .name = "op", .serial = "01" };

static inline int open_server(void **state)
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
	woken = 0;
	taken = NULL;
	if (storage_sqlite_open(database, &server.storage) || blobs_open(blobs))
		return -1;
	return server.storage->operators->add(server.storage, &op) ? -1 : 0;
}

static inline int close_server(void **state)
{
	(void)state;
	server.storage->transaction->close(server.storage);
	directory_remove(folder);
	return 0;
}

static inline struct exchange *begin(
        enum listener listener, enum method method, const char *target, u64 length, bool *wanted)
{
	struct request_head head = { .method = method, .length = length, .target_length = strlen(target) };
	struct exchange *x = exchange_make(&server, &ops, &who);

	assert_non_null(x);
	memcpy(head.target, target, head.target_length);
	*wanted = exchange_head(x, &head, listener, true);
	return x;
}

static inline struct exchange *ask(enum method method, const char *target, const char *body)
{
	bool wanted;
	struct exchange *x = begin(LISTENER_OPERATORS, method, target, strlen(body), &wanted);

	if (wanted && (!*body || exchange_body(x, (const u8 *)body, strlen(body))))
		exchange_run(x);
	if (x->call.answer.status)
		exchange_settle(x);
	return x;
}

static inline void answers(enum method method, const char *target, const char *body, u32 status, const char *code)
{
	struct exchange *x = ask(method, target, body);

	assert_int_equal(x->call.answer.status, status);
	assert_string_equal(x->call.answer.code, code);
	exchange_free(x);
}

/* The newest entry of the audit log holds these words. */
static inline void logged(u64 number, const char *words)
{
	struct audit_record r = { 0 };
	enum err e = server.storage->audit->last(server.storage, &r);

	assert_int_equal(e, number ? OK : ERR_STORAGE_ABSENT);
	assert_int_equal(r.number, number);
	if (number && !strstr(r.content, words))
		fail_msg("%s does not say %s", r.content, words);
}

static inline void fact_is(const char *value)
{
	char found[META_VALUE_MAX + 1] = "";
	enum err e = server.storage->meta->get(server.storage, "fact", found);

	assert_int_equal(e, *value ? OK : ERR_STORAGE_ABSENT);
	assert_string_equal(found, value);
}

static inline void change(struct call *c, const char *value)
{
	assert_int_equal(c->server->storage->meta->set(c->server->storage, "fact", value), OK);
	call_note(c, "fact is %s", value);
}

static inline void succeed(struct call *c)
{
	change(c, "kept");
	answer_done(c);
}

#define SERVER_TEST(f) cmocka_unit_test_setup_teardown(f, open_server, close_server)

#endif
