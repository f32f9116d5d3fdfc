/*
 * Provisioning a real TPM, cut before and after every single command and run again.
 * Test code for a host.
 */
#include "tests/tpm/extra.h"
#include "tests/tpm/meddler.h"
#include "tests/tpm/node.h"

#include "lib/tpm/admin.h"
#include "lib/tpm/types_beyond.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* Carries so many commands, then the power is gone: before the next reaches the TPM, or after it did. */
struct cut {
	struct tpm_transport real;
	u32 left;
	bool after;
	bool cut;
};

static enum err submit(void *context, const u8 *command, size_t n, u8 *response, size_t room, size_t *length)
{
	struct cut *c = context;
	if (c->left) {
		c->left--;
		return c->real.submit(c->real.context, command, n, response, room, length);
	}
	if (c->after && !c->cut)
		(void)c->real.submit(c->real.context, command, n, response, room, length);
	c->cut = true;
	return ERR_TPM_TIMEOUT;
}

static int open_node(void **state)
{
	static struct node n;
	node_open(&n);
	*state = &n;
	return 0;
}

static int close_node(void **state)
{
	node_close(*state);
	return 0;
}

static void assert_provisioned(struct node *n)
{
	struct provision_request r = node_request();
	struct nv_view view;
	u32 permanent;
	node_boot(n, OUR_FIRMWARE);
	assert_int_equal(nv_read_view(&n->nv.store, &view), OK);
	assert_int_equal(view.status, NV_PROVISIONED);
	assert_int_equal(view.image_floor, r.first.image_floor);
	assert_int_equal(view.key_floor, r.first.key_floor);
	assert_int_equal(view.state.slot[SLOT_A].state, SLOT_GOOD);
	assert_memory_equal(view.state.slot[SLOT_A].digest, r.first.slot[SLOT_A].digest, SHA384_SIZE);
	assert_int_equal(view.state.slot[SLOT_B].state, SLOT_EMPTY);
	assert_int_equal(tpm_get_property(n->tpm, TPM_PT_PERMANENT, &permanent), OK);
	assert_true(permanent & TPMA_PERMANENT_OWNERAUTHSET);
	assert_true(permanent & TPMA_PERMANENT_LOCKOUTAUTHSET);
}

static void makes_a_provisioned_node(void **state)
{
	struct node *n = *state;
	struct nv_view view;
	node_boot(n, OUR_FIRMWARE);
	assert_int_equal(nv_read_view(&n->nv.store, &view), OK);
	assert_int_equal(view.status, NV_UNPROVISIONED);
	node_enrol(n);
	assert_provisioned(n);
}

static void keeps_a_state_that_is_there(void **state)
{
	struct node *n = *state;
	struct provision_request other = node_request();
	node_enrol(n);
	node_boot(n, OUR_FIRMWARE);
	other.first.image_floor = 1;
	other.first.slot[SLOT_A].digest[0] ^= 1;
	assert_int_equal(provision(&n->nv, &other), OK);
	assert_provisioned(n);
}

static void wants_a_boot_that_may_write(void **state)
{
	struct node *n = *state;
	struct provision_request r = node_request();
	struct nv_view view;
	node_boot(n, OTHER_SYSTEM);
	assert_int_equal(provision(&n->nv, &r), ERR_NV_POLICY);
	bool written;
	assert_int_equal(nv_tpm_check(&n->nv, NV_STATE_0, &written), ERR_NV_ABSENT);
	assert_int_equal(nv_read_view(&n->nv.store, &view), OK);
	assert_int_equal(view.status, NV_UNPROVISIONED);
	node_enrol(n);
	assert_provisioned(n);
}

static void wants_secrets(void **state)
{
	struct node *n = *state;
	struct provision_request r = node_request();
	node_boot(n, OUR_FIRMWARE);
	r.lockout.size = 0;
	assert_int_equal(provision(&n->nv, &r), ERR_ARGUMENT);
	r = node_request();
	assert_int_equal(provision(&n->nv, &r), OK);
}

/* Provisions with the power cut at the given command; false when it was over before. */
static bool provision_cut(struct node *n, u32 commands, bool after)
{
	struct provision_request r = node_request();
	struct cut c = { .left = commands, .after = after };
	node_boot(n, OUR_FIRMWARE);
	c.real = n->tpm->transport;
	n->tpm->transport = (struct tpm_transport){ .submit = submit, .context = &c };
	enum err e = provision(&n->nv, &r);
	n->tpm->transport = c.real;
	/* Success although the last answer was lost would be a lie. */
	assert_int_equal(e, c.cut ? ERR_TPM_TIMEOUT : OK);
	return c.cut;
}

/* What docs/states.md promises of a cut enrolment: never foreign, never damaged, never lost. */
static void assert_boots(struct node *n)
{
	struct nv_view view;
	node_boot(n, OUR_FIRMWARE);
	assert_int_equal(nv_read_view(&n->nv.store, &view), OK);
	assert_true(view.status == NV_UNPROVISIONED || view.status == NV_PROVISIONED);
	if (view.status == NV_PROVISIONED)
		assert_int_equal(view.image_floor, node_request().first.image_floor);
}

static void forget(struct node *n)
{
	assert_int_equal(tpm_clear(n->tpm, TPM_RH_PLATFORM, NULL), OK);
}

static void survives_a_cut_at_every_command(void **state)
{
	struct node *n = *state;
	u32 cuts = 0;
	for (u32 mode = 0; mode < 2; mode++) {
		for (u32 i = 0; provision_cut(n, i, mode); i++, cuts++) {
			assert_boots(n);
			node_enrol(n);
			assert_provisioned(n);
			forget(n);
		}
		assert_provisioned(n);
		forget(n);
	}
	/* Four definitions, three writes of six commands each, two authorizations: the loop did meet them all. */
	assert_true(cuts > 60);
}

/* One alone, with all others carried out: no later success stands for it. */
static void each_command_that_is_lost_is_told(void **state)
{
	struct node *n = *state;
	struct provision_request r = node_request();
	struct meddler m = { .which = 0, .lost = ERR_TPM_TIMEOUT };
	enum err e;
	do {
		m.which++;
		assert_boots(n);
		meddler_begin(&m, n->tpm);
		e = provision(&n->nv, &r);
		meddler_end(&m);
		assert_int_equal(e, meddler_met(&m) ? ERR_TPM_TIMEOUT : OK);
	} while (e);
	assert_provisioned(n);
	assert_true(m.which > 10);
}

/* Cut a second time while the first cut is being made good. */
static void survives_a_second_cut(void **state)
{
	struct node *n = *state;
	for (u32 i = 1; provision_cut(n, i, true); i += 5) {
		assert_boots(n);
		for (u32 j = 2; provision_cut(n, j, false) && j < 40; j += 7)
			assert_boots(n);
		node_enrol(n);
		assert_provisioned(n);
		forget(n);
	}
}

int main(void)
{
#define WITH_NODE(f) cmocka_unit_test_setup_teardown(f, open_node, close_node)
	const struct CMUnitTest tests[] = {
		WITH_NODE(makes_a_provisioned_node),
		WITH_NODE(keeps_a_state_that_is_there),
		WITH_NODE(wants_a_boot_that_may_write),
		WITH_NODE(wants_secrets),
		WITH_NODE(survives_a_cut_at_every_command),
		WITH_NODE(each_command_that_is_lost_is_told),
		WITH_NODE(survives_a_second_cut),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
