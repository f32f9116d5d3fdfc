/*
 * What the hypervisor does with its TPM, on a real one: events into PCRs and log, slots, enrolment.
 * Test code for a host.
 */
#include "attest/log.h"
#include "hv/boot/layout.h"
#include "hv/node/event.h"
#include "hv/node/log.h"
#include "hv/node/node.h"
#include "hv/node/provision.h"
#include "hv/node/slots.h"
#include "hv/node/state.h"
#include "hv/node/tpm.h"
#include "hv/x86/cpu.h"
#include "hv/x86/lock.h"
#include "lib/tpm/admin.h"
#include "lib/tpm/bank.h"
#include "lib/tpm/marshal.h"
#include "tests/tpm/ak.h"
#include "tests/tpm/hv_bed.h"
#include "tests/tpm/meddler.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { QUEUE_LENGTH = 32, LONGEST_LOG = BED_LOG_MAX - (1 << 16), ROOM_FOR_FEW = 2000 };

/* --- events --- */

static void event(u64 value)
{
	hv_lock();
	node_event(EVENT_SERVICE, NULL, value, 0, "service VM ended");
	hv_unlock();
}

/* The nth event of ours in PCR14, as bed_replays() found the log. */
static struct event logged(u32 nth)
{
	struct log_reader r;
	struct log_event e;
	struct event event = { .kind = 0 };
	u64 end;
	size_t length = node_log_read(0, bed_log, sizeof(bed_log), &end);

	assert_int_equal(log_open(&r, bed_log, length), OK);
	do
		assert_int_equal(log_next(&r, &e), OK);
	while (e.type != EV_EVENT_TAG || e.pcr != PCR_DECISIONS || nth-- > 0);
	assert_int_equal(event_decode(e.data, e.length, &event), OK);
	return event;
}

static void measures_events_and_guests(void **state)
{
	(void)state;
	event(1);
	event(2);
	bed_work();
	assert_int_equal(node_admit_guest(bed_guest, &bed_load, 7, "one"), OK);
	assert_int_equal(bed_replays(), 3);
	for (u32 i = 0; i < 2; i++)
		assert_int_equal(logged(i).value[0], i + 1);
	assert_int_equal(bed_ask_gate(), OK);
	/* In pieces, and beyond the end. */
	u64 end;
	u8 piece[16];
	assert_int_equal(node_log_read(32, piece, sizeof(piece), &end), sizeof(piece));
	assert_memory_equal(piece, bed_log + 32, sizeof(piece));
	assert_int_equal(node_log_read(end - 1, piece, sizeof(piece), &end), 1);
	assert_int_equal(node_log_read(end, piece, sizeof(piece), &end), 0);
	assert_int_equal(node_log_read(UINT64_MAX, piece, sizeof(piece), &end), 0);
}

static void loses_no_event_in_silence(void **state)
{
	(void)state;
	for (u32 i = 0; i < QUEUE_LENGTH; i++)
		event(i);
	assert_int_equal(bed_ask_gate(), OK);
	event(QUEUE_LENGTH);
	assert_int_equal(bed_ask_gate(), ERR_BOOT_MEASURE);
	bed_work();
	assert_int_equal(bed_replays(), QUEUE_LENGTH);
}

static void closes_the_gate_when_the_tpm_fails(void **state)
{
	(void)state;
	bed_break_tpm(0);
	event(1);
	bed_work();
	bed_mend_tpm();
	assert_int_equal(bed_ask_gate(), ERR_BOOT_MEASURE);
	bed_boot(0);
	assert_int_equal(bed_ask_gate(), OK);
	bed_break_tpm(0);
	assert_int_equal(node_admit_guest(bed_guest, &bed_load, 1, "one"), ERR_BOOT_MEASURE);
	bed_mend_tpm();
	assert_int_equal(bed_ask_gate(), ERR_BOOT_MEASURE);
	assert_int_equal(bed_replays(), 0);
}

/* Any number of them: they are in no PCR and take none of the log's room. */
static void measures_no_refused_guest(void **state)
{
	(void)state;
	const struct gate ticket = { .measured = true };
	const struct gate open = { .ungated = true, .development = true, .measured = true };
	u8 none[SHA256_SIZE] = { 0 };
	struct tpm_bank_digest value;
	u64 length, end;

	(void)node_log_read(0, bed_log, 0, &length);
	node_gate = ticket;
	assert_int_equal(node_admit_guest(bed_guest, &bed_load, 1, "one"), ERR_GATE_TICKET);
	assert_int_equal(node_admit_guest(bed_guest, &bed_load, 2, "two"), ERR_GATE_TICKET);
	(void)node_log_read(0, bed_log, 0, &end);
	assert_int_equal(end, length);
	assert_int_equal(tpm_pcr_read(bed_node.tpm, TPM_ALG_SHA256, PCR_GUESTS, &value), OK);
	assert_memory_equal(value.digest, none, sizeof(none));
	node_gate = open;
	assert_int_equal(node_admit_guest(bed_guest, &bed_load, 3, "three"), OK);
	assert_int_equal(bed_replays(), 1);
}

/* Guests fill the log up to what is kept for decisions; no PCR is extended that the log does not tell of. */
static void keeps_room_for_decisions(void **state)
{
	(void)state;
	u32 guests = 0;

	bed_boot(LONGEST_LOG - ROOM_FOR_FEW);
	while (node_admit_guest(bed_guest, &bed_load, guests, "one") == OK)
		guests++;
	assert_true(guests > 0 && guests < 8);
	assert_int_equal(bed_ask_gate(), ERR_BOOT_MEASURE);
	event(1);
	bed_work();
	assert_int_equal(bed_replays(), guests + 1);
}

static void refuses_a_log_that_is_none(void **state)
{
	(void)state;
	bed_info.event_log.length = 40;
	assert_int_equal(node_log_start(&bed_info), ERR_BOOT_LOG);
	bed_info.event_log.length = BED_LOG_MAX + 1;
	assert_int_equal(node_log_start(&bed_info), ERR_NO_MEMORY);
}

/* --- enrolment and slots --- */

static void refused(const struct control_provision *o, enum err e)
{
	assert_int_equal(bed_enrol(o), e);
	assert_false(slots_provisioned());
}

static void assert_tells_the_state(struct event e)
{
	u8 record[STATE_RECORD_SIZE], digest[SHA384_SIZE];

	boot_state_encode(&node_state.view.state, record);
	sha384_of(record, sizeof(record), digest);
	assert_int_equal(e.kind, EVENT_PROVISIONED);
	assert_memory_equal(e.digest, digest, SHA384_SIZE);
	assert_int_equal(e.value[0], node_state.view.image_floor);
	assert_int_equal(e.value[1], node_state.view.key_floor);
}

static void enrols_by_a_good_order_alone(void **state)
{
	(void)state;
	struct control_provision o = bed_order();

	assert_int_equal(
	        node_provision(&o, bed_info.authority.bytes, bed_info.authority.length - 1), ERR_AUTHORITY_FORMAT);
	assert_int_equal(node_provision(&o, NULL, 0), ERR_AUTHORITY_FORMAT);
	o.node[0] ^= 1;
	refused(&o, ERR_ARGUMENT);
	o = bed_order();
	o.policy_key[63] ^= 1;
	refused(&o, ERR_ARGUMENT);
	o = bed_order();
	o.image_floor = 10;
	refused(&o, ERR_RANGE);
	o.image_floor = UINT32_MAX; /* from where 9 is ten above */
	refused(&o, ERR_RANGE);
	/* The next boot would find nothing that may start. */
	o = bed_order();
	o.key_floor = 2;
	refused(&o, ERR_RANGE);
	bed_info.svn = 9 + SVN_LEAP_MAX + 1;
	o = bed_order();
	refused(&o, ERR_RANGE);
	/* The furthest that the leap allows. */
	bed_info.svn = 9 + SVN_LEAP_MAX;
	assert_int_equal(bed_enrol(&o), OK);
	assert_true(slots_provisioned() && node_state.view.writable);
	assert_memory_equal(node_state.nv.authority->node_id, bed_node.authority.node_id, NODE_ID_SIZE);
	bed_work();
	assert_int_equal(bed_replays(), 1);
	assert_tells_the_state(logged(0));
	/* By the same order again nothing changes; by another one, neither. */
	assert_int_equal(bed_enrol(&o), OK);
	o.owner_auth[0] ^= 1;
	assert_int_equal(bed_enrol(&o), ERR_TPM_REFUSED);
	o.owner_auth[0] ^= 1;
	o.lockout_auth[31] ^= 1;
	assert_int_equal(bed_enrol(&o), ERR_TPM_REFUSED);
	assert_true(slots_provisioned());
}

/* A key of somebody's own that would sign policies for him: only the stage's is taken, though authority and order
 * agree. */
static void takes_no_other_policy_key(void **state)
{
	(void)state;
	struct control_provision o = bed_order();
	struct authority other = bed_node.authority;
	u8 bytes[AUTHORITY_SIZE_MAX];
	size_t length;

	other.policy_key[5] ^= 1;
	memcpy(o.policy_key, other.policy_key, P256_KEY_SIZE);
	length = authority_encode(&other, bytes);
	assert_int_equal(node_provision(&o, bytes, length), ERR_ARGUMENT);
	assert_false(slots_provisioned());
	/* Nor where the order speaks of the stage's, and only the authority of another. */
	o = bed_order();
	assert_int_equal(node_provision(&o, bytes, length), ERR_ARGUMENT);
	assert_int_equal(bed_enrol(&o), OK);
}

/* Without a whole authority nothing speaks of the node, and what cannot be read is not taken for a state. */
static void believes_no_half_authority_and_no_failed_read(void **state)
{
	(void)state;
	struct control_provision o = bed_order();

	assert_int_equal(bed_enrol(&o), OK);
	assert_false(bytes_are_zero(state_node_id(), NODE_ID_SIZE));
	bed_break_tpm(0);
	assert_int_not_equal(state_read(&node_state.authority), OK);
	assert_int_equal(slots_start(&bed_info), ERR_TPM_TIMEOUT);
	bed_mend_tpm();
	assert_true(slots_provisioned());
	/* Nor one that cannot say who may write, though all else could be read; nor one that cannot be read. */
	struct meddler m = { .command = TPM_CC_PolicyPCR, .which = 1, .lost = ERR_TPM_TIMEOUT };
	u64 floor = node_state.view.image_floor;
	for (u32 i = 0; i < 2; i++) {
		node_state.view.image_floor = floor + 1;
		meddler_begin(&m, bed_node.tpm);
		assert_int_equal(state_read(&node_state.authority), ERR_TPM_TIMEOUT);
		meddler_end(&m);
		assert_int_equal(node_state.view.image_floor, floor + 1);
		m.command = TPM_CC_NV_Read;
	}
	assert_int_equal(state_read(&node_state.authority), OK);
	assert_int_equal(node_state.view.image_floor, floor);
	bed_info.authority.length--;
	bed_boot(0);
	assert_true(slots_provisioned());
	assert_true(bytes_are_zero(state_node_id(), NODE_ID_SIZE));
}

/* Flash holds none before a node is enrolled; the order brings it. */
static void takes_the_authority_it_is_given(void **state)
{
	(void)state;
	struct control_provision o = bed_order();
	u32 length = bed_info.authority.length;

	bed_info.authority.length = 0;
	bed_boot(0);
	assert_int_equal(node_provision(&o, bed_info.authority.bytes, length), OK);
	assert_true(slots_provisioned() && node_state.view.writable);
	assert_memory_equal(state_node_id(), bed_node.authority.node_id, NODE_ID_SIZE);
}

static void wants_a_boot_under_the_owners_keys(void **state)
{
	(void)state;
	struct control_provision o = bed_order();

	node_power_on(&bed_node, OTHER_SYSTEM);
	refused(&o, ERR_NV_POLICY);
	bed_boot(0);
	assert_int_equal(bed_enrol(&o), OK);
}

static void goes_on_after_a_cut(void **state)
{
	(void)state;
	struct control_provision o = bed_order();

	enum err e = ERR_TPM_TIMEOUT;
	u32 cuts = 0;

	for (; e; cuts++) {
		bed_break_tpm(7 * cuts);
		e = bed_enrol(&o);
		bed_mend_tpm();
		assert_true(e == OK || e == ERR_TPM_TIMEOUT);
		bed_boot(0);
	}
	assert_true(cuts > 4 && slots_provisioned());
}

/* It is reported when the state was read back, and not before. */
static void reports_no_enrolment_that_was_not_read_back(void **state)
{
	(void)state;
	struct meddler m = { .command = TPM_CC_NV_Read, .lost = ERR_TPM_TIMEOUT };
	struct control_provision o = bed_order();
	enum err e = ERR_TPM_TIMEOUT;

	bed_work(); /* what other tests left */
	for (m.which = 1; e; m.which++) {
		bed_boot(0);
		meddler_begin(&m, bed_node.tpm);
		e = bed_enrol(&o);
		meddler_end(&m);
		bed_work();
		assert_int_equal(e, meddler_met(&m) ? ERR_TPM_TIMEOUT : OK);
		assert_int_equal(bed_replays(), e ? 0 : 1);
	}
	assert_true(m.which > 4);
}

static void never_lowers_the_epoch_it_saw(void **state)
{
	(void)state;
	static const u32 told[] = { 3, 7, 6, 0, 8 }, seen[] = { 3, 7, 7, 7, 8 };

	for (size_t i = 0; i < ARRAY_SIZE(told); i++) {
		state_saw_epoch(told[i]);
		assert_int_equal(node_state.epoch, seen[i]);
	}
}

static struct control_slots report(void)
{
	struct control_slots s;

	hv_lock();
	slots_report(&s);
	hv_unlock();
	return s;
}

static void sets_a_trials_clock(void **state)
{
	(void)state;
	u64 before = read_time_stamp(), after;

	bed_begin_trial();
	after = read_time_stamp();
	assert_true(bed_alarm >= before + 1000 * TRIAL_SECONDS && bed_alarm <= after + 1000 * TRIAL_SECONDS);
	/* A last resort is not ended, nor is an image the record does not speak of. */
	bed_info.reason = REASON_LAST_RESORT;
	bed_boot(0);
	assert_int_equal(bed_alarm, 0);
	bed_info.reason = REASON_TRIAL;
	bed_info.manifest_digest[0] ^= 1;
	bed_boot(0);
	assert_int_equal(bed_alarm, 0);
	assert_int_equal(slots_healthy(), ERR_STATE_TRANSITION);
}

static void finds_a_trial_well(void **state)
{
	(void)state;
	struct control_stage stage = { .slot = SLOT_B };

	bed_begin_trial();
	assert_int_equal(report().slot[SLOT_A].state, SLOT_TRYING);
	assert_int_equal(slots_stage(&stage), ERR_STATE_TRANSITION);
	bed_break_tpm(3);
	assert_int_equal(slots_healthy(), ERR_TPM_TIMEOUT);
	bed_mend_tpm();
	assert_int_not_equal(bed_alarm, UINT64_MAX);
	assert_int_equal(slots_healthy(), OK);
	assert_int_equal(bed_alarm, UINT64_MAX);
	assert_int_equal(report().slot[SLOT_A].state, SLOT_UNCONFIRMED);
	assert_int_equal(node_state.deadline, 0);
	assert_int_equal(slots_healthy(), ERR_STATE_TRANSITION);
	assert_int_equal(slots_stage(&stage), OK);
}

static void stages_the_other_slot(void **state)
{
	(void)state;
	struct control_stage stage = { .slot = SLOT_B };
	struct control_provision o = bed_order();

	assert_int_equal(slots_stage(&stage), ERR_NV_ABSENT);
	assert_int_equal(bed_enrol(&o), OK);
	stage.slot = SLOT_A;
	assert_int_equal(slots_stage(&stage), ERR_ARGUMENT);
	stage.slot = SLOTS;
	assert_int_equal(slots_stage(&stage), ERR_ARGUMENT);
	stage.slot = SLOT_B;
	stage.digest[0] = 1;
	assert_int_equal(slots_stage(&stage), ERR_STATE_TRANSITION); /* not written before */
	stage.digest[0] = 0;
	assert_int_equal(slots_stage(&stage), OK);
	assert_int_equal(report().slot[SLOT_B].state, SLOT_WRITING);
	stage.digest[0] = 1;
	assert_int_equal(slots_stage(&stage), OK);
	assert_int_equal(report().slot[SLOT_B].state, SLOT_STAGED);
	assert_memory_equal(report().slot[SLOT_B].digest, stage.digest, SHA384_SIZE);
	assert_int_equal(report().slot[SLOT_A].svn, 9);
	/* As the TPM has it, too. */
	bed_boot(0);
	assert_int_equal(report().slot[SLOT_B].state, SLOT_STAGED);
}

static void stages_so_often_in_a_boot(void **state)
{
	(void)state;
	struct control_stage stage = { .slot = SLOT_B };
	struct control_provision o = bed_order();

	assert_int_equal(bed_enrol(&o), OK);
	/* What never comes to the TPM does not count. */
	for (u32 i = 0; i < STAGINGS_MAX; i++)
		assert_int_equal(slots_stage(&(struct control_stage){ .slot = SLOT_A }), ERR_ARGUMENT);
	for (u32 i = 0; i < STAGINGS_MAX; i++) {
		stage.digest[0] = i % 2;
		assert_int_equal(slots_stage(&stage), OK);
	}
	stage.digest[0] = 0;
	assert_int_equal(slots_stage(&stage), ERR_CONTROL_BUSY);
	assert_int_equal(report().slot[SLOT_B].state, SLOT_STAGED);
	bed_boot(0);
	assert_int_equal(slots_stage(&stage), OK);
}

int main(void)
{
#define WITH_NODE(f) cmocka_unit_test_setup_teardown(f, bed_open, bed_close)
	const struct CMUnitTest tests[] = {
		WITH_NODE(measures_events_and_guests),
		WITH_NODE(loses_no_event_in_silence),
		WITH_NODE(closes_the_gate_when_the_tpm_fails),
		WITH_NODE(measures_no_refused_guest),
		WITH_NODE(keeps_room_for_decisions),
		WITH_NODE(refuses_a_log_that_is_none),
		WITH_NODE(enrols_by_a_good_order_alone),
		WITH_NODE(takes_no_other_policy_key),
		WITH_NODE(believes_no_half_authority_and_no_failed_read),
		WITH_NODE(takes_the_authority_it_is_given),
		WITH_NODE(wants_a_boot_under_the_owners_keys),
		WITH_NODE(goes_on_after_a_cut),
		WITH_NODE(reports_no_enrolment_that_was_not_read_back),
		WITH_NODE(never_lowers_the_epoch_it_saw),
		WITH_NODE(sets_a_trials_clock),
		WITH_NODE(finds_a_trial_well),
		WITH_NODE(stages_the_other_slot),
		WITH_NODE(stages_so_often_in_a_boot),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
