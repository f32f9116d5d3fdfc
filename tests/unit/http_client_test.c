/* HTTP requests and answers over TLS on the loopback. */
#include "image/host/file.h"
#include "lib/http/client.h"
#include "lib/tls/deadline.h"
#include "tests/unit/loopback.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { PATIENCE_MS = 30000, SHORT_MS = 200, BODY_MAX = 4096 };

static struct tls_identity *identity;
static struct loopback server;
static struct tls_client *client;
static u8 body[BODY_MAX];

/* One answer to each whole request, as often as it comes. */
static void answer_each(struct loopback *l, mbedtls_ssl_context *tls, u32 connection)
{
	(void)connection;
	while (loopback_request(l, tls))
		if (!loopback_say_text(tls, l->context))
			return;
}

static void answer_once(struct loopback *l, mbedtls_ssl_context *tls, u32 connection)
{
	(void)connection;
	if (loopback_request(l, tls))
		(void)loopback_say_text(tls, l->context);
}

/* Refuses as soon as the head is there, and takes no more. */
static void answer_early(struct loopback *l, mbedtls_ssl_context *tls, u32 connection)
{
	(void)connection;
	if (loopback_head(l, tls))
		(void)loopback_say_text(tls, l->context);
	u8 drain[1024];
	while (mbedtls_ssl_read(tls, drain, sizeof(drain)) > 0)
		;
}

static void say_nothing(struct loopback *l, mbedtls_ssl_context *tls, u32 connection)
{
	(void)connection;
	while (loopback_request(l, tls))
		;
}

typedef void serve_function(struct loopback *l, mbedtls_ssl_context *tls, u32 connection);

static void begin(serve_function *serve, const char *answer)
{
	char why[TLS_WHY_SIZE];

	memset(&server, 0, sizeof(server));
	server.serve = serve;
	server.context = (void *)(uintptr_t)answer;
	loopback_start(&server);
	struct tls_settings s = { .host = "127.0.0.1",
		.port = server.port,
		.ca_key = server.ca_key,
		.identity = identity,
		.timeout_ms = PATIENCE_MS };
	assert_int_equal(tls_connect(&s, &client, why), OK);
}

static void end(void)
{
	tls_close(client);
	loopback_stop(&server);
}

static const struct http_request get = {
	.method = "GET", .host = "fleet", .target = "/v1/status", .silence_ms = PATIENCE_MS
};

static enum err ask(const struct http_request *q, struct http_answer *a)
{
	*a = (struct http_answer){ .bytes = body, .room = sizeof(body) };
	return http_ask(client, q, a);
}

static void takes_answers_one_after_the_other(void **state)
{
	struct http_request post = { .method = "POST",
		.host = "fleet",
		.target = "/node/v1/poll",
		.type = HTTP_JSON,
		.body = "{\"node\":1}",
		.size = 10,
		.silence_ms = PATIENCE_MS };
	struct http_answer a;

	(void)state;
	begin(answer_each, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 4\r\n\r\n{ } ");
	for (u32 i = 0; i < 3; i++) {
		assert_int_equal(ask(&post, &a), OK);
		assert_int_equal(a.head.status, 200);
		assert_true(a.head.keep_alive);
		assert_string_equal(a.head.type, HTTP_JSON);
		assert_int_equal(a.used, 4);
		assert_memory_equal(body, "{ } ", 4);
	}
	assert_string_equal(server.request,
	        "POST /node/v1/poll HTTP/1.1\r\nHost: fleet\r\nContent-Type: application/json\r\n"
	        "Content-Length: 10\r\n\r\n{\"node\":1}");
	end();
}

static void asks_for_a_range(void **state)
{
	struct http_request q = get;
	struct http_answer a;

	(void)state;
	q.ranged = true;
	q.first = 10;
	begin(answer_each, "HTTP/1.1 206 Part\r\nContent-Range: bytes 10-12/13\r\nContent-Length: 3\r\n\r\nabc");
	assert_int_equal(ask(&q, &a), OK);
	assert_non_null(strstr(server.request, "Range: bytes=10-\r\n"));
	assert_true(a.head.has_range);
	assert_int_equal(a.head.range_first, 10);
	assert_int_equal(a.head.range_total, 13);
	q.last = 11;
	assert_int_equal(ask(&q, &a), OK);
	assert_non_null(strstr(server.request, "Range: bytes=10-11\r\n"));
	end();
}

static void takes_chunks_and_bodies_up_to_the_end(void **state)
{
	struct http_answer a;

	(void)state;
	begin(answer_each, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n");
	assert_int_equal(ask(&get, &a), OK);
	assert_int_equal(a.used, 3);
	assert_true(a.head.keep_alive);
	end();
	begin(answer_once, "HTTP/1.1 200 OK\r\n\r\nup to the end");
	assert_int_equal(ask(&get, &a), OK);
	assert_int_equal(a.used, 13);
	assert_false(a.head.keep_alive);
	end();
}

static void refuses_what_is_no_answer(void **state)
{
	static const struct {
		const char *answer;
		enum err e;
	} rows[] = {
		{ "SSH-2.0-OpenSSH_9.9\r\n", ERR_HTTP_FORMAT },
		{ "HTTP/1.1 100 Continue\r\n\r\n", ERR_HTTP_FORMAT },
		{ "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", ERR_HTTP_FORMAT },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", ERR_HTTP_FORMAT },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		        ERR_HTTP_FORMAT },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nab", ERR_HTTP_FORMAT },
		{ "HTTP/1.1 206 Part\r\nContent-Range: bytes 5-4/9\r\nContent-Length: 0\r\n\r\n", ERR_HTTP_FORMAT },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 4097\r\n\r\n", ERR_HTTP_LENGTH },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort", ERR_NET_CLOSED },
		{ "HTTP/1.1 200 OK\r\nContent-", ERR_NET_CLOSED },
	};
	struct http_answer a;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		begin(answer_once, rows[i].answer);
		assert_int_equal(ask(&get, &a), rows[i].e);
		end();
	}
}

static void bounds_the_head(void **state)
{
	static char long_head[2 * HTTP_HEAD_MAX];
	struct http_answer a;
	size_t n = (size_t)snprintf(long_head, sizeof(long_head), "HTTP/1.1 200 OK\r\n");

	(void)state;
	while (n < HTTP_HEAD_MAX)
		n += (size_t)snprintf(long_head + n, sizeof(long_head) - n, "X-Filler: 0123456789\r\n");
	(void)snprintf(long_head + n, sizeof(long_head) - n, "Content-Length: 0\r\n\r\n");
	begin(answer_once, long_head);
	assert_int_equal(ask(&get, &a), ERR_HTTP_FORMAT);
	end();
}

static enum err add(void *context, const u8 *bytes, size_t n)
{
	(void)bytes;
	*(u64 *)context += n;
	return OK;
}

static enum err refuse(void *context, const u8 *bytes, size_t n)
{
	(void)context, (void)bytes, (void)n;
	return ERR_IO;
}

static void hands_a_download_on(void **state)
{
	u64 got = 0;
	struct http_answer a = { .bytes = body, .room = sizeof(body), .sink = add, .context = &got, .sink_max = 8192 };

	(void)state;
	begin(answer_each, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n12345");
	assert_int_equal(http_ask(client, &get, &a), OK);
	assert_int_equal(got, 5);
	assert_int_equal(a.used, 0);
	a.sink_max = 4;
	assert_int_equal(http_ask(client, &get, &a), ERR_HTTP_LENGTH);
	end();
	/* An error's words are no part of what was to be downloaded. */
	got = 0;
	begin(answer_each, "HTTP/1.1 404 No\r\nContent-Length: 5\r\n\r\nwords");
	assert_int_equal(http_ask(client, &get, &a), OK);
	assert_int_equal(got, 0);
	assert_int_equal(a.used, 5);
	end();
	begin(answer_each, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n12345");
	a.sink = refuse;
	a.sink_max = 5;
	assert_int_equal(http_ask(client, &get, &a), ERR_IO);
	end();
}

static void count_sent(void *context, u64 n)
{
	*(u64 *)context += n;
}

static int make_file(u64 size)
{
	char path[] = "build/upload.XXXXXX";
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(ftruncate(fd, (off_t)size), 0);
	return fd;
}

static void uploads_a_file(void **state)
{
	u64 sent = 0;
	int fd = make_file(50000);
	struct http_request q = { .method = "PUT",
		.host = "fleet",
		.target = "/v1/blobs/00",
		.type = HTTP_BYTES,
		.file = fd,
		.offset = 1000,
		.size = 49000,
		.sent = count_sent,
		.context = &sent,
		.silence_ms = PATIENCE_MS };
	struct http_answer a;

	(void)state;
	begin(answer_each, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
	assert_int_equal(ask(&q, &a), OK);
	assert_int_equal(sent, 49000);
	assert_true(a.head.keep_alive);
	/* A file that ends too early: half a request has gone out. */
	q.size = 60000;
	assert_int_equal(ask(&q, &a), ERR_IO);
	end();
	(void)close(fd);
}

static void hears_a_refusal_before_the_upload_ends(void **state)
{
	int fd = make_file(64 << 20);
	u64 sent = 0;
	struct http_request q = { .method = "PUT",
		.host = "fleet",
		.target = "/v1/images",
		.type = HTTP_BYTES,
		.file = fd,
		.size = 64 << 20,
		.sent = count_sent,
		.context = &sent,
		.silence_ms = PATIENCE_MS };
	struct http_answer a;

	(void)state;
	begin(answer_early, "HTTP/1.1 413 Too long\r\nContent-Length: 2\r\n\r\nno");
	assert_int_equal(ask(&q, &a), OK);
	assert_int_equal(a.head.status, 413);
	assert_false(a.head.keep_alive);
	end();
	(void)close(fd);
}

static void waits_no_longer_than_told(void **state)
{
	struct http_request q = get;
	struct http_answer a;

	(void)state;
	q.silence_ms = SHORT_MS;
	begin(say_nothing, NULL);
	assert_int_equal(ask(&q, &a), ERR_NET_TIMEOUT);
	q.silence_ms = PATIENCE_MS;
	q.total_ms = SHORT_MS;
	assert_int_equal(ask(&q, &a), ERR_NET_TIMEOUT);
	end();
}

static void sends_no_second_field_by_accident(void **state)
{
	struct http_request q = get;
	struct http_answer a;

	(void)state;
	begin(answer_each, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
	q.target = "/v1/nodes/a\r\nX: y";
	assert_int_equal(ask(&q, &a), ERR_ARGUMENT);
	end();
}

static int set_up(void **state)
{
	(void)state;
	return tls_identity_make(&identity) == OK ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	tls_identity_free(identity);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_answers_one_after_the_other),
		cmocka_unit_test(asks_for_a_range),
		cmocka_unit_test(takes_chunks_and_bodies_up_to_the_end),
		cmocka_unit_test(refuses_what_is_no_answer),
		cmocka_unit_test(bounds_the_head),
		cmocka_unit_test(hands_a_download_on),
		cmocka_unit_test(uploads_a_file),
		cmocka_unit_test(hears_a_refusal_before_the_upload_ends),
		cmocka_unit_test(waits_no_longer_than_told),
		cmocka_unit_test(sends_no_second_field_by_accident),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
