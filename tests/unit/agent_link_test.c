/* The agent's connection to the fleet server: when a request is sent again, and when it is given up. */
#include "agent/agentd/link.h"
#include "lib/tls/deadline.h"
#include "tests/unit/loopback.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct loopback server;
static struct fleet_place place;
static struct link link;
static u32 requests, connections;
static char taken[64];
static size_t taken_size;

static const char whole[] = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789";
static const char half[] = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01234";

/* One whole answer, then what the test says: half of one, or the end. On later connections all of it. */
static void serve(struct loopback *l, mbedtls_ssl_context *tls, u32 connection)
{
	connections = connection + 1;
	while (loopback_request(l, tls)) {
		requests++;
		bool good = requests != 2;
		if (!loopback_say_text(tls, good ? whole : (const char *)l->context) || !good)
			return;
	}
}

static enum err take(void *context, const u8 *bytes, size_t n)
{
	(void)context;
	assert_true(n <= sizeof(taken) - taken_size);
	memcpy(taken + taken_size, bytes, n);
	taken_size += n;
	return OK;
}

static void begin(const char *second)
{
	char addresses[32];

	memset(&server, 0, sizeof(server));
	server.serve = serve;
	server.context = (void *)(uintptr_t)second;
	loopback_start(&server);
	requests = connections = 0;
	(void)snprintf(addresses, sizeof(addresses), "127.0.0.1:%s", server.port);
	assert_int_equal(addresses_read(&place.addresses, addresses), OK);
	memcpy(place.ca_key, server.ca_key, sizeof(place.ca_key));
	link_open(&link, &place);
}

static void end(void)
{
	tls_close(link.tls);
	loopback_stop(&server);
}

static enum err ask(void)
{
	struct http_request q = { .method = "GET", .target = "/x", .silence_ms = 30000 };
	struct http_answer a = { .sink = take, .sink_max = 64 };

	taken_size = 0;
	return link_ask(&link, &q, &a);
}

static void an_idle_connection_that_was_closed_is_made_again(void **state)
{
	(void)state;
	begin("");
	assert_int_equal(ask(), OK);
	assert_int_equal(ask(), OK);
	assert_int_equal(taken_size, 10);
	assert_int_equal(connections, 2);
	end();
}

/* Whoever takes it knows what he has, and goes on from there. */
static void what_was_answered_in_part_is_not_asked_again(void **state)
{
	(void)state;
	begin(half);
	assert_int_equal(ask(), OK);
	assert_int_not_equal(ask(), OK);
	assert_int_equal(taken_size, 5);
	assert_memory_equal(taken, "01234", 5);
	assert_int_equal(requests, 2);
	assert_false(link.interrupted);
	end();
}

static void an_interrupt_between_requests_keeps_the_connection(void **state)
{
	(void)state;
	begin("");
	assert_int_equal(ask(), OK);
	link_interrupt(&link);
	assert_int_equal(ask(), ERR_NET_CLOSED);
	assert_true(link.interrupted);
	assert_int_equal(requests, 1);
	/* The connection was not shut down: the server hears the next request on it. */
	requests = 2;
	assert_int_equal(ask(), OK);
	assert_int_equal(connections, 1);
	end();
}

static int open_identity(void **state)
{
	(void)state;
	(void)pthread_mutex_init(&place.lock, NULL);
	return tls_identity_make(&place.identity);
}

static int close_identity(void **state)
{
	(void)state;
	tls_identity_free(place.identity);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_idle_connection_that_was_closed_is_made_again),
		cmocka_unit_test(what_was_answered_in_part_is_not_asked_again),
		cmocka_unit_test(an_interrupt_between_requests_keeps_the_connection),
	};

	return cmocka_run_group_tests_name("agent link", tests, open_identity, close_identity);
}
