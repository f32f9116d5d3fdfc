/*
 * What the fleet signs for one boot, as root mode takes it, on a real TPM: challenge, ticket, lease, commit verdict.
 * Each refusal stands beside the good one that it differs from in one thing (catalogue of attacks, row 33). Test code
 * for a host.
 */
#include "attest/replay.h"
#include "hv/node/event.h"
#include "hv/node/node.h"
#include "hv/node/slots.h"
#include "hv/node/state.h"
#include "hv/node/ticket.h"
#include "hv/x86/cpu.h"
#include "hv/x86/lock.h"
#include "tests/tpm/hv_bed.h"
#include "tests/unit/fleet_signer.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* Ticks: none passes while a test runs. */
#define LONG_SECOND 1000000000000ull

enum { EPOCH = 3, LEASE = 86400, FLIP_STEP = 40 };

static struct ticket t;
static struct commit_verdict v;
static u8 leaf[LEAF_RECORD_SIZE], bytes[TICKET_SIZE];

/* For the challenge that is asked for with it. */
static void make_ticket(u64 sequence)
{
	t = (struct ticket){
		.rule = TICKET_KEEP, .sequence = sequence, .lease = LEASE, .guests = 2, .vcpus = 2, .memory = MIB(128)
	};
	memcpy(t.node, state_node_id(), sizeof(t.node));
	memcpy(t.session, node_state.session, sizeof(t.session));
	memcpy(t.manifest, bed_info.manifest_digest, sizeof(t.manifest));
	assert_int_equal(ticket_challenge(t.challenge), OK);
	assert_int_equal(ticket_allow(&t, bed_guest), OK);
}

static enum err take(void)
{
	ticket_encode(&t, leaf, bytes);
	sign_ticket(FLEET_TICKET_LEAF, bytes);
	return ticket_take(bytes, sizeof(bytes));
}

static struct control_status status(void)
{
	struct control_status s = { 0 };

	hv_lock();
	ticket_status(&s);
	hv_unlock();
	return s;
}

/* A gated node, booted anew, whose fleet has this CA. */
static void boot_gated(void)
{
	memcpy(bed_fleet.ca_key, forge_public(FLEET_CA), P384_KEY_SIZE);
	bed_fleet.epoch = EPOCH;
	bed_boot(0);
	node_gate = (struct gate){ .measured = true };
	bed_second = LONG_SECOND;
}

static int open_enrolled(void **state)
{
	struct control_provision o;

	if (bed_open(state))
		return -1;
	o = bed_order();
	assert_int_equal(bed_enrol(&o), OK);
	bed_work();
	boot_gated();
	make_leaf(FLEET_TICKET_LEAF, LEAF_TICKET, EPOCH, leaf);
	make_ticket(1);
	return 0;
}

/* Our last event in the log. */
static struct event last_event(void)
{
	struct event last = { 0 };
	struct log_reader r;
	struct log_event e;
	u64 end;

	(void)bed_replays();
	assert_int_equal(log_open(&r, bed_log, node_log_read(0, bed_log, sizeof(bed_log), &end)), OK);
	while (!log_at_end(&r)) {
		assert_int_equal(log_next(&r, &e), OK);
		if (e.type == EV_EVENT_TAG)
			assert_int_equal(event_decode(e.data, e.length, &last), OK);
	}
	return last;
}

static void takes_the_right_ticket_once(void **state)
{
	(void)state;
	u8 digest[SHA384_SIZE];
	u64 issued = node_state.challenge.issued;
	struct event event;

	assert_int_equal(bed_ask_gate(), ERR_GATE_TICKET);
	assert_int_equal(status().flags, CONTROL_CHALLENGED);
	assert_int_equal(take(), OK);
	assert_int_equal(bed_ask_gate(), OK);
	assert_int_equal(node_admit_guest(bed_guest, &bed_load, 1, "one"), OK);
	assert_int_equal(bed_enforced, 1);
	assert_true(bed_lease_alarm == issued + LEASE * LONG_SECOND && node_gate.lease_end == bed_lease_alarm);
	assert_int_equal(status().flags, CONTROL_TICKETED);
	assert_int_equal(status().ticket_sequence, 1);
	assert_int_equal(status().lease_left, LEASE);
	assert_int_equal(status().epoch, EPOCH);
	/* Measured before it was in force. */
	assert_int_equal(bed_replays(), 2);
	assert_int_equal(take(), ERR_TICKET_CHALLENGE);
	assert_int_equal(bed_replays(), 2);
	make_ticket(2);
	assert_int_equal(take(), OK);
	event = last_event();
	assert_int_equal(event.kind, EVENT_TICKET);
	assert_int_equal(event.value[0], 2);
	assert_int_equal(event.value[1], LEASE);
	sha384_of(bytes, sizeof(bytes), digest);
	assert_memory_equal(event.digest, digest, SHA384_SIZE);
	/* What it does not allow, and more than it allows. */
	assert_int_equal(node_admit_guest(t.manifest, &bed_load, 2, "two"), ERR_TICKET_GUEST);
	assert_int_equal(node_admit_guest(bed_guest, &(struct ticket_load){ 3, 1, 1 }, 2, "two"), ERR_TICKET_LIMIT);
}

static void other_node(void)
{
	t.node[0] ^= 1;
}
static void other_session(void)
{
	t.session[31] ^= 1;
}
static void other_manifest(void)
{
	t.manifest[47] ^= 1;
}
static void other_challenge(void)
{
	t.challenge[0] ^= 1;
}
static void older_leaf(void)
{
	make_leaf(FLEET_TICKET_LEAF, LEAF_TICKET, EPOCH - 1, leaf);
}
static void leaf_for_commits(void)
{
	make_leaf(FLEET_TICKET_LEAF, LEAF_COMMIT, EPOCH, leaf);
}
static void other_ca(void)
{
	sign_leaf(FLEET_COMMIT_LEAF, leaf);
}
static void other_key(void)
{
	make_leaf(FLEET_COMMIT_LEAF, LEAF_TICKET, EPOCH, leaf);
}
static void endless_lease(void)
{
	t.lease = TICKET_LEASE_MAX + 1;
}
static void late_arrival(void)
{
	node_state.challenge.issued -= LEASE * LONG_SECOND;
}
static void no_sequence(void)
{
	t.sequence = 0;
}

static void refuses_all_others(void **state)
{
	static const struct {
		void (*change)(void);
		enum err refusal;
	} rows[] = {
		{ other_node, ERR_TICKET_NODE },
		{ other_session, ERR_TICKET_SESSION },
		{ other_manifest, ERR_TICKET_MANIFEST },
		{ other_challenge, ERR_TICKET_CHALLENGE },
		{ older_leaf, ERR_LEAF_EPOCH },
		{ leaf_for_commits, ERR_LEAF_ROLE },
		{ other_ca, ERR_LEAF_SIGNATURE },
		{ other_key, ERR_TICKET_SIGNATURE },
		{ endless_lease, ERR_TICKET_LEASE },
		{ late_arrival, ERR_TICKET_LEASE },
		{ no_sequence, ERR_TICKET_FORMAT },
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		make_leaf(FLEET_TICKET_LEAF, LEAF_TICKET, EPOCH, leaf);
		make_ticket(1);
		rows[i].change();
		assert_int_equal(take(), rows[i].refusal);
		assert_true(node_state.challenge.open);
		assert_int_equal(bed_ask_gate(), ERR_GATE_TICKET);
	}
	assert_int_equal(ticket_take(bytes, sizeof(bytes) - 1), ERR_TICKET_FORMAT);
	assert_int_equal(bed_replays(), 0);
	make_ticket(1);
	assert_int_equal(take(), OK);
}

static void refuses_flipped_bits(void **state)
{
	(void)state;
	assert_int_equal(take(), OK);
	make_ticket(2);
	ticket_encode(&t, leaf, bytes);
	sign_ticket(FLEET_TICKET_LEAF, bytes);
	for (size_t i = 0; i < sizeof(bytes); i += FLIP_STEP) {
		bytes[i] ^= 1;
		assert_int_not_equal(ticket_take(bytes, sizeof(bytes)), OK);
		bytes[i] ^= 1;
	}
	assert_int_equal(status().ticket_sequence, 1);
	assert_int_equal(ticket_take(bytes, sizeof(bytes)), OK);
}

static void takes_none_of_another_boot(void **state)
{
	(void)state;
	u8 before[CONTROL_CHALLENGE_SIZE];

	memcpy(before, t.challenge, sizeof(before));
	boot_gated();
	assert_int_equal(status().flags, 0);
	assert_int_equal(take(), ERR_TICKET_SESSION);
	/* Nor is the earlier challenge ever open again. */
	make_ticket(1);
	assert_memory_not_equal(t.challenge, before, sizeof(before));
	assert_int_equal(take(), OK);
}

static void a_new_challenge_voids_the_one_before(void **state)
{
	(void)state;
	struct ticket first = t;

	make_ticket(1);
	assert_memory_not_equal(first.challenge, t.challenge, ATTEST_ID_SIZE);
	t = first;
	assert_int_equal(take(), ERR_TICKET_CHALLENGE);
	bed_break_tpm(0);
	assert_int_equal(ticket_challenge(t.challenge), ERR_TPM_TIMEOUT);
	bed_mend_tpm();
}

static void sequence_and_epoch_never_fall(void **state)
{
	(void)state;
	make_ticket(7);
	make_leaf(FLEET_TICKET_LEAF, LEAF_TICKET, EPOCH + 2, leaf);
	assert_int_equal(take(), OK);
	make_ticket(7);
	assert_int_equal(take(), ERR_TICKET_SEQUENCE);
	make_ticket(8);
	make_leaf(FLEET_TICKET_LEAF, LEAF_TICKET, EPOCH + 1, leaf);
	assert_int_equal(take(), ERR_LEAF_EPOCH);
	assert_int_equal(status().epoch, EPOCH + 2);
	make_leaf(FLEET_TICKET_LEAF, LEAF_TICKET, EPOCH + 2, leaf);
	assert_int_equal(take(), OK);
}

static void counts_the_lease_from_the_challenge(void **state)
{
	(void)state;
	node_state.challenge.issued -= (LEASE - 10) * LONG_SECOND;
	assert_int_equal(status().challenge_age, LEASE - 10);
	assert_int_equal(take(), OK);
	assert_int_equal(status().lease_left, 10);
}

static void a_lease_ends_by_its_rule(void **state)
{
	(void)state;
	for (u32 rule = TICKET_KEEP; rule <= TICKET_STOP; rule++) {
		make_ticket(rule);
		t.rule = (enum ticket_rule)rule;
		assert_int_equal(take(), OK);
		assert_int_equal(bed_ask_gate(), OK);
		/* By the time alone, before the alarm rings. */
		node_gate.lease_end = read_time_stamp();
		assert_int_equal(bed_ask_gate(), ERR_TICKET_LEASE);
		bed_enforced = 0;
		hv_lock();
		bed_lease_over();
		hv_unlock();
		bed_work();
		assert_int_equal(bed_enforced, 1);
		assert_int_equal(status().flags, CONTROL_LEASE_OVER);
		assert_int_equal(status().rule, rule);
		assert_int_equal(status().lease_left, 0);
		assert_int_equal(last_event().kind, EVENT_LEASE);
		assert_int_equal(last_event().value[0], rule);
		assert_int_equal(last_event().value[1], rule);
	}
	assert_int_equal(bed_replays(), 6);
}

static void an_unmeasured_ticket_lets_nothing_start(void **state)
{
	(void)state;
	bed_break_tpm(0);
	assert_int_equal(take(), ERR_BOOT_MEASURE);
	bed_mend_tpm();
	assert_int_equal(bed_ask_gate(), ERR_BOOT_MEASURE);
	assert_int_equal(status().ticket_sequence, 0);
}

static void a_node_without_an_id_takes_none(void **state)
{
	(void)state;
	boot_gated();
	make_leaf(FLEET_TICKET_LEAF, LEAF_TICKET, EPOCH, leaf);
	make_ticket(1);
	assert_int_equal(take(), ERR_TICKET_NODE);
}

/* --- the commit verdict --- */

static enum err commit(void)
{
	verdict_encode(&v, leaf, bytes);
	sign_verdict(FLEET_COMMIT_LEAF, bytes);
	return slots_commit(bytes, COMMIT_VERDICT_SIZE);
}

static void make_verdict(void)
{
	v = (struct commit_verdict){ .slot = SLOT_A, .image_floor = bed_info.svn, .key_floor = 2 };
	memcpy(v.node, state_node_id(), sizeof(v.node));
	memcpy(v.session, node_state.session, sizeof(v.session));
	memcpy(v.manifest, bed_info.manifest_digest, sizeof(v.manifest));
	make_leaf(FLEET_COMMIT_LEAF, LEAF_COMMIT, EPOCH, leaf);
}

static int open_unconfirmed(void **state)
{
	if (bed_open(state))
		return -1;
	memcpy(bed_fleet.ca_key, forge_public(FLEET_CA), P384_KEY_SIZE);
	bed_fleet.epoch = EPOCH;
	bed_info.keys_version = 2;
	bed_begin_trial();
	make_verdict();
	return 0;
}

static void commits_what_was_found_well(void **state)
{
	(void)state;
	assert_int_equal(commit(), ERR_STATE_TRANSITION);
	assert_int_equal(slots_healthy(), OK);
	v.image_floor = bed_info.svn + 1;
	assert_int_equal(commit(), ERR_RANGE);
	v.image_floor = bed_info.svn;
	v.key_floor = 3;
	assert_int_equal(commit(), ERR_RANGE);
	v.key_floor = 2;
	assert_int_equal(node_state.view.key_floor, 1);
	make_leaf(FLEET_COMMIT_LEAF, LEAF_COMMIT, EPOCH + 1, leaf);
	assert_int_equal(commit(), OK);
	assert_int_equal(node_state.view.state.slot[SLOT_A].state, SLOT_GOOD);
	assert_int_equal(commit(), ERR_STATE_TRANSITION);
	/* That epoch was seen. */
	make_leaf(FLEET_COMMIT_LEAF, LEAF_COMMIT, EPOCH, leaf);
	assert_int_equal(commit(), ERR_LEAF_EPOCH);
	/* As the TPM has it. */
	bed_info.reason = REASON_GOOD;
	bed_boot(0);
	assert_int_equal(node_state.view.state.slot[SLOT_A].state, SLOT_GOOD);
	assert_int_equal(node_state.view.image_floor, bed_info.svn);
	assert_int_equal(node_state.view.key_floor, 2);
}

static void refuses_other_verdicts(void **state)
{
	(void)state;
	u8 *others[] = { v.node, v.session, v.manifest };

	assert_int_equal(slots_healthy(), OK);
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		*others[i] ^= 1;
		assert_int_equal(commit(), ERR_COMMIT_OTHER);
		*others[i] ^= 1;
	}
	v.slot = SLOT_B;
	assert_int_equal(commit(), ERR_COMMIT_OTHER);
	make_verdict();
	make_leaf(FLEET_COMMIT_LEAF, LEAF_COMMIT, EPOCH - 1, leaf);
	assert_int_equal(commit(), ERR_LEAF_EPOCH);
	make_leaf(FLEET_COMMIT_LEAF, LEAF_TICKET, EPOCH, leaf);
	assert_int_equal(commit(), ERR_LEAF_ROLE);
	make_verdict();
	verdict_encode(&v, leaf, bytes);
	sign_verdict(FLEET_COMMIT_LEAF, bytes);
	for (size_t i = 0; i < COMMIT_VERDICT_SIZE; i += FLIP_STEP) {
		bytes[i] ^= 1;
		assert_int_not_equal(slots_commit(bytes, COMMIT_VERDICT_SIZE), OK);
		bytes[i] ^= 1;
	}
	assert_int_equal(slots_commit(bytes, COMMIT_VERDICT_SIZE - 1), ERR_COMMIT_FORMAT);
	assert_int_equal(node_state.view.state.slot[SLOT_A].state, SLOT_UNCONFIRMED);
	/* A cut before the TPM has it leaves it to be asked again. */
	bed_break_tpm(3);
	assert_int_equal(slots_commit(bytes, COMMIT_VERDICT_SIZE), ERR_TPM_TIMEOUT);
	bed_mend_tpm();
	assert_int_equal(slots_commit(bytes, COMMIT_VERDICT_SIZE), OK);
}

int main(void)
{
#define ENROLLED(f) cmocka_unit_test_setup_teardown(f, open_enrolled, bed_close)
#define UNCONFIRMED(f) cmocka_unit_test_setup_teardown(f, open_unconfirmed, bed_close)
	const struct CMUnitTest tests[] = {
		ENROLLED(takes_the_right_ticket_once),
		ENROLLED(refuses_all_others),
		ENROLLED(refuses_flipped_bits),
		ENROLLED(takes_none_of_another_boot),
		ENROLLED(a_new_challenge_voids_the_one_before),
		ENROLLED(sequence_and_epoch_never_fall),
		ENROLLED(counts_the_lease_from_the_challenge),
		ENROLLED(a_lease_ends_by_its_rule),
		ENROLLED(an_unmeasured_ticket_lets_nothing_start),
		cmocka_unit_test_setup_teardown(a_node_without_an_id_takes_none, bed_open, bed_close),
		UNCONFIRMED(commits_what_was_found_well),
		UNCONFIRMED(refuses_other_verdicts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
