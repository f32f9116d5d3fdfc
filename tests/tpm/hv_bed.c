/*
 * The machine round hv/node, played (hv_bed.h).
 * Test code for a host.
 */
#include "tests/tpm/hv_bed.h"

#include "attest/log_write.h"
#include "attest/replay.h"
#include "hv/boot/layout.h"
#include "hv/boot/panic.h"
#include "hv/guest/guest.h"
#include "hv/node/log.h"
#include "hv/node/node.h"
#include "hv/node/provision.h"
#include "hv/node/random.h"
#include "hv/node/slots.h"
#include "hv/node/state.h"
#include "hv/node/tpm.h"
#include "hv/sched/dispatch.h"
#include "hv/sched/worker.h"
#include "hv/x86/clock.h"
#include "hv/x86/cpu.h"
#include "lib/tpm/bank.h"
#include "lib/tpm/marshal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { POOL_LENGTH = 4 << 20 };

struct node bed_node;
struct boot_info bed_info;
struct fleet bed_fleet;
const u8 bed_guest[SHA384_SIZE] = { 0x61 };
const struct ticket_load bed_load = { 1, 1, MIB(64) };
u64 bed_second, bed_alarm, bed_lease_alarm;
u32 bed_enforced;
void (*bed_lease_over)(void);
static u8 *memory, first_log[BED_LOG_MAX];
u8 bed_log[BED_LOG_MAX];

/* --- the machine --- */

struct layout layout;
static struct job *jobs[4];
static u32 job_count;

struct tpm *node_tpm(void)
{
	return bed_node.tpm;
}

void worker_submit(struct job *job)
{
	if (job->queued)
		return;
	job->queued = true;
	assert_true(job_count < ARRAY_SIZE(jobs));
	jobs[job_count++] = job;
}

/* The lock is a real one: a job that takes it twice never ends. */
void bed_work(void)
{
	while (job_count) {
		struct job *job = jobs[0];

		memmove(jobs, jobs + 1, sizeof(jobs) - sizeof(jobs[0]));
		job_count--;
		job->queued = false;
		job->run(job);
	}
}

void dispatch_alarm(enum alarm alarm, u64 tsc, void (*call)(void))
{
	if (alarm == ALARM_LEASE) {
		bed_lease_over = call;
		bed_lease_alarm = tsc;
		return;
	}
	assert_ptr_equal(call, state_end_trial);
	bed_alarm = tsc;
}

u64 clock_ticks(u64 microseconds)
{
	return microseconds / 1000 * (bed_second / 1000);
}

_Noreturn void restart(const char *reason)
{
	(void)reason;
	abort();
}

/* --- what the rest of root mode is asked --- */

const struct fleet *node_fleet(void)
{
	return &bed_fleet;
}

void guests_enforce(void)
{
	bed_enforced++;
}

/* --- a TPM that fails --- */

static struct tpm_transport real;
static u32 carried;

static enum err fail_after(void *context, const u8 *command, size_t size, u8 *response, size_t room, size_t *length)
{
	if (!carried)
		return ERR_TPM_TIMEOUT;
	carried--;
	return real.submit(context, command, size, response, room, length);
}

void bed_break_tpm(u32 commands)
{
	real = bed_node.tpm->transport;
	carried = commands;
	bed_node.tpm->transport.submit = fail_after;
}

void bed_mend_tpm(void)
{
	bed_node.tpm->transport = real;
}

/* --- a boot --- */

/* Filled up, where it is to be long, with events that extend no PCR. */
static size_t begin_log(size_t length)
{
	struct tpm_digests none = { .count = 0 };
	struct tpm_banks banks;
	struct log log;
	u8 data[EVENT_TAGGED_SIZE] = { 0 };

	assert_int_equal(tpm_pcr_banks(bed_node.tpm, &banks), OK);
	assert_int_equal(log_create(&log, first_log, sizeof(first_log), &banks), OK);
	for (; none.count < banks.count; none.count++)
		none.bank[none.count] = (struct tpm_bank_digest){ .alg = banks.alg[none.count],
			.size = tpm_hash_size(banks.alg[none.count]) };
	while (length > log.bytes.used)
		assert_int_equal(log_append(&log, PCR_GUESTS, EV_NO_ACTION, &none, data, sizeof(data)), OK);
	return log.bytes.used;
}

enum err bed_ask_gate(void)
{
	return gate_check(&node_gate, read_time_stamp(), bed_guest, &bed_load);
}

void bed_boot(size_t log_length)
{
	const struct gate gate = { .ungated = true, .development = true, .measured = true };

	node_boot(&bed_node, OUR_FIRMWARE);
	pool_init(&layout.pool, (u64)memory, POOL_LENGTH);
	bed_info.event_log = (struct memory_range){ (u64)first_log, begin_log(log_length) };
	assert_int_equal(node_log_start(&bed_info), OK);
	node_gate = gate;
	bed_alarm = 0;
	memset(&node_state, 0, sizeof(node_state));
	node_state.epoch = bed_fleet.epoch;
	assert_int_equal(node_random(node_state.session), OK);
	assert_int_equal(slots_start(&bed_info), OK);
}

int bed_open(void **state)
{
	(void)state;
	bed_second = 1000;
	bed_fleet = (struct fleet){ 0 };
	bed_enforced = 0;
	node_open(&bed_node);
	memory = aligned_alloc(POOL_PAGE, POOL_LENGTH);
	memset(&bed_info, 0, sizeof(bed_info));
	memset(bed_info.manifest_digest, 0x5A, SHA384_SIZE);
	memcpy(bed_info.policy_key, bed_node.authority.policy_key, P256_KEY_SIZE);
	bed_info.authority.length = (u32)authority_encode(&bed_node.authority, bed_info.authority.bytes);
	bed_info.svn = 9;
	bed_info.keys_version = 1;
	bed_info.reason = REASON_UNPROVISIONED;
	bed_boot(0);
	return 0;
}

int bed_close(void **state)
{
	(void)state;
	node_close(&bed_node);
	free(memory);
	return 0;
}

/* The log's values of PCR13 and PCR14 are the TPM's; returns how many events the two have. */
u32 bed_replays(void)
{
	struct replay replay;
	struct log_reader r;
	struct log_event e;
	u64 end;
	u32 count = 0;
	size_t length = node_log_read(0, bed_log, sizeof(bed_log), &end);

	assert_int_equal(length, end);
	assert_int_equal(log_open(&r, bed_log, length), OK);
	replay_init(&replay, &r.format);
	while (!log_at_end(&r)) {
		assert_int_equal(log_next(&r, &e), OK);
		assert_int_equal(replay_event(&replay, &r.format, &e), OK);
		count += e.type == EV_EVENT_TAG;
	}
	for (u32 pcr = PCR_GUESTS; pcr <= PCR_DECISIONS; pcr++) {
		struct tpm_bank_digest value;

		assert_int_equal(tpm_pcr_read(bed_node.tpm, TPM_ALG_SHA256, pcr, &value), OK);
		assert_memory_equal(value.digest, replay.bank[REPLAY_SHA256].pcr[pcr], SHA256_SIZE);
	}
	return count;
}

/* --- enrolment --- */

struct control_provision bed_order(void)
{
	struct control_provision o = { .image_floor = 9, .key_floor = 1 };

	memset(o.owner_auth, 1, sizeof(o.owner_auth));
	memset(o.lockout_auth, 2, sizeof(o.lockout_auth));
	memcpy(o.node, bed_node.authority.node_id, sizeof(o.node));
	memcpy(o.policy_key, bed_node.authority.policy_key, sizeof(o.policy_key));
	return o;
}

enum err bed_enrol(const struct control_provision *o)
{
	return node_provision(o, bed_info.authority.bytes, bed_info.authority.length);
}

/* Enrolled, with this image in slot A on trial. */
void bed_begin_trial(void)
{
	struct control_provision o = bed_order();
	struct nv_view view;
	struct boot_state next;

	assert_int_equal(bed_enrol(&o), OK);
	bed_work();
	assert_int_equal(nv_read_view(&node_state.nv.store, &view), OK);
	next = view.state;
	next.slot[SLOT_A].state = SLOT_TRYING;
	next.slot[SLOT_A].tries = 2;
	assert_int_equal(nv_commit(&node_state.nv.store, &view, &next), OK);
	bed_info.reason = REASON_TRIAL;
	bed_boot(0);
}
