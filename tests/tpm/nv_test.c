/*
 * The boot state in a real TPM's NV: who may write, who may only read, and what a firmware update takes.
 * Test code for a host.
 */
#include "lib/tpm/bank.h"
#include "tests/tpm/node.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static int open_node(void **state)
{
	static struct node n;
	node_open(&n);
	node_enrol(&n);
	*state = &n;
	return 0;
}

static int close_node(void **state)
{
	node_close(*state);
	return 0;
}

static enum err read_state(struct node *n, struct nv_view *view)
{
	return nv_read_view(&n->nv.store, view);
}

/* Writes the image floor of the present state, raised by one. */
static enum err commit_something(struct node *n)
{
	struct nv_view view;
	assert_int_equal(read_state(n, &view), OK);
	struct boot_state next = view.state;
	next.image_floor++;
	view.writable = true;
	n->nv.store.writable = true;
	return nv_commit(&n->nv.store, &view, &next);
}

static void assert_read_only(struct node *n)
{
	struct nv_view view;
	assert_false(n->nv.store.writable);
	assert_int_equal(read_state(n, &view), OK);
	assert_int_equal(view.status, NV_PROVISIONED);
	assert_int_equal(view.image_floor, 5);
	assert_int_equal(commit_something(n), ERR_NV_POLICY);
}

static void assert_writes(struct node *n)
{
	assert_true(n->nv.store.writable);
	assert_int_equal(commit_something(n), OK);
}

static void an_approved_boot_writes(void **state)
{
	struct node *n = *state;
	struct nv_view view;
	node_boot(n, OUR_FIRMWARE);
	assert_writes(n);
	node_boot(n, OUR_FIRMWARE);
	assert_int_equal(read_state(n, &view), OK);
	assert_int_equal(view.image_floor, 6);
	assert_int_equal(view.key_floor, 2);
}

static void another_pcr7_only_reads(void **state)
{
	struct node *n = *state;
	node_boot(n, OTHER_SYSTEM);
	assert_read_only(n);
	node_boot(n, OUR_FIRMWARE);
	assert_writes(n);
}

static void no_authority_only_reads(void **state)
{
	struct node *n = *state;
	node_power_on(n, OUR_FIRMWARE);
	assert_int_equal(nv_tpm_init(&n->nv, n->tpm, n->key.public, NULL), OK);
	assert_read_only(n);
}

static void an_authority_of_another_key_only_reads(void **state)
{
	struct node *n = *state;
	struct authority other = n->authority;
	other.policy_key[0] ^= 1;
	node_power_on(n, OUR_FIRMWARE);
	assert_int_equal(nv_tpm_init(&n->nv, n->tpm, n->key.public, &other), OK);
	assert_read_only(n);
}

/* An approval that is well formed, but signed by another key. */
static void approve_by_a_thief(struct node *n, const char *firmware)
{
	struct test_key ours = n->key;
	test_key_make(&n->key, 2);
	node_approve(n, firmware);
	n->key = ours;
}

static void a_forged_approval_only_reads(void **state)
{
	struct node *n = *state;
	approve_by_a_thief(n, OTHER_SYSTEM);
	node_boot(n, OTHER_SYSTEM);
	assert_read_only(n);
	node_approve(n, OTHER_SYSTEM);
	node_boot(n, OTHER_SYSTEM);
	assert_writes(n);
}

static void a_firmware_update_needs_a_signature_only(void **state)
{
	struct node *n = *state;
	node_boot(n, NEW_FIRMWARE);
	assert_read_only(n);
	node_approve(n, NEW_FIRMWARE);
	node_boot(n, NEW_FIRMWARE);
	assert_writes(n);
	node_boot(n, OUR_FIRMWARE);
	assert_writes(n);
}

/* An authority of another node of the fleet, same policy key, same firmware; or ours with one bit of the flash changed.
 */
static void another_nodes_authority_only_reads(void **state)
{
	struct node *n = *state;
	struct provision_request r = node_request();
	n->authority.node_id[31] ^= 1;
	node_boot(n, OUR_FIRMWARE);
	assert_read_only(n);
	n->authority.count = 0;
	node_approve(n, OUR_FIRMWARE);
	node_boot(n, OUR_FIRMWARE);
	assert_int_equal(provision(&n->nv, &r), ERR_NV_POLICY);
	assert_read_only(n);
	n->authority.count = 0;
	n->authority.node_id[31] ^= 1;
	node_approve(n, OUR_FIRMWARE);
	node_boot(n, OUR_FIRMWARE);
	assert_writes(n);
}

static void extending_pcr7_ends_the_right(void **state)
{
	struct node *n = *state;
	struct tpm_digests d = { .count = 1, .bank = { { .alg = TPM_ALG_SHA256, .size = SHA256_SIZE } } };
	node_boot(n, OUR_FIRMWARE);
	assert_writes(n);
	assert_int_equal(tpm_pcr_extend(n->tpm, PCR_SECURE_BOOT, &d), OK);
	assert_int_equal(commit_something(n), ERR_NV_POLICY);
}

/* A TPM holds three objects and as many sessions: what is left behind would soon be felt. */
static void leaves_nothing_behind(void **state)
{
	struct node *n = *state;
	node_boot(n, OTHER_SYSTEM);
	for (u32 i = 0; i < 8; i++)
		assert_int_equal(commit_something(n), ERR_NV_POLICY);
	approve_by_a_thief(n, OTHER_SYSTEM);
	for (u32 i = 0; i < 8; i++)
		assert_int_equal(commit_something(n), ERR_NV_POLICY);
	node_approve(n, OTHER_SYSTEM);
	for (u32 i = 0; i < 8; i++)
		assert_int_equal(commit_something(n), OK);
}

static void refuses_other_sizes(void **state)
{
	struct node *n = *state;
	u8 record[STATE_RECORD_SIZE] = { 0 };
	node_boot(n, OUR_FIRMWARE);
	const struct nv_store *s = &n->nv.store;
	assert_int_equal(s->read(s->context, NV_STATE_0, record, STATE_RECORD_SIZE - 1), ERR_INTERNAL);
	assert_int_equal(s->write(s->context, NV_KEY_FLOOR, record, FLOOR_RECORD_SIZE + 1), ERR_INTERNAL);
	assert_int_equal(s->write(s->context, NV_INDEXES, record, FLOOR_RECORD_SIZE), ERR_INTERNAL);
}

int main(void)
{
#define WITH_NODE(f) cmocka_unit_test_setup_teardown(f, open_node, close_node)
	const struct CMUnitTest tests[] = {
		WITH_NODE(an_approved_boot_writes),
		WITH_NODE(another_pcr7_only_reads),
		WITH_NODE(no_authority_only_reads),
		WITH_NODE(an_authority_of_another_key_only_reads),
		WITH_NODE(a_forged_approval_only_reads),
		WITH_NODE(a_firmware_update_needs_a_signature_only),
		WITH_NODE(another_nodes_authority_only_reads),
		WITH_NODE(extending_pcr7_ends_the_right),
		WITH_NODE(leaves_nothing_behind),
		WITH_NODE(refuses_other_sizes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
