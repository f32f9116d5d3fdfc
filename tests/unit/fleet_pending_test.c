/* Who may wait for an approver: places of certified nodes, of addresses, and who makes place. */
#include "signetd/pending.h"

#include "keys/files.h"
#include "lib/print.h"
#include "signetd/storage_audit.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { AWAY = 20000 };

static char folder[40], database[64];
static struct server server;
static struct fleet_state fleet;
static u64 now;

static u64 wall(const struct clock *c)
{
	(void)c;
	return now / 1000;
}

static u64 monotonic(const struct clock *c)
{
	(void)c;
	return now;
}

static const struct clock moved = { wall, monotonic };

static int set_up(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/signetd-pending-XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	(void)snprintf(database, sizeof(database), "%s/db", folder);
	fleet = (struct fleet_state){ .has_anchor = false };
	server = (struct server){ .clock = &moved, .fleet = &fleet };
	config_defaults(&server.config);
	server.config.pending = 2;
	server.config.pending_uncertified = 3;
	server.config.pending_per_address = 2;
	now = 1000000;
	return storage_sqlite_open(database, &server.storage) ? -1 : 0;
}

static int tear_down(void **state)
{
	(void)state;
	live_free(&server);
	server.storage->transaction->close(server.storage);
	directory_remove(folder);
	return 0;
}

/* A node comes from an address; a second later nothing else has happened. */
static enum err comes(u8 id, enum ek_finding finding, u8 address)
{
	static struct node_entry n;
	struct caller who = { .network = { address } };

	n = (struct node_entry){
		.id = { id }, .state = NODE_PENDING, .known_since = wall(&moved), .ek_finding = finding
	};
	enum err e = pending_admit(&server, &n, &who);
	if (!e) {
		assert_int_equal(server.storage->nodes->put(server.storage, &n), OK);
		pending_came(&server, &n, &who);
	}
	now += 1000;
	return e;
}

static bool waits(u8 id)
{
	static struct node_entry n;
	const u8 whole[ATTEST_ID_SIZE] = { id };

	return server.storage->nodes->find(server.storage, whole, &n) == OK;
}

static void the_uncertified_take_no_certified_place(void **state)
{
	(void)state;
	for (u8 i = 1; i <= 3; i++)
		assert_int_equal(comes(i, EK_ABSENT, i), OK);
	assert_int_equal(comes(4, EK_UNKNOWN_AUTHORITY, 4), ERR_RANGE);
	assert_int_equal(server.counters.pending_refused, 1);
	assert_int_equal(comes(5, EK_TRUSTED, 1), OK);
	assert_int_equal(comes(6, EK_TRUSTED, 1), OK);
	assert_int_equal(comes(7, EK_TRUSTED, 7), ERR_RANGE);
	now += AWAY;
	assert_int_equal(comes(7, EK_TRUSTED, 7), ERR_RANGE);
	for (u8 i = 1; i <= 3; i++)
		assert_true(waits(i));
}

static void an_address_has_its_share(void **state)
{
	(void)state;
	assert_int_equal(comes(1, EK_ABSENT, 9), OK);
	assert_int_equal(comes(2, EK_ABSENT, 9), OK);
	assert_int_equal(comes(3, EK_ABSENT, 9), ERR_RANGE);
	now += AWAY;
	assert_int_equal(comes(3, EK_ABSENT, 9), ERR_RANGE);
	assert_int_equal(comes(3, EK_ABSENT, 8), OK);
	assert_int_equal(comes(4, EK_TRUSTED, 9), OK);
	assert_int_equal(server.counters.pending_dropped, 0);
}

/* Sent on from one address to the next, each would leave its share free again. */
static void who_comes_again_from_elsewhere_still_counts_where_it_came_from(void **state)
{
	static struct node_entry n;

	(void)state;
	for (u8 i = 1; i <= 2; i++) {
		const u8 id[ATTEST_ID_SIZE] = { i };

		assert_int_equal(comes(i, EK_ABSENT, 9), OK);
		assert_int_equal(server.storage->nodes->find(server.storage, id, &n), OK);
		pending_came(&server, &n, &(struct caller){ .network = { 8 } });
	}
	assert_int_equal(comes(3, EK_ABSENT, 9), ERR_RANGE);
}

static void who_is_away_longest_makes_place(void **state)
{
	const u8 second[ATTEST_ID_SIZE] = { 2 };

	(void)state;
	for (u8 i = 3; i >= 1; i--)
		assert_int_equal(comes(i, EK_ABSENT, i), OK);
	now += AWAY;
	/* The first came last, the third first; the second is there again. */
	live_touch(&server, live_find(&server, second));
	assert_int_equal(comes(4, EK_ABSENT, 4), OK);
	assert_true(waits(1) && waits(2) && !waits(3) && waits(4));
	assert_null(live_find(&server, (const u8[ATTEST_ID_SIZE]){ 3 }));
	assert_int_equal(comes(5, EK_ABSENT, 5), OK);
	assert_true(!waits(1) && waits(2) && waits(4) && waits(5));
	assert_int_equal(comes(6, EK_ABSENT, 6), ERR_RANGE);
	assert_int_equal(server.counters.pending_dropped, 2);
}

static enum err tells_of(void *context, const struct audit_record *r)
{
	const u8 dropped[ATTEST_ID_SIZE] = { 1 };
	char id[2 * ATTEST_ID_SIZE + 1];

	hex_encode(id, dropped, sizeof(dropped));
	*(u32 *)context += strstr(r->content, "\"kind\":\"node-dropped\"") && strstr(r->content, id);
	return OK;
}

static u32 entries_of_the_dropped(void)
{
	u32 n = 0;

	assert_int_equal(server.storage->audit->read(server.storage, 0, 100, tells_of, &n), OK);
	return n;
}

static void the_audit_log_tells_who_made_place(void **state)
{
	(void)state;
	for (u8 i = 1; i <= 3; i++)
		assert_int_equal(comes(i, EK_ABSENT, i), OK);
	assert_int_equal(entries_of_the_dropped(), 0);
	now += AWAY;
	assert_int_equal(comes(4, EK_ABSENT, 4), OK);
	assert_false(waits(1));
	assert_int_equal(entries_of_the_dropped(), 1);
}

static enum err no_more_entries(struct storage *s, const struct audit_record *r)
{
	(void)s;
	(void)r;
	return ERR_STORAGE;
}

static void who_cannot_be_told_of_stays(void **state)
{
	const struct audit_ops *kept = server.storage->audit;
	struct audit_ops full = *kept;

	(void)state;
	for (u8 i = 1; i <= 3; i++)
		assert_int_equal(comes(i, EK_ABSENT, i), OK);
	now += AWAY;
	full.append = no_more_entries;
	server.storage->audit = &full;
	assert_int_equal(comes(4, EK_ABSENT, 4), ERR_STORAGE);
	server.storage->audit = kept;
	assert_true(waits(1) && !waits(4));
	assert_int_equal(server.counters.pending_dropped, 0);
}

static void certified_and_enrolled_nodes_never_make_place(void **state)
{
	static struct node_entry n = { .id = { 1 }, .state = NODE_ENROLLED, .ek_finding = EK_ABSENT };

	(void)state;
	assert_int_equal(server.storage->nodes->put(server.storage, &n), OK);
	assert_int_equal(comes(2, EK_TRUSTED, 2), OK);
	for (u8 i = 3; i <= 9; i++) {
		now += AWAY;
		assert_int_equal(comes(i, EK_ABSENT, i), OK);
	}
	assert_true(waits(1) && waits(2) && !waits(6) && waits(7));
}

static void none_may_be_let(void **state)
{
	(void)state;
	server.config.pending_uncertified = 0;
	assert_int_equal(comes(1, EK_ABSENT, 1), ERR_RANGE);
	assert_int_equal(comes(2, EK_TRUSTED, 1), OK);
}

int main(void)
{
#define PENDING_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		PENDING_TEST(the_uncertified_take_no_certified_place),
		PENDING_TEST(an_address_has_its_share),
		PENDING_TEST(who_comes_again_from_elsewhere_still_counts_where_it_came_from),
		PENDING_TEST(who_is_away_longest_makes_place),
		PENDING_TEST(the_audit_log_tells_who_made_place),
		PENDING_TEST(who_cannot_be_told_of_stays),
		PENDING_TEST(certified_and_enrolled_nodes_never_make_place),
		PENDING_TEST(none_may_be_let),
	};

	return cmocka_run_group_tests_name("pending nodes", tests, NULL, NULL);
}
