/*
 * The boot state in a real TPM's NV: who may write, who may only read, and what a firmware update takes.
 * Test code for a host.
 */
#include "lib/tpm/bank.h"
#include "tests/tpm/meddler.h"
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
	assert_int_equal(s->read(s->context, NV_INDEXES, record, FLOOR_RECORD_SIZE), ERR_INTERNAL);
	assert_int_equal(s->read(s->context, NV_KEY_FLOOR, record, FLOOR_RECORD_SIZE), OK);
}

/* A boot with a TPM whose answers are meddled with. */
static enum err boot_meddled(struct node *n, struct meddler *m)
{
	node_power_on(n, OUR_FIRMWARE);
	meddler_begin(m, n->tpm);
	enum err e = nv_tpm_init(&n->nv, n->tpm, n->key.public, &n->authority);
	meddler_end(m);
	return e;
}

static enum err write_meddled(struct node *n, struct meddler *m)
{
	static const u8 floor[FLOOR_RECORD_SIZE];
	node_boot(n, OUR_FIRMWARE);
	meddler_begin(m, n->tpm);
	enum err e = n->nv.store.write(&n->nv, NV_KEY_FLOOR, floor, sizeof(floor));
	meddler_end(m);
	return e;
}

/* One alone, with all others carried out: no later success stands for it. */
static void each_command_that_is_lost_is_told(void **state)
{
	struct node *n = *state;
	struct meddler m = { .lost = ERR_TPM_TIMEOUT };
	enum err e;
	for (m.which = 1; (e = boot_meddled(n, &m)), meddler_met(&m); m.which++) {
		assert_int_equal(e, ERR_TPM_TIMEOUT);
		assert_false(n->nv.store.writable);
	}
	assert_int_equal(e, OK);
	assert_true(n->nv.store.writable && m.which > 10);
	for (m.which = 1; (e = write_meddled(n, &m)), meddler_met(&m); m.which++)
		assert_int_equal(e, ERR_TPM_TIMEOUT);
	assert_int_equal(e, OK);
	/* Whose authority it is can be said once all four indices were looked at. */
	n->authority.node_id[31] ^= 1;
	for (m.which = 1; m.which <= NV_INDEXES; m.which++)
		assert_int_equal(boot_meddled(n, &m), ERR_TPM_TIMEOUT);
	assert_int_equal(boot_meddled(n, &m), OK);
	assert_null(n->nv.authority);
}

/* An index that cannot be looked at is told; a right to write that cannot be proved is none. */
static void each_command_that_is_refused_leaves_no_right_to_write(void **state)
{
	struct node *n = *state;
	struct meddler m = { .refusal = TPM_RC_VALUE };
	enum err e;
	for (m.which = 1; (e = boot_meddled(n, &m)), meddler_met(&m); m.which++) {
		assert_int_equal(e, m.which == 1 ? ERR_TPM_REFUSED : OK);
		assert_false(n->nv.store.writable);
	}
	assert_true(n->nv.store.writable);
}

static void a_policy_that_the_tpm_does_not_have_is_not_ours(void **state)
{
	struct node *n = *state;
	struct meddler m = { .command = TPM_CC_PolicyGetDigest, .flip = TPM_HEADER_SIZE + 2 };
	for (m.which = 1; m.which <= 2; m.which++) {
		assert_int_equal(boot_meddled(n, &m), OK);
		assert_true(meddler_met(&m));
		assert_false(n->nv.store.writable);
	}
	assert_int_equal(boot_meddled(n, &m), OK);
	assert_true(n->nv.store.writable);
}

static void only_a_denial_means_that_this_boot_may_not_write(void **state)
{
	static const struct {
		u32 answer;
		enum err e;
	} rows[] = {
		{ TPM_RC_POLICY_FAIL | 0x900, ERR_NV_POLICY }, /* of the first session */
		{ TPM_RC_PCR_CHANGED, ERR_NV_POLICY },
		{ TPM_RC_AUTH_UNAVAILABLE, ERR_NV_POLICY },
		{ TPM_RC_NV_AUTHORIZATION, ERR_NV_POLICY },
		{ TPM_RC_AUTH_TYPE, ERR_NV_POLICY },
		{ TPM_RC_NV_SPACE, ERR_TPM_REFUSED },
		{ TPM_RC_HANDLE | 0x100, ERR_TPM_REFUSED },
	};
	struct node *n = *state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct meddler m = { .command = TPM_CC_NV_Write, .which = 1, .refusal = rows[i].answer };
		assert_int_equal(write_meddled(n, &m), rows[i].e);
		assert_true(meddler_met(&m));
	}
}

/* Of a Name that is not SHA-256 the driver cannot say whether it fits: such an index is not ours. */
static void an_index_named_by_another_hash_is_foreign(void **state)
{
	enum { NAME_ALGORITHM = TPM_HEADER_SIZE + 2 + 4 + 1 };
	struct node *n = *state;
	struct meddler m = { .command = TPM_CC_NV_ReadPublic, .which = 1, .flip = NAME_ALGORITHM };
	bool written;
	node_boot(n, OUR_FIRMWARE);
	meddler_begin(&m, n->tpm);
	assert_int_equal(nv_tpm_check(&n->nv, NV_STATE_0, &written), ERR_NV_FOREIGN);
	assert_int_equal(nv_tpm_check(&n->nv, NV_STATE_0, &written), OK);
	meddler_end(&m);
}

/* What a verifier computes is what the TPM has. */
static void names_are_foretold(void **state)
{
	struct node *n = *state;
	struct tpm_name foretold[NV_INDEXES];
	nv_tpm_names(n->key.public, n->authority.node_id, foretold);
	for (u32 i = 0; i < NV_INDEXES; i++) {
		struct tpm_nv_public public;
		struct tpm_name name;
		node_boot(n, OUR_FIRMWARE);
		assert_int_equal(commit_something(n), OK);
		assert_int_equal(tpm_nv_read_public(n->tpm, NV_HANDLE_BASE + i, &public, &name), OK);
		assert_int_equal(foretold[i].size, name.size);
		assert_memory_equal(foretold[i].bytes, name.bytes, name.size);
	}
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
		WITH_NODE(each_command_that_is_lost_is_told),
		WITH_NODE(each_command_that_is_refused_leaves_no_right_to_write),
		WITH_NODE(a_policy_that_the_tpm_does_not_have_is_not_ours),
		WITH_NODE(only_a_denial_means_that_this_boot_may_not_write),
		WITH_NODE(an_index_named_by_another_hash_is_foreign),
		WITH_NODE(names_are_foretold),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
