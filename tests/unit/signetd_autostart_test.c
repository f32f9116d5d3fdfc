/* Guests that start by themselves: all of them, whatever else is ordered at the same time. */
#include "signetd/node_handlers.h"
#include "signetd/orders.h"
#include "signetd/storage_guests.h"
#include "tests/unit/signetd_exchange_bed.h"

enum { GUESTS = 2 };

const struct route_table route_tables[] = { { NULL, 0 } };
const size_t route_table_count = 0;

static const u8 node[ATTEST_ID_SIZE] = { 7 }, other[ATTEST_ID_SIZE] = { 8 };
static struct node_entry entry;
static struct live_node *live;
static u64 ids[ORDERS_MAX];
static u32 given;

static u64 no_time(const struct clock *c)
{
	(void)c;
	return 0;
}

static const struct clock still = { .wall = fixed_wall, .monotonic = no_time };

static void add_guest(const char *name)
{
	struct guest_entry g = { .autostart = true, .definition = "{}" };

	memcpy(g.node, node, sizeof(node));
	(void)snprintf(g.name, sizeof(g.name), "%s", name);
	assert_int_equal(server.storage->guests->put(server.storage, &g), OK);
}

/* A node that has just got its first ticket in this boot, with two guests. */
static int open_fleet(void **state)
{
	if (open_server(state))
		return -1;
	server.clock = &still;
	server.fleet = calloc(1, sizeof(*server.fleet));
	if (!server.fleet || orders_open(&server))
		return -1;
	given = 0;
	entry = (struct node_entry){ .state = NODE_ENROLLED,
		.provisioned = true,
		.appraised = true,
		.ticket_session = { 9 },
		.ticket_sequence = 1 };
	memcpy(entry.id, node, sizeof(node));
	live = live_node(&server, node);
	add_guest("web");
	add_guest("db");
	return live && server.storage->nodes->put(server.storage, &entry) == OK ? 0 : -1;
}

static int close_fleet(void **state)
{
	orders_close(&server);
	live_free(&server);
	free(server.fleet);
	return close_server(state);
}

/* Orders of other nodes, so that so many more find room. */
static void leave_room(size_t n)
{
	while (orders_room(&server) > n)
		assert_int_equal(order_give(&server, other, "logs", NULL, 1, NULL, NULL, &ids[given++]), OK);
}

static bool are_started(void)
{
	static struct node_entry found;

	assert_int_equal(server.storage->nodes->find(server.storage, node, &found), OK);
	return memcmp(found.autostart_session, entry.ticket_session, sizeof(entry.ticket_session)) == 0;
}

static void answer(bool ok, yyjson_val *error)
{
	for (u64 id = ids[0]; live->autostart_open && id < ids[0] + 2 * ORDERS_MAX; id++)
		if (error || ok)
			order_answered(&server, node, id, ok, error);
}

static void none_is_lost_where_there_is_no_room(void **state)
{
	(void)state;
	for (size_t room = 0; room < GUESTS; room++) {
		leave_room(GUESTS - 1 - room);
		node_intents(&server, live, &entry);
		assert_int_equal(live->autostart_open, 0);
		assert_false(are_started());
	}
	for (u32 i = 0; i < given; i++)
		order_drop(&server, ids[i]);
	node_intents(&server, live, &entry);
	assert_int_equal(live->autostart_open, GUESTS);
	assert_false(are_started());
	answer(true, NULL);
	assert_int_equal(live->autostart_open, 0);
	assert_true(are_started());
}

/* Whether they were begun nobody knows: they are ordered again. */
static void silence_is_no_start(void **state)
{
	(void)state;
	leave_room(ORDERS_MAX - 1);
	node_intents(&server, live, &entry);
	assert_int_equal(live->autostart_open, GUESTS);
	orders_forget(&server, node);
	assert_int_equal(live->autostart_open, 0);
	assert_false(are_started());
	node_intents(&server, live, &entry);
	assert_int_equal(live->autostart_open, GUESTS);
	answer(true, NULL);
	assert_true(are_started());
}

static void a_guest_that_cannot_start_is_not_ordered_again(void **state)
{
	yyjson_doc *error = yyjson_read("{\"message\":\"no such disk\"}", 26, 0);

	(void)state;
	leave_room(ORDERS_MAX - 1);
	node_intents(&server, live, &entry);
	answer(false, yyjson_doc_get_root(error));
	assert_true(are_started());
	yyjson_doc_free(error);
}

int main(void)
{
#define FLEET_TEST(f) cmocka_unit_test_setup_teardown(f, open_fleet, close_fleet)
	const struct CMUnitTest tests[] = {
		FLEET_TEST(none_is_lost_where_there_is_no_room),
		FLEET_TEST(silence_is_no_start),
		FLEET_TEST(a_guest_that_cannot_start_is_not_ordered_again),
	};

	return cmocka_run_group_tests_name("signetd autostart", tests, NULL, NULL);
}
