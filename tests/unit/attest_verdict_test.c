/* Commit verdicts: verified before they are read, and good for one boot of one image in one slot. */
#include "tests/unit/fleet_signer.h"

#include "lib/bytes.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { EPOCH = 3, AT_VERSION = 8, AT_SLOT = 12, AT_LEAF = 144 };

static u8 leaf[LEAF_RECORD_SIZE];
static u8 bytes[COMMIT_VERDICT_SIZE];
static struct commit_verdict opened;

static struct commit_verdict good_verdict(void)
{
	struct commit_verdict v = { .slot = 1, .image_floor = 12, .key_floor = 2 };

	memset(v.node, 0x11, sizeof(v.node));
	memset(v.session, 0x22, sizeof(v.session));
	memset(v.manifest, 0x44, sizeof(v.manifest));
	return v;
}

static struct verdict_context good_context(void)
{
	struct verdict_context c = { .slot = 1, .epoch = EPOCH };

	memset(c.node, 0x11, sizeof(c.node));
	memset(c.session, 0x22, sizeof(c.session));
	memset(c.manifest, 0x44, sizeof(c.manifest));
	return c;
}

static enum err open_it(void)
{
	return verdict_open(bytes, sizeof(bytes), forge_public(FLEET_CA), &opened);
}

static int set_up(void **state)
{
	(void)state;
	struct commit_verdict v = good_verdict();
	make_leaf(FLEET_COMMIT_LEAF, LEAF_COMMIT, EPOCH, leaf);
	verdict_encode(&v, leaf, bytes);
	sign_verdict(FLEET_COMMIT_LEAF, bytes);
	return 0;
}

static void a_good_verdict_is_taken(void **state)
{
	(void)state;
	struct verdict_context c = good_context();
	assert_int_equal(open_it(), OK);
	assert_int_equal(verdict_judge(&opened, &c), OK);
	assert_int_equal(opened.image_floor, 12);
	assert_int_equal(opened.key_floor, 2);
}

static void every_byte_is_signed(void **state)
{
	(void)state;
	for (size_t i = 0; i < COMMIT_VERDICT_SIZE; i += 8) {
		bytes[i + 5] ^= 0x80;
		bool in_leaf = i >= AT_LEAF && i < AT_LEAF + LEAF_RECORD_SIZE;
		assert_int_equal(open_it(), in_leaf ? ERR_LEAF_SIGNATURE : ERR_COMMIT_SIGNATURE);
		bytes[i + 5] ^= 0x80;
	}
	assert_int_equal(open_it(), OK);
	assert_int_equal(
	        verdict_open(bytes, COMMIT_VERDICT_SIZE - 1, forge_public(FLEET_CA), &opened), ERR_COMMIT_FORMAT);
}

static void malformed_though_signed(void **state)
{
	(void)state;
	static const struct {
		size_t at;
		u32 value;
	} changes[] = { { 0, 0 }, { AT_VERSION, 0 }, { AT_VERSION, 2 }, { AT_SLOT, 2 }, { AT_SLOT, 0xFFFFFFFF } };
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		set_up(NULL);
		store_le32(bytes + changes[i].at, changes[i].value);
		sign_verdict(FLEET_COMMIT_LEAF, bytes);
		assert_int_equal(open_it(), ERR_COMMIT_FORMAT);
	}
}

/* Nor does a ticket leaf, stolen from the busiest key of the fleet, commit an image. */
static void a_ticket_leaf_commits_nothing(void **state)
{
	(void)state;
	struct commit_verdict v = good_verdict();
	make_leaf(FLEET_COMMIT_LEAF, LEAF_TICKET, EPOCH, leaf);
	verdict_encode(&v, leaf, bytes);
	sign_verdict(FLEET_COMMIT_LEAF, bytes);
	assert_int_equal(open_it(), ERR_LEAF_ROLE);
}

static void only_this_boot_takes_it(void **state)
{
	(void)state;
	struct verdict_context c;
	assert_int_equal(open_it(), OK);
#define REFUSED(change, error)                                                                                         \
	do {                                                                                                           \
		c = good_context();                                                                                    \
		change;                                                                                                \
		assert_int_equal(verdict_judge(&opened, &c), error);                                                   \
	} while (0)
	REFUSED((void)c, OK);
	REFUSED(c.node[5] ^= 1, ERR_COMMIT_OTHER);
	REFUSED(c.session[5] ^= 1, ERR_COMMIT_OTHER);
	REFUSED(c.manifest[5] ^= 1, ERR_COMMIT_OTHER);
	REFUSED(c.slot = 0, ERR_COMMIT_OTHER);
	REFUSED(c.epoch = EPOCH + 1, ERR_LEAF_EPOCH);
	REFUSED(c.epoch = EPOCH - 1, OK);
#undef REFUSED
}

static void a_node_without_an_id_takes_none(void **state)
{
	(void)state;
	struct verdict_context c = good_context();
	assert_int_equal(open_it(), OK);
	memset(c.node, 0, sizeof(c.node));
	memset(opened.node, 0, sizeof(opened.node));
	assert_int_equal(verdict_judge(&opened, &c), ERR_COMMIT_OTHER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_good_verdict_is_taken, set_up),
		cmocka_unit_test_setup(every_byte_is_signed, set_up),
		cmocka_unit_test_setup(malformed_though_signed, set_up),
		cmocka_unit_test_setup(a_ticket_leaf_commits_nothing, set_up),
		cmocka_unit_test_setup(only_this_boot_takes_it, set_up),
		cmocka_unit_test_setup(a_node_without_an_id_takes_none, set_up),
	};
	return cmocka_run_group_tests_name("attest_verdict", tests, NULL, NULL);
}
