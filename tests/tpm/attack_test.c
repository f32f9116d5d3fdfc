/*
 * ATTACKS.md, row 23: what another system on the machine, an earlier owner or a tampered TPM state can do to our
 * indices. Each is refused with its own reason, and the neighbouring good case passes. Test code for a host.
 */
#include "tests/tpm/extra.h"
#include "tests/tpm/node.h"

#include "lib/tpm/admin.h"
#include "lib/tpm/policy.h"
#include "lib/tpm/session.h"
#include "lib/tpm/types_beyond.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const struct tpm_auth_value empty;
static const struct tpm_auth_value foreign = { .size = 7, .bytes = "foreign" };

static int open_node(void **state)
{
	static struct node n;
	node_open(&n);
	*state = &n;
	return 0;
}

static int open_provisioned(void **state)
{
	open_node(state);
	node_enrol(*state);
	return 0;
}

static int close_node(void **state)
{
	node_close(*state);
	return 0;
}

static void refused(const struct tpm *tpm, enum err e, u32 rc)
{
	assert_int_equal(e, ERR_TPM_REFUSED);
	assert_int_equal(tpm_rc_base(tpm->response_code), rc);
}

/* Everything is as provisioning left it, and our own boot can still write. */
static void assert_untouched(struct node *n)
{
	struct nv_view view;
	node_boot(n, OUR_FIRMWARE);
	assert_int_equal(nv_read_view(&n->nv.store, &view), OK);
	assert_int_equal(view.status, NV_PROVISIONED);
	assert_int_equal(view.image_floor, 5);
	assert_int_equal(view.key_floor, 2);
	struct boot_state next = view.state;
	next.slot[SLOT_B].state = SLOT_WRITING;
	assert_int_equal(nv_commit(&n->nv.store, &view, &next), OK);
}

static void other_system_cannot_write(void **state)
{
	struct node *n = *state;
	struct provision_request r = node_request();
	struct tpm_auth password = { .session = TPM_RS_PW };
	struct tpm_auth owner = { .session = TPM_RS_PW, .value = &r.owner };
	u32 floor = NV_HANDLE_BASE + NV_IMAGE_FLOOR;
	node_power_on(n, OTHER_SYSTEM);
	refused(n->tpm, tpm_nv_write_as(n->tpm, floor, floor, &password, 16), TPM_RC_AUTH_UNAVAILABLE);
	/* Not even the owner: the indices carry no OWNERWRITE. */
	refused(n->tpm, tpm_nv_write_as(n->tpm, TPM_RH_OWNER, floor, &owner, 16), TPM_RC_NV_AUTHORIZATION);
	refused(n->tpm, tpm_nv_write_as(n->tpm, TPM_RH_PLATFORM, floor, &password, 16), TPM_RC_NV_AUTHORIZATION);
	assert_untouched(n);
}

/* It may take our authority off the flash and go as far with it as the TPM lets it. */
static void other_system_cannot_use_our_approval(void **state)
{
	struct node *n = *state;
	const struct authority_entry *entry = &n->authority.entry[0];
	struct tpm_ticket ticket;
	struct tpm_name name;
	u8 hash[SHA256_SIZE];
	u32 session, key, floor = NV_HANDLE_BASE + NV_KEY_FLOOR;
	node_power_on(n, OTHER_SYSTEM);
	assert_int_equal(tpm_policy_session_start(n->tpm, TPM_SE_POLICY, &session), OK);
	assert_int_equal(tpm_policy_pcr(n->tpm, session, TPM_ALG_SHA256, BIT(PCR_SECURE_BOOT)), OK);
	assert_int_equal(tpm_load_external(n->tpm, n->key.public, &key), OK);
	policy_approval_hash(entry->approved, n->authority.node_id, hash);
	assert_int_equal(tpm_verify_signature(n->tpm, key, hash, entry->signature, &ticket), OK);
	policy_key_name(n->key.public, &name);
	refused(n->tpm, tpm_policy_authorize(n->tpm, session, entry->approved, n->authority.node_id, &name, &ticket),
	        TPM_RC_VALUE);
	struct tpm_auth unauthorized = { .session = session };
	refused(n->tpm, tpm_nv_write_as(n->tpm, floor, floor, &unauthorized, 16), TPM_RC_POLICY_FAIL);
	assert_untouched(n);
}

static void other_system_cannot_undefine_or_redefine(void **state)
{
	struct node *n = *state;
	struct provision_request r = node_request();
	struct tpm_nv_public public;
	node_power_on(n, OTHER_SYSTEM);
	nv_tpm_public(&n->nv, NV_STATE_0, &public);
	refused(n->tpm, tpm_nv_undefine(n->tpm, &empty, NV_HANDLE_BASE), TPM_RC_BAD_AUTH);
	refused(n->tpm, tpm_nv_define(n->tpm, &empty, &public), TPM_RC_BAD_AUTH);
	refused(n->tpm, tpm_nv_undefine(n->tpm, &foreign, NV_HANDLE_BASE), TPM_RC_BAD_AUTH);
	assert_untouched(n);
	/* Who has the escrowed value may. */
	assert_int_equal(tpm_nv_undefine(n->tpm, &r.owner, NV_HANDLE_BASE), OK);
}

static void a_missing_floor_is_noticed(void **state)
{
	struct node *n = *state;
	struct provision_request r = node_request();
	struct nv_view view;
	assert_int_equal(tpm_nv_undefine(n->tpm, &r.owner, NV_HANDLE_BASE + NV_IMAGE_FLOOR), OK);
	node_boot(n, OUR_FIRMWARE);
	assert_int_equal(nv_read_view(&n->nv.store, &view), ERR_NV_DAMAGED);
}

static void other_policy(struct tpm_nv_public *p)
{
	p->policy[0] ^= 1;
}

static void as_ours(struct tpm_nv_public *p)
{
	(void)p;
}

static void owner_write(struct tpm_nv_public *p)
{
	p->attributes |= TPMA_NV_OWNERWRITE;
}

/* Switched off in a firmware's set-up, the hierarchy takes the indices out of sight: that is not a new node. */
static void a_hidden_state_is_not_an_absent_one(void **state)
{
	struct node *n = *state;
	struct nv_view view;
	node_power_on(n, OUR_FIRMWARE);
	assert_int_equal(tpm_owner_hierarchy(n->tpm, false), OK);
	assert_int_equal(nv_tpm_init(&n->nv, n->tpm, n->key.public, NULL), OK);
	assert_int_equal(nv_read_view(&n->nv.store, &view), ERR_NV_HIDDEN);
	assert_int_equal(nv_tpm_init(&n->nv, n->tpm, n->key.public, &n->authority), ERR_NV_HIDDEN);
	assert_int_equal(tpm_owner_hierarchy(n->tpm, true), OK);
	assert_untouched(n);
}

typedef void distort(struct tpm_nv_public *p);

/* An index by that name, defined otherwise by somebody who knows the owner's value. */
static void redefine(struct node *n, enum nv_index index, distort *distortion)
{
	struct provision_request r = node_request();
	struct tpm_nv_public public;
	nv_tpm_public(&n->nv, index, &public);
	distortion(&public);
	assert_int_equal(tpm_nv_undefine(n->tpm, &r.owner, NV_HANDLE_BASE + (u32)index), OK);
	assert_int_equal(tpm_nv_define(n->tpm, &r.owner, &public), OK);
}

/* Three of our indices and one of the right name with another policy: no authority explains that. */
static void one_index_of_another_policy_is_foreign(void **state)
{
	struct node *n = *state;
	struct nv_view view;
	redefine(n, NV_IMAGE_FLOOR, other_policy);
	node_boot(n, OUR_FIRMWARE);
	assert_non_null(n->nv.authority);
	assert_int_equal(nv_read_view(&n->nv.store, &view), ERR_NV_FOREIGN);
}

/* Nor does another node's authority explain four indices that are not one node's. */
static void indices_that_are_no_single_nodes_are_nobodys(void **state)
{
	static const struct {
		enum nv_index index;
		distort *distortion;
	} rows[] = { { NV_STATE_1, owner_write }, { NV_KEY_FLOOR, other_policy } };
	struct node *n = *state;
	struct nv_view view;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		n->authority.node_id[0] ^= 1;
		node_boot(n, OUR_FIRMWARE);
		assert_null(n->nv.authority);
		n->authority.node_id[0] ^= 1;
		node_boot(n, OUR_FIRMWARE);
		redefine(n, rows[i].index, rows[i].distortion);
		n->authority.node_id[0] ^= 1;
		node_boot(n, OUR_FIRMWARE);
		assert_non_null(n->nv.authority);
		assert_int_equal(nv_read_view(&n->nv.store, &view), ERR_NV_FOREIGN);
		n->authority.node_id[0] ^= 1;
		node_boot(n, OUR_FIRMWARE);
		redefine(n, rows[i].index, as_ours);
	}
}

static void clearing_needs_the_lockout_value(void **state)
{
	struct node *n = *state;
	struct provision_request r = node_request();
	struct nv_view view;
	node_power_on(n, OTHER_SYSTEM);
	refused(n->tpm, tpm_clear(n->tpm, TPM_RH_LOCKOUT, &empty), TPM_RC_AUTH_FAIL);
	assert_untouched(n);
	/* Firmware can, for whoever sits in front of the machine: the node is new again, and says so. */
	assert_int_equal(tpm_clear(n->tpm, TPM_RH_PLATFORM, &empty), OK);
	node_boot(n, OUR_FIRMWARE);
	assert_int_equal(nv_read_view(&n->nv.store, &view), OK);
	assert_int_equal(view.status, NV_UNPROVISIONED);
	assert_int_equal(provision(&n->nv, &r), OK);
	assert_untouched(n);
}

static void auth_write(struct tpm_nv_public *p)
{
	p->attributes |= TPMA_NV_AUTHWRITE;
}

static void locked_out(struct tpm_nv_public *p)
{
	p->attributes &= ~(u32)TPMA_NV_NO_DA;
}

static void counter(struct tpm_nv_public *p)
{
	p->attributes |= BIT(4);
	p->size = 8;
}

static void larger(struct tpm_nv_public *p)
{
	p->size++;
}

static void smaller(struct tpm_nv_public *p)
{
	p->size--;
}

static void no_policy(struct tpm_nv_public *p)
{
	p->policy_size = 0;
}

static void other_hash(struct tpm_nv_public *p)
{
	p->name_alg = TPM_ALG_SHA384;
	p->policy_size = SHA384_SIZE;
}

static void same_name_other_definition_is_foreign(void **state)
{
	static distort *const distortions[] = { owner_write, auth_write, locked_out, counter, larger, smaller,
		other_policy, no_policy, other_hash };
	struct node *n = *state;
	struct provision_request r = node_request();
	for (size_t i = 0; i < ARRAY_SIZE(distortions); i++) {
		u32 index = i % NV_INDEXES;
		struct tpm_nv_public public;
		struct nv_view view;
		node_boot(n, OUR_FIRMWARE);
		nv_tpm_public(&n->nv, (enum nv_index)index, &public);
		distortions[i](&public);
		assert_int_equal(tpm_nv_define(n->tpm, &empty, &public), OK);
		assert_int_equal(nv_read_view(&n->nv.store, &view), ERR_NV_FOREIGN);
		assert_int_equal(provision(&n->nv, &r), ERR_NV_FOREIGN);
		/* Without an authority the policy alone is not known. */
		assert_int_equal(nv_tpm_init(&n->nv, n->tpm, n->key.public, NULL), OK);
		assert_int_equal(
		        nv_read_view(&n->nv.store, &view), distortions[i] == other_policy ? OK : ERR_NV_FOREIGN);
		assert_int_equal(tpm_clear(n->tpm, TPM_RH_PLATFORM, &empty), OK);
	}
	node_boot(n, OUR_FIRMWARE);
	assert_int_equal(provision(&n->nv, &r), OK);
	assert_untouched(n);
}

static void a_foreign_owner_is_found_out_first(void **state)
{
	struct node *n = *state;
	struct provision_request r = node_request();
	bool written;
	node_boot(n, OUR_FIRMWARE);
	assert_int_equal(tpm_hierarchy_change_auth(n->tpm, TPM_RH_OWNER, &empty, &foreign), OK);
	refused(n->tpm, provision(&n->nv, &r), TPM_RC_BAD_AUTH);
	assert_int_equal(nv_tpm_check(&n->nv, NV_STATE_0, &written), ERR_NV_ABSENT);
	assert_int_equal(tpm_hierarchy_change_auth(n->tpm, TPM_RH_OWNER, &foreign, &empty), OK);
	assert_int_equal(provision(&n->nv, &r), OK);
	assert_untouched(n);
}

/* Nothing is left to define, and still the owner's value must be the one that was escrowed. */
static void an_owner_changed_later_is_found_out(void **state)
{
	struct node *n = *state;
	struct provision_request r = node_request();
	assert_int_equal(tpm_hierarchy_change_auth(n->tpm, TPM_RH_OWNER, &r.owner, &foreign), OK);
	refused(n->tpm, provision(&n->nv, &r), TPM_RC_BAD_AUTH);
	assert_int_equal(tpm_hierarchy_change_auth(n->tpm, TPM_RH_OWNER, &foreign, &r.owner), OK);
	assert_int_equal(provision(&n->nv, &r), OK);
	assert_untouched(n);
}

static void an_owner_value_of_ours_is_used(void **state)
{
	struct node *n = *state;
	struct provision_request r = node_request();
	node_boot(n, OUR_FIRMWARE);
	assert_int_equal(tpm_hierarchy_change_auth(n->tpm, TPM_RH_OWNER, &empty, &r.owner), OK);
	assert_int_equal(provision(&n->nv, &r), OK);
	assert_untouched(n);
}

static void a_foreign_lockout_value_is_found_out(void **state)
{
	struct node *n = *state;
	struct provision_request r = node_request();
	node_boot(n, OUR_FIRMWARE);
	assert_int_equal(tpm_hierarchy_change_auth(n->tpm, TPM_RH_LOCKOUT, &empty, &foreign), OK);
	refused(n->tpm, provision(&n->nv, &r), TPM_RC_AUTH_FAIL);
	assert_int_equal(tpm_clear(n->tpm, TPM_RH_PLATFORM, &empty), OK);
	node_boot(n, OUR_FIRMWARE);
	assert_int_equal(provision(&n->nv, &r), OK);
}

/* Takes NV space in ever smaller pieces until nothing fits any more; returns how many pieces. */
static u32 fill_nv(struct tpm *tpm)
{
	struct tpm_nv_public junk = { .index = 0x01805300,
		.name_alg = TPM_ALG_SHA256,
		.attributes = TPMA_NV_AUTHREAD | TPMA_NV_AUTHWRITE | TPMA_NV_NO_DA,
		.size = 2048 };
	u32 count = 0;
	while (junk.size >= 16) {
		enum err e = tpm_nv_define(tpm, &empty, &junk);
		if (e) {
			refused(tpm, e, TPM_RC_NV_SPACE);
			junk.size /= 2;
			continue;
		}
		junk.index++;
		count++;
	}
	return count;
}

static void a_full_tpm_is_told(void **state)
{
	struct node *n = *state;
	struct provision_request r = node_request();
	struct nv_view view;
	node_boot(n, OUR_FIRMWARE);
	u32 junk = fill_nv(n->tpm);
	assert_int_equal(provision(&n->nv, &r), ERR_NV_FULL);
	node_boot(n, OUR_FIRMWARE);
	assert_int_equal(nv_read_view(&n->nv.store, &view), OK);
	assert_int_equal(view.status, NV_UNPROVISIONED);
	for (u32 i = 0; i < junk; i++)
		assert_int_equal(tpm_nv_undefine(n->tpm, &empty, 0x01805300 + i), OK);
	assert_int_equal(provision(&n->nv, &r), OK);
	assert_untouched(n);
}

static void one_torn_copy_leaves_the_other(void **state)
{
	struct node *n = *state;
	struct nv_view view;
	u8 torn[STATE_RECORD_SIZE] = "SIGNETB1";
	assert_untouched(n);
	assert_int_equal(nv_read_view(&n->nv.store, &view), OK);
	u8 newest = view.newest;
	assert_int_equal(n->nv.store.write(&n->nv, newest ? NV_STATE_0 : NV_STATE_1, torn, sizeof(torn)), OK);
	assert_int_equal(nv_read_view(&n->nv.store, &view), OK);
	assert_int_equal(view.status, NV_PROVISIONED);
	assert_int_equal(view.newest, newest);
	assert_int_equal(n->nv.store.write(&n->nv, newest ? NV_STATE_1 : NV_STATE_0, torn, sizeof(torn)), OK);
	assert_int_equal(nv_read_view(&n->nv.store, &view), OK);
	assert_int_equal(view.status, NV_STATE_LOST);
	assert_int_equal(view.image_floor, 5);
}

int main(void)
{
#define FRESH(f) cmocka_unit_test_setup_teardown(f, open_node, close_node)
#define PROVISIONED(f) cmocka_unit_test_setup_teardown(f, open_provisioned, close_node)
	const struct CMUnitTest tests[] = {
		PROVISIONED(other_system_cannot_write),
		PROVISIONED(other_system_cannot_use_our_approval),
		PROVISIONED(other_system_cannot_undefine_or_redefine),
		PROVISIONED(a_missing_floor_is_noticed),
		PROVISIONED(a_hidden_state_is_not_an_absent_one),
		PROVISIONED(one_index_of_another_policy_is_foreign),
		PROVISIONED(indices_that_are_no_single_nodes_are_nobodys),
		PROVISIONED(clearing_needs_the_lockout_value),
		FRESH(same_name_other_definition_is_foreign),
		FRESH(a_foreign_owner_is_found_out_first),
		PROVISIONED(an_owner_changed_later_is_found_out),
		FRESH(an_owner_value_of_ours_is_used),
		FRESH(a_foreign_lockout_value_is_found_out),
		FRESH(a_full_tpm_is_told),
		PROVISIONED(one_torn_copy_leaves_the_other),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
