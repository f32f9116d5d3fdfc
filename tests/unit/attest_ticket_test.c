/*
 * Tickets and leaves: one encoding, verified before they are read, and taken only by the boot they were made for
 * (catalogue of attacks, row 33). Each refusal stands beside the good ticket it differs from in one thing.
 */
#include "tests/unit/fleet_signer.h"

#include "lib/bytes.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { EPOCH = 7, LEASE = 86400 };

/* Offsets of docs/attestation.md. */
enum {
	AT_VERSION = 8,
	AT_RULE = 12,
	AT_SEQUENCE = 160,
	AT_COUNT = 192,
	AT_FLAGS = 196,
	AT_ALLOWED = 200,
	AT_LEAF = 968
};

static u8 leaf[LEAF_RECORD_SIZE];
static u8 bytes[TICKET_SIZE];
static struct ticket opened;

static struct ticket good_ticket(void)
{
	struct ticket t = {
		.rule = TICKET_PAUSE,
		.sequence = 5,
		.lease = LEASE,
		.guests = 2,
		.vcpus = 4,
		.memory = MIB(4096),
	};
	memset(t.node, 0x11, sizeof(t.node));
	memset(t.session, 0x22, sizeof(t.session));
	memset(t.challenge, 0x33, sizeof(t.challenge));
	memset(t.manifest, 0x44, sizeof(t.manifest));
	for (int i = 3; i; i--) {
		u8 guest[SHA384_SIZE];
		memset(guest, i, sizeof(guest));
		assert_int_equal(ticket_allow(&t, guest), OK);
	}
	return t;
}

static struct ticket_context good_context(void)
{
	struct ticket_context c = { .challenge_open = true, .challenge_age = 10, .sequence = 4, .epoch = EPOCH };

	memset(c.node, 0x11, sizeof(c.node));
	memset(c.session, 0x22, sizeof(c.session));
	memset(c.challenge, 0x33, sizeof(c.challenge));
	memset(c.manifest, 0x44, sizeof(c.manifest));
	return c;
}

static void seal(const struct ticket *t)
{
	ticket_encode(t, leaf, bytes);
	sign_ticket(FLEET_TICKET_LEAF, bytes);
}

static enum err open_it(void)
{
	return ticket_open(bytes, sizeof(bytes), forge_public(FLEET_CA), &opened);
}

static int set_up(void **state)
{
	(void)state;
	struct ticket t = good_ticket();
	make_leaf(FLEET_TICKET_LEAF, LEAF_TICKET, EPOCH, leaf);
	seal(&t);
	return 0;
}

static void a_good_ticket_is_taken(void **state)
{
	(void)state;
	struct ticket_context c = good_context();
	u8 again[TICKET_SIZE];
	assert_int_equal(open_it(), OK);
	assert_int_equal(ticket_judge(&opened, &c), OK);
	assert_int_equal(opened.allowed_count, 3);
	assert_int_equal(opened.leaf.epoch, EPOCH);
	ticket_encode(&opened, leaf, again);
	assert_memory_equal(again, bytes, TICKET_BODY_SIZE);
}

static void every_byte_is_signed(void **state)
{
	(void)state;
	/* A bit of each 8 bytes: a verification each. */
	for (size_t i = 0; i < TICKET_SIZE; i += 8) {
		u8 was = bytes[i + 3];
		bytes[i + 3] ^= 0x10;
		enum err e = open_it();
		bool in_leaf = i >= AT_LEAF && i < AT_LEAF + LEAF_RECORD_SIZE;
		assert_int_equal(e, in_leaf ? ERR_LEAF_SIGNATURE : ERR_TICKET_SIGNATURE);
		bytes[i + 3] = was;
	}
	assert_int_equal(open_it(), OK);
}

static void other_lengths_are_refused(void **state)
{
	(void)state;
	assert_int_equal(ticket_open(bytes, TICKET_SIZE - 1, forge_public(FLEET_CA), &opened), ERR_TICKET_FORMAT);
	assert_int_equal(ticket_open(bytes, TICKET_SIZE + 1, forge_public(FLEET_CA), &opened), ERR_TICKET_FORMAT);
	assert_int_equal(ticket_open(bytes, 0, forge_public(FLEET_CA), &opened), ERR_TICKET_FORMAT);
}

static void another_ca_is_refused(void **state)
{
	(void)state;
	static const u8 no_ca[P384_KEY_SIZE];
	assert_int_equal(ticket_open(bytes, TICKET_SIZE, forge_public(STRANGER), &opened), ERR_LEAF_SIGNATURE);
	assert_int_equal(ticket_open(bytes, TICKET_SIZE, no_ca, &opened), ERR_LEAF_SIGNATURE);
}

static void another_leaf_is_refused(void **state)
{
	(void)state;
	struct ticket t = good_ticket();
	/* Signed by a key whose leaf it does not carry. */
	sign_ticket(STRANGER, bytes);
	assert_int_equal(open_it(), ERR_TICKET_SIGNATURE);
	/* By a good leaf for something else. */
	make_leaf(FLEET_TICKET_LEAF, LEAF_COMMIT, EPOCH, leaf);
	seal(&t);
	assert_int_equal(open_it(), ERR_LEAF_ROLE);
	make_leaf(FLEET_TICKET_LEAF, LEAF_EAR, EPOCH, leaf);
	seal(&t);
	assert_int_equal(open_it(), ERR_LEAF_ROLE);
	/* By a leaf that somebody signed for himself. */
	make_leaf(FLEET_TICKET_LEAF, LEAF_TICKET, EPOCH, leaf);
	sign_leaf(STRANGER, leaf);
	seal(&t);
	assert_int_equal(open_it(), ERR_LEAF_SIGNATURE);
}

static void a_leaf_has_one_encoding(void **state)
{
	(void)state;
	/* Magic, epoch 0, reserved bytes. */
	static const struct {
		size_t at;
		u8 value;
	} changes[] = { { 0, 'X' }, { 7, '2' }, { 12, 0 }, { 112, 1 }, { 143, 1 } };
	struct leaf l;
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		make_leaf(FLEET_TICKET_LEAF, LEAF_TICKET, EPOCH, leaf);
		leaf[changes[i].at] = changes[i].value;
		sign_leaf(FLEET_CA, leaf);
		assert_int_equal(leaf_verify(leaf, forge_public(FLEET_CA), LEAF_TICKET, &l), ERR_LEAF_FORMAT);
	}
	make_leaf(FLEET_TICKET_LEAF, LEAF_TICKET, EPOCH, leaf);
	assert_int_equal(leaf_verify(leaf, forge_public(FLEET_CA), LEAF_TICKET, &l), OK);
	assert_int_equal(l.epoch, EPOCH);
	assert_memory_equal(l.key, forge_public(FLEET_TICKET_LEAF), sizeof(l.key));
}

static void malformed_though_signed(void **state)
{
	(void)state;
	static const struct {
		size_t at;
		u32 value;
	} changes[] = {
		{ 0, 0x4E474953 + 1 }, { AT_VERSION, 0 }, { AT_VERSION, TICKET_VERSION + 1 }, { AT_RULE, 0 },
		{ AT_RULE, TICKET_STOP + 1 }, { AT_SEQUENCE, 0 }, { AT_COUNT, 2 }, /* a guest behind the last */
		{ AT_COUNT, 4 }, /* out of order: zeros come last */
		{ AT_COUNT, TICKET_GUESTS_MAX + 1 }, { AT_COUNT, 0xFFFFFFFF },
		{ AT_FLAGS, TICKET_ANY_GUEST }, /* and a list */
		{ AT_FLAGS, 2 }, { AT_FLAGS, 0x80000000 }, { AT_ALLOWED, 0x05050505 }, /* above the next one */
	};
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		struct ticket t = good_ticket();
		ticket_encode(&t, leaf, bytes);
		store_le32(bytes + changes[i].at, changes[i].value);
		sign_ticket(FLEET_TICKET_LEAF, bytes);
		assert_int_equal(open_it(), ERR_TICKET_FORMAT);
	}
}

static void a_guest_twice_is_refused(void **state)
{
	(void)state;
	struct ticket t = good_ticket();
	memcpy(t.allowed[1], t.allowed[0], SHA384_SIZE);
	seal(&t);
	assert_int_equal(open_it(), ERR_TICKET_FORMAT);
}

/* One row for each demand: what differs, and the error that names it. */
static void only_this_boot_takes_it(void **state)
{
	(void)state;
	struct ticket_context c;
	assert_int_equal(open_it(), OK);
#define REFUSED(change, error)                                                                                         \
	do {                                                                                                           \
		c = good_context();                                                                                    \
		assert_int_equal(ticket_judge(&opened, &c), OK);                                                       \
		change;                                                                                                \
		assert_int_equal(ticket_judge(&opened, &c), error);                                                    \
	} while (0)
	REFUSED(c.node[0] ^= 1, ERR_TICKET_NODE);
	REFUSED(c.session[31] ^= 1, ERR_TICKET_SESSION);
	REFUSED(c.manifest[47] ^= 1, ERR_TICKET_MANIFEST);
	REFUSED(c.challenge[31] ^= 1, ERR_TICKET_CHALLENGE);
	REFUSED(c.challenge_open = false, ERR_TICKET_CHALLENGE);
	REFUSED(c.sequence = 5, ERR_TICKET_SEQUENCE);
	REFUSED(c.sequence = UINT64_MAX, ERR_TICKET_SEQUENCE);
	REFUSED(c.epoch = EPOCH + 1, ERR_LEAF_EPOCH);
	REFUSED(c.challenge_age = LEASE, ERR_TICKET_LEASE);
	REFUSED(c.challenge_age = UINT64_MAX, ERR_TICKET_LEASE);
#undef REFUSED
}

/* Zeros on both sides are no agreement. */
static void a_node_without_an_id_takes_none(void **state)
{
	(void)state;
	struct ticket t = good_ticket();
	struct ticket_context c = good_context();
	memset(t.node, 0, sizeof(t.node));
	memset(c.node, 0, sizeof(c.node));
	seal(&t);
	assert_int_equal(open_it(), OK);
	assert_int_equal(ticket_judge(&opened, &c), ERR_TICKET_NODE);
}

static void leases_have_bounds(void **state)
{
	(void)state;
	static const struct {
		u64 lease;
		enum err expected;
	} rows[] = {
		{ 0, ERR_TICKET_LEASE },
		{ 10, ERR_TICKET_LEASE },
		{ 11, OK },
		{ TICKET_LEASE_MAX, OK },
		{ TICKET_LEASE_MAX + 1, ERR_TICKET_LEASE },
		{ UINT64_MAX, ERR_TICKET_LEASE },
	};
	struct ticket_context c = good_context();
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct ticket t = good_ticket();
		t.lease = rows[i].lease;
		seal(&t);
		assert_int_equal(open_it(), OK);
		assert_int_equal(ticket_judge(&opened, &c), rows[i].expected);
	}
}

static void guests_and_limits(void **state)
{
	(void)state;
	u8 guest[SHA384_SIZE];
	struct ticket_load load = { .guests = 2, .vcpus = 4, .memory = MIB(4096) };
	memset(guest, 2, sizeof(guest));
	assert_int_equal(open_it(), OK);
	assert_int_equal(ticket_allows(&opened, guest, &load), OK);
	guest[47] ^= 1;
	assert_int_equal(ticket_allows(&opened, guest, &load), ERR_TICKET_GUEST);
	opened.allowed_count = 0;
	assert_int_equal(ticket_allows(&opened, guest, &load), ERR_TICKET_GUEST);
	opened.flags = TICKET_ANY_GUEST;
	assert_int_equal(ticket_allows(&opened, guest, &load), OK);
	load.guests++;
	assert_int_equal(ticket_allows(&opened, guest, &load), ERR_TICKET_LIMIT);
	load = (struct ticket_load){ .guests = 1, .vcpus = 5 };
	assert_int_equal(ticket_allows(&opened, guest, &load), ERR_TICKET_LIMIT);
	load = (struct ticket_load){ .guests = 1, .vcpus = 1, .memory = MIB(4096) + 1 };
	assert_int_equal(ticket_allows(&opened, guest, &load), ERR_TICKET_LIMIT);
}

static void the_list_has_an_end(void **state)
{
	(void)state;
	struct ticket t = { .allowed_count = 0 };
	u8 guest[SHA384_SIZE] = { 0 };
	for (u8 i = 0; i < TICKET_GUESTS_MAX; i++) {
		guest[0] = (u8)(i * 37 % 16);
		assert_int_equal(ticket_allow(&t, guest), OK);
		assert_int_equal(ticket_allow(&t, guest), OK);
		assert_int_equal(t.allowed_count, i + 1);
	}
	for (u32 i = 1; i < TICKET_GUESTS_MAX; i++)
		assert_true(memcmp(t.allowed[i - 1], t.allowed[i], SHA384_SIZE) < 0);
	guest[0] = 99;
	assert_int_equal(ticket_allow(&t, guest), ERR_RANGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_good_ticket_is_taken, set_up),
		cmocka_unit_test_setup(every_byte_is_signed, set_up),
		cmocka_unit_test_setup(other_lengths_are_refused, set_up),
		cmocka_unit_test_setup(another_ca_is_refused, set_up),
		cmocka_unit_test_setup(another_leaf_is_refused, set_up),
		cmocka_unit_test_setup(a_leaf_has_one_encoding, set_up),
		cmocka_unit_test_setup(malformed_though_signed, set_up),
		cmocka_unit_test_setup(a_guest_twice_is_refused, set_up),
		cmocka_unit_test_setup(only_this_boot_takes_it, set_up),
		cmocka_unit_test_setup(a_node_without_an_id_takes_none, set_up),
		cmocka_unit_test_setup(leases_have_bounds, set_up),
		cmocka_unit_test_setup(guests_and_limits, set_up),
		cmocka_unit_test_setup(the_list_has_an_end, set_up),
	};
	return cmocka_run_group_tests_name("attest_ticket", tests, NULL, NULL);
}
