/* Limits on peers: connections in all and each, rates, and that nobody is remembered for ever. */
#include "signetd/net/admission.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static struct admission a;
static const struct admission_limits limits = {
	.connections = 10,
	.connections_per_peer = 3,
	.requests_per_second = 5,
	.request_burst = 8,
	.handshakes_per_second = 2,
	.handshake_burst = 4,
	.handshakes_per_second_in_all = 5,
	.handshake_burst_in_all = 10,
};

static const u8 *v4(u8 last)
{
	static u8 address[ADDRESS_SIZE] = { [10] = 0xff, [11] = 0xff, [12] = 192, [14] = 2 };

	address[15] = last;
	return address;
}

static int set_up(void **state)
{
	(void)state;
	admission_init(&a, &limits, 0);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	admission_free(&a);
	return 0;
}

static void each_peer_has_its_share(void **state)
{
	struct peer *first = NULL;

	(void)state;
	for (int i = 0; i < 3; i++) {
		first = admission_enter(&a, v4(1), 0);
		assert_non_null(first);
	}
	assert_null(admission_enter(&a, v4(1), 0));
	assert_non_null(admission_enter(&a, v4(2), 0));
	admission_leave(&a, first);
	assert_non_null(admission_enter(&a, v4(1), 0));
}

static u32 handshakes(struct peer *p, u32 tries, u64 now)
{
	u32 n = 0;

	for (u32 i = 0; i < tries; i++)
		n += admission_handshake(&a, p, now);
	return n;
}

static void handshakes_have_a_rate_each_and_in_all(void **state)
{
	struct peer *p[4];

	(void)state;
	for (u8 i = 0; i < 4; i++) {
		p[i] = admission_enter(&a, v4(i), 0);
		assert_non_null(p[i]);
	}
	assert_int_equal(handshakes(p[0], 100, 0), 4);
	/* Those that were refused for their address took nothing from the others. */
	assert_int_equal(handshakes(p[1], 100, 0), 4);
	assert_int_equal(handshakes(p[2], 100, 0), 2);
	assert_int_equal(handshakes(p[3], 100, 0), 0);
	assert_int_equal(handshakes(p[0], 100, 999), 1);
	assert_int_equal(handshakes(p[3], 100, 1000), 4);
	assert_int_equal(handshakes(p[2], 100, 1000), 0);
	assert_int_equal(handshakes(p[0], 100, 3600000), 4);
	/* Requests are counted by themselves. */
	assert_true(admission_request(&a, p[2], 1000));
}

static void who_made_handshakes_is_remembered_until_they_are_forgiven(void **state)
{
	struct peer *p = admission_enter(&a, v4(1), 0);

	(void)state;
	assert_int_equal(handshakes(p, 4, 0), 4);
	admission_leave(&a, p);
	admission_sweep(&a, 1999);
	assert_int_equal(a.peers, 1);
	admission_sweep(&a, 2000);
	assert_int_equal(a.peers, 0);
}

static void all_together_have_a_limit(void **state)
{
	(void)state;
	for (u8 i = 0; i < 10; i++)
		assert_non_null(admission_enter(&a, v4(i), 0));
	assert_null(admission_enter(&a, v4(100), 0));
}

static void one_ipv6_network_is_one_peer(void **state)
{
	u8 address[ADDRESS_SIZE] = { 0x20, 0x01, 0x0d, 0xb8 };

	(void)state;
	for (u8 i = 0; i < 3; i++) {
		address[15] = i;
		assert_non_null(admission_enter(&a, address, 0));
	}
	assert_null(admission_enter(&a, address, 0));
	address[7] = 1;
	assert_non_null(admission_enter(&a, address, 0));
}

static void a_burst_then_a_rate(void **state)
{
	struct peer *p = admission_enter(&a, v4(1), 1000), *other = admission_enter(&a, v4(2), 1000);

	(void)state;
	for (int i = 0; i < 8; i++)
		assert_true(admission_request(&a, p, 1000));
	assert_false(admission_request(&a, p, 1000));
	assert_false(admission_request(&a, p, 1199));
	assert_true(admission_request(&a, p, 1200));
	assert_false(admission_request(&a, p, 1200));
	/* Another is not touched by it. */
	assert_true(admission_request(&a, other, 1200));
	/* A long silence gives no more than a burst. */
	for (int i = 0; i < 8; i++)
		assert_true(admission_request(&a, p, UINT64_MAX / 2));
	assert_false(admission_request(&a, p, UINT64_MAX / 2));
}

static void leaving_and_coming_back_fills_no_bucket(void **state)
{
	struct peer *p = admission_enter(&a, v4(1), 0);

	(void)state;
	while (admission_request(&a, p, 0))
		;
	admission_leave(&a, p);
	admission_sweep(&a, 100);
	p = admission_enter(&a, v4(1), 100);
	assert_false(admission_request(&a, p, 100));
}

static void the_idle_are_forgotten(void **state)
{
	(void)state;
	for (u8 i = 0; i < 200; i++)
		admission_leave(&a, admission_enter(&a, v4(i), 0));
	assert_int_equal(a.peers, 200);
	admission_sweep(&a, 0);
	assert_int_equal(a.peers, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_peer_has_its_share, set_up, tear_down),
		cmocka_unit_test_setup_teardown(handshakes_have_a_rate_each_and_in_all, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		        who_made_handshakes_is_remembered_until_they_are_forgiven, set_up, tear_down),
		cmocka_unit_test_setup_teardown(all_together_have_a_limit, set_up, tear_down),
		cmocka_unit_test_setup_teardown(one_ipv6_network_is_one_peer, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_burst_then_a_rate, set_up, tear_down),
		cmocka_unit_test_setup_teardown(leaving_and_coming_back_fills_no_bucket, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_idle_are_forgotten, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("signetd admission", tests, NULL, NULL);
}
