/* The fleet server's HTTP: heads, bodies and what is refused; ranges; heads of responses. */
#include "signetd/http/range.h"
#include "signetd/http/request.h"
#include "signetd/http/response.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char body[1 << 16];
static size_t body_length;

static bool take(void *context, const u8 *bytes, size_t n)
{
	(void)context;
	assert_true(n <= sizeof(body) - body_length);
	memcpy(body + body_length, bytes, n);
	body_length += n;
	return true;
}

/* Feeds text in pieces of that size until something other than MORE and HEAD comes, or the text ends. */
static enum request_event feed(struct request_parser *p, const char *text, size_t n, size_t piece)
{
	enum request_event event = REQUEST_MORE;

	body_length = 0;
	request_begin(p, take, NULL);
	for (size_t at = 0; at < n || event == REQUEST_HEAD;) {
		size_t left = n - at, used = 0;

		event = request_feed(p, (const u8 *)text + at, left < piece ? left : piece, &used);
		at += used;
		if (event == REQUEST_END || event == REQUEST_BAD)
			break;
	}
	return event;
}

static u32 refused(const char *text)
{
	static struct request_parser p;
	u32 status = 0;

	for (size_t piece = 1; piece <= 4096; piece *= 64) {
		enum request_event event = feed(&p, text, strlen(text), piece);

		if (event != REQUEST_BAD)
			return 0;
		assert_true(piece == 1 || status == p.refusal->status);
		status = p.refusal->status;
	}
	return status;
}

static void a_request_is_read_in_any_pieces(void **state)
{
	static const char text[] =
	        "POST /v1/nodes/ab?x=1 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nRange: bytes=2-3\r\n"
	        "Expect: 100-continue\r\n\r\nhello";
	struct request_parser p;

	(void)state;
	for (size_t piece = 1; piece < sizeof(text); piece++) {
		assert_int_equal(feed(&p, text, sizeof(text) - 1, piece), REQUEST_END);
		assert_int_equal(p.head.method, METHOD_POST);
		assert_int_equal(p.head.target_length, 16);
		assert_memory_equal(p.head.target, "/v1/nodes/ab?x=1", 16);
		assert_int_equal(p.head.length, 5);
		assert_true(p.head.keep_alive && p.head.expects_continue);
		assert_true(p.head.range.given && p.head.range.first == 2 && p.head.range.last == 3);
		assert_int_equal(body_length, 5);
		assert_memory_equal(body, "hello", 5);
	}
}

static void the_next_request_waits(void **state)
{
	static const char text[] = "GET /a HTTP/1.1\r\nHost: a\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\n\r\n";
	struct request_parser p;
	size_t used, at;

	(void)state;
	request_begin(&p, take, NULL);
	assert_int_equal(request_feed(&p, (const u8 *)text, sizeof(text) - 1, &used), REQUEST_HEAD);
	at = used;
	assert_int_equal(request_feed(&p, (const u8 *)text + at, sizeof(text) - 1 - at, &used), REQUEST_END);
	at += used;
	assert_int_equal(at, (sizeof(text) - 1) / 2);
	request_next(&p);
	assert_int_equal(request_feed(&p, (const u8 *)text + at, sizeof(text) - 1 - at, &used), REQUEST_HEAD);
	assert_memory_equal(p.head.target, "/b", 2);
}

static void refusals_have_their_status(void **state)
{
	(void)state;
	assert_int_equal(refused("BREW /pot HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
	assert_int_equal(refused("PATCH / HTTP/1.1\r\nHost: a\r\n\r\n"), 501);
	assert_int_equal(refused("GET / HTTP/1.1\r\n\r\n"), 400);
	assert_int_equal(refused("GET / HTTP/2.0\r\nHost: a\r\n\r\n"), 505);
	assert_int_equal(refused("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), 411);
	assert_int_equal(refused("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n"), 400);
	assert_int_equal(refused("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -3\r\n\r\n"), 400);
	assert_int_equal(refused("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n"), 400);
	assert_int_equal(refused("GET / HTTP/1.1\nHost: a\n\n"), 400);
	assert_int_equal(refused("GET / HTTP/1.1\r\nHost : a\r\n\r\n"), 400);
	assert_int_equal(refused("GET / HTTP/1.1\r\nHost: a\r\nExpect: tea\r\n\r\n"), 417);
	assert_int_equal(refused("GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n"), 400);
	assert_int_equal(refused("\x16\x03\x01 TLS at the wrong place"), 400);
}

static void heads_are_bounded(void **state)
{
	static char text[2 * HEAD_MAX];
	size_t n;

	(void)state;
	n = (size_t)sprintf(text, "GET /%0*d HTTP/1.1\r\nHost: a\r\n\r\n", TARGET_MAX, 0);
	assert_true(n < sizeof(text));
	assert_int_equal(refused(text), 414);
	(void)sprintf(text, "GET / HTTP/1.1\r\nHost: a\r\nX: %0*d\r\n\r\n", HEAD_MAX, 0);
	assert_int_equal(refused(text), 431);
	n = (size_t)sprintf(text, "GET / HTTP/1.1\r\nHost: a\r\n");
	for (int i = 0; i < HEADER_COUNT_MAX; i++)
		n += (size_t)sprintf(text + n, "A%d: b\r\n", i);
	(void)sprintf(text + n, "\r\n");
	assert_int_equal(refused(text), 431);
	/* A long value of a header nobody asks for is no harm. */
	(void)sprintf(text, "GET / HTTP/1.1\r\nHost: a\r\nCookie: %0*d\r\n\r\n", HEAD_MAX / 2, 0);
	assert_int_equal(refused(text), 0);
}

static void ranges_are_read(void **state)
{
	static const struct {
		const char *text;
		bool given;
		u64 first, last;
	} rows[] = {
		{ "bytes=0-0", true, 0, 0 },
		{ "bytes=5-", true, 5, UINT64_MAX },
		{ "bytes=-7", true, UINT64_MAX, 7 },
		{ "Bytes=1-2", true, 1, 2 },
		{ "bytes=2-1", false, 0, 0 },
		{ "bytes=-", false, 0, 0 },
		{ "bytes=1-2,4-5", false, 0, 0 },
		{ "bytes= 1-2", false, 0, 0 },
		{ "bytes=18446744073709551616-", false, 0, 0 },
		{ "lines=1-2", false, 0, 0 },
		{ "bytes=", false, 0, 0 },
		{ "", false, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct byte_range r = range_read(rows[i].text, strlen(rows[i].text));

		assert_int_equal(r.given, rows[i].given);
		assert_true(!r.given || (r.first == rows[i].first && r.last == rows[i].last));
	}
}

static void ranges_are_served_inside_the_file_alone(void **state)
{
	u64 offset, count;

	(void)state;
	/* Exhaustively over small files. */
	for (u64 length = 0; length < 6; length++)
		for (u64 first = 0; first < 8; first++)
			for (u64 last = first; last < 9; last++) {
				struct byte_range r = { true, first, last == 8 ? UINT64_MAX : last };
				enum range_fit fit = range_fit(&r, length, &offset, &count);

				assert_int_equal(fit, first < length ? RANGE_PART : RANGE_OUTSIDE);
				if (fit == RANGE_PART) {
					assert_int_equal(offset, first);
					assert_int_equal(count, (last < length ? last : length - 1) - first + 1);
				}
			}
	assert_int_equal(range_fit(&(struct byte_range){ true, UINT64_MAX, 3 }, 10, &offset, &count), RANGE_PART);
	assert_true(offset == 7 && count == 3);
	assert_int_equal(range_fit(&(struct byte_range){ true, UINT64_MAX, 30 }, 10, &offset, &count), RANGE_PART);
	assert_true(offset == 0 && count == 10);
	assert_int_equal(range_fit(&(struct byte_range){ true, UINT64_MAX, 0 }, 10, &offset, &count), RANGE_OUTSIDE);
	assert_int_equal(range_fit(&(struct byte_range){ .given = false }, 10, &offset, &count), RANGE_WHOLE);
}

static void the_longest_response_head_fits(void **state)
{
	char out[RESPONSE_HEAD_MAX];
	struct response r = {
		.status = 511,
		.type = "text/plain; version=0.0.4; charset=utf-8",
		.length = UINT64_MAX,
		.is_file = true,
		.is_part = true,
		.offset = UINT64_MAX - 1,
		.whole = UINT64_MAX,
	};

	(void)state;
	size_t n = response_head(&r, 253402300799, out);
	assert_true(n > 4 && n < sizeof(out));
	assert_memory_equal(out + n - 4, "\r\n\r\n", 4);
	assert_non_null(strstr(out, "Connection: close\r\n"));
	assert_non_null(strstr(out, "Content-Range: bytes 18446744073709551614-"));
}

static void an_unsatisfiable_range_says_the_length(void **state)
{
	struct answer a = { .status = 200, .type = "application/octet-stream", .file = 7, .file_length = 10 };
	struct byte_range beyond = { true, 10, UINT64_MAX };
	char out[RESPONSE_HEAD_MAX];
	struct response r = response_of(&a, &beyond, true);

	(void)state;
	assert_int_equal(r.status, 416);
	assert_int_equal(r.length, 0);
	(void)response_head(&r, 0, out);
	assert_non_null(strstr(out, "HTTP/1.1 416 "));
	assert_non_null(strstr(out, "Content-Range: bytes */10\r\n"));
	assert_non_null(strstr(out, "Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n"));
	assert_null(strstr(out, "Connection"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_is_read_in_any_pieces),
		cmocka_unit_test(the_next_request_waits),
		cmocka_unit_test(refusals_have_their_status),
		cmocka_unit_test(heads_are_bounded),
		cmocka_unit_test(ranges_are_read),
		cmocka_unit_test(ranges_are_served_inside_the_file_alone),
		cmocka_unit_test(the_longest_response_head_fits),
		cmocka_unit_test(an_unsatisfiable_range_says_the_length),
	};

	return cmocka_run_group_tests_name("signetd http", tests, NULL, NULL);
}
