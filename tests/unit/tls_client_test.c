/* The TLS client against servers that are right, and wrong in one thing each. */
#include "lib/tls/client.h"
#include "lib/tls/deadline.h"
#include "lib/tls/socket.h"
#include "tests/unit/loopback.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { PATIENCE_MS = 30000, SHORT_MS = 200 };

static struct tls_identity *identity;

static void echo(struct loopback *l, mbedtls_ssl_context *tls, u32 connection)
{
	u8 byte;

	(void)l, (void)connection;
	while (mbedtls_ssl_read(tls, &byte, 1) == 1)
		if (!loopback_say(tls, &byte, 1))
			return;
}

static void hang_up(struct loopback *l, mbedtls_ssl_context *tls, u32 connection)
{
	(void)l, (void)tls, (void)connection;
}

static struct loopback *server(u32 flaws, void (*serve)(struct loopback *, mbedtls_ssl_context *, u32))
{
	struct loopback *l = calloc(1, sizeof(*l));

	assert_non_null(l);
	l->flaws = flaws;
	l->serve = serve;
	loopback_start(l);
	return l;
}

static void end(struct loopback *l)
{
	loopback_stop(l);
	free(l);
}

static enum err connect_to(const struct loopback *l, const char *host, u32 timeout_ms, struct tls_client **c)
{
	struct tls_settings s = {
		.host = host, .port = l->port, .ca_key = l->ca_key, .identity = identity, .timeout_ms = timeout_ms
	};
	char why[TLS_WHY_SIZE];
	enum err e = tls_connect(&s, c, why);

	if (e)
		assert_true(why[0] && !*c);
	return e;
}

static void talks_to_a_server_of_the_ca(void **state)
{
	static const u32 good[] = { 0, LOOPBACK_WITHOUT_ROOT };
	u8 digest[SHA256_SIZE], byte = 0;
	size_t n;

	(void)state;
	tls_identity_digest(identity, digest);
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		struct loopback *l = server(good[i], echo);
		struct tls_client *c;
		u64 deadline = monotonic_ms() + PATIENCE_MS;

		assert_int_equal(connect_to(l, "127.0.0.1", PATIENCE_MS, &c), OK);
		assert_int_equal(tls_write(c, (const u8 *)"x", 1, deadline, &n), OK);
		assert_int_equal(tls_read(c, &byte, 1, deadline, &n), OK);
		assert_int_equal(byte, 'x');
		/* The key that the quote will name is the one the server saw. */
		assert_memory_equal(l->peer_key, digest, sizeof(digest));
		tls_close(c);
		end(l);
	}
}

static void refuses_servers_that_are_not_the_fleets(void **state)
{
	static const u32 flaws[] = { LOOPBACK_OTHER_CA, LOOPBACK_OWN_ROOT, LOOPBACK_OTHER_CA | LOOPBACK_WITHOUT_ROOT,
		LOOPBACK_EXPIRED, LOOPBACK_OTHER_NAME };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(flaws); i++) {
		struct loopback *l = server(flaws[i], echo);
		struct tls_client *c;

		assert_int_equal(connect_to(l, "127.0.0.1", PATIENCE_MS, &c), ERR_TLS_CERTIFICATE);
		end(l);
	}
}

static void a_ca_of_zeros_certifies_nobody(void **state)
{
	struct loopback *l = server(0, echo);
	struct tls_client *c;

	(void)state;
	memset(l->ca_key, 0, sizeof(l->ca_key));
	assert_int_equal(connect_to(l, "127.0.0.1", PATIENCE_MS, &c), ERR_TLS_CERTIFICATE);
	end(l);
}

static void speaks_tls_1_3_alone(void **state)
{
	struct loopback *l = server(LOOPBACK_TLS12, echo);
	struct tls_client *c;

	(void)state;
	assert_int_equal(connect_to(l, "127.0.0.1", PATIENCE_MS, &c), ERR_TLS_PROTOCOL);
	end(l);
}

static void nothing_waits_for_ever(void **state)
{
	struct loopback *mute = server(LOOPBACK_MUTE, NULL), *quiet = server(0, echo);
	struct tls_client *c;
	u8 byte;
	size_t n;

	(void)state;
	assert_int_equal(connect_to(mute, "127.0.0.1", SHORT_MS, &c), ERR_NET_TIMEOUT);
	assert_int_equal(connect_to(quiet, "127.0.0.1", PATIENCE_MS, &c), OK);
	assert_int_equal(tls_read(c, &byte, 1, 0, &n), ERR_NET_TIMEOUT);
	/* And it can be asked again. */
	u64 deadline = monotonic_ms() + PATIENCE_MS;
	assert_int_equal(tls_write(c, (const u8 *)"y", 1, deadline, &n), OK);
	assert_int_equal(tls_read(c, &byte, 1, deadline, &n), OK);
	tls_interrupt(c);
	assert_int_equal(tls_read(c, &byte, 1, deadline, &n), ERR_NET_CLOSED);
	tls_close(c);
	end(mute);
	end(quiet);
}

static void tells_an_end_in_order(void **state)
{
	struct loopback *l = server(0, hang_up);
	struct tls_client *c;
	u8 byte;
	size_t n = 1;

	(void)state;
	assert_int_equal(connect_to(l, "localhost", PATIENCE_MS, &c), OK);
	assert_int_equal(tls_read(c, &byte, 1, monotonic_ms() + PATIENCE_MS, &n), OK);
	assert_int_equal(n, 0);
	tls_close(c);
	end(l);
}

static void tells_why_nobody_is_there(void **state)
{
	struct loopback *l = server(0, echo);
	struct loopback nobody = *l;
	struct tls_client *c;

	(void)state;
	end(l);
	assert_int_equal(connect_to(&nobody, "127.0.0.1", PATIENCE_MS, &c), ERR_NET_CONNECT);
	assert_int_equal(connect_to(&nobody, "no-such-name.invalid", PATIENCE_MS, &c), ERR_NET_NAME);
}

static void splits_addresses(void **state)
{
	static const struct {
		const char *text, *host, *port;
	} rows[] = { { "fleet.example:7443", "fleet.example", "7443" }, { "[::1]:7443", "::1", "7443" },
		{ "192.0.2.1:1", "192.0.2.1", "1" }, { "fleet.example", NULL, NULL }, { ":7443", NULL, NULL },
		{ "a:", NULL, NULL }, { "::1:7443", NULL, NULL }, { "a:12x", NULL, NULL }, { "a:123456", NULL, NULL },
		{ "", NULL, NULL } };
	char host[SOCKET_HOST_SIZE], port[SOCKET_PORT_SIZE];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		bool good = socket_address_split(rows[i].text, strlen(rows[i].text), host, port);

		assert_int_equal(good, rows[i].host != NULL);
		if (good) {
			assert_string_equal(host, rows[i].host);
			assert_string_equal(port, rows[i].port);
		}
	}
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
		cmocka_unit_test(talks_to_a_server_of_the_ca),
		cmocka_unit_test(refuses_servers_that_are_not_the_fleets),
		cmocka_unit_test(a_ca_of_zeros_certifies_nobody),
		cmocka_unit_test(speaks_tls_1_3_alone),
		cmocka_unit_test(nothing_waits_for_ever),
		cmocka_unit_test(tells_an_end_in_order),
		cmocka_unit_test(tells_why_nobody_is_there),
		cmocka_unit_test(splits_addresses),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
