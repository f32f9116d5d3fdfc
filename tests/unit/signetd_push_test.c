/* Orders of updates, when storage fails amid them. */
#include "signetd/admin.h"
#include "signetd/fleet.h"
#include "signetd/storage_updates.h"
#include "tests/unit/signetd_exchange_bed.h"

#define IMAGE "111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111"

static const struct route rows[] = {
	{ METHOD_POST, OP, "/updates", ROLE_OPERATOR, BODY_JSON, BOUND_JSON, true, NULL, admin_push_update },
	{ METHOD_DELETE, OP, "/succeed", ROLE_OPERATOR, BODY_NONE, BOUND_JSON, true, NULL, succeed },
};
/* In the place of routes.c. */
const struct route_table route_tables[] = { { rows, ARRAY_SIZE(rows) } };
const size_t route_table_count = 1;

static const u8 head[] = "verified before";
static struct fleet_state fleet = { .has_anchor = true };
static struct cached_reference reference = { .used = 1 };

/* An image that the server has verified, of which nothing else is asked. */
static int open_fleet(void **state)
{
	struct image_entry image = { .whole = true };

	if (open_server(state))
		return -1;
	server.fleet = &fleet;
	fleet.references[0] = &reference;
	sha384_of(head, sizeof(head), reference.head);
	memset(image.digest, 0x11, sizeof(image.digest));
	return server.storage->images->put(server.storage, &image, head, sizeof(head)) ? -1 : 0;
}

static enum err no_add(struct storage *s, struct update_entry *u)
{
	(void)s;
	(void)u;
	return ERR_STORAGE;
}

static void one_that_cannot_be_stored_leaves_nothing_open(void **state)
{
	const struct update_ops *whole = server.storage->updates;
	struct update_ops broken = *whole;

	(void)state;
	broken.add = no_add;
	server.storage->updates = &broken;
	answers(METHOD_POST, "/updates", "{\"image\":\"" IMAGE "\",\"nodes\":[\"00\"],\"drain\":\"now\"}", 500,
	        "internal");
	server.storage->updates = whole;
	answers(METHOD_DELETE, "/succeed", "", 200, "");
	server.storage->transaction->close(server.storage);
	assert_int_equal(storage_sqlite_open(database, &server.storage), OK);
	fact_is("kept");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		        one_that_cannot_be_stored_leaves_nothing_open, open_fleet, close_server),
	};

	return cmocka_run_group_tests_name("signetd push", tests, NULL, NULL);
}
