/*
 * In the place of hv/boot/run.c: what a node does with its TPM once it has started, done in one worker job: events, a
 * guest's measurement, enrolment, a slot's change, and what a service VM asks of its TPM port. Then the log and the
 * PCRs as the TPM has them, in the words of the test payload. Trust: test code only.
 */
#include "hv/boot/panic.h"
#include "hv/boot/run.h"
#include "hv/boot/smp.h"
#include "hv/node/event.h"
#include "hv/node/node.h"
#include "hv/node/provision.h"
#include "hv/node/slots.h"
#include "hv/node/state.h"
#include "hv/node/tpm.h"
#include "hv/node/tpm_port.h"
#include "hv/sched/dispatch.h"
#include "hv/sched/worker.h"
#include "hv/x86/clock.h"
#include "hv/x86/cpu.h"
#include "hv/x86/lock.h"
#include "tests/vmx/hv_node_ticket.h"

#include "lib/bytes.h"
#include "lib/print.h"
#include "lib/tpm/bank.h"

#include <string.h>

enum { LINE = 64, LOG_MAX = 65536 };

static const struct boot_info *boot;
static struct job job, last;
static u8 measured[LOG_MAX];

static void dump_log(void)
{
	char text[2 * LINE + 1];
	u64 end;
	size_t n = node_log_read(0, measured, sizeof(measured), &end);

	say("payload: log begin address=0 length=%lu", end);
	for (size_t at = 0; at < n; at += LINE) {
		hex_encode(text, measured + at, n - at < LINE ? n - at : LINE);
		say("payload: log %s", text);
	}
	say("payload: log end");
}

static void dump_pcrs(u16 alg, const char *bank)
{
	for (u32 pcr = 12; pcr <= 14; pcr++) {
		struct tpm_bank_digest value;
		char text[2 * TPM_DIGEST_MAX + 1];
		enum err e = tpm_pcr_read(node_tpm(), alg, pcr, &value);

		if (e)
			stop(e);
		hex_encode(text, value.digest, value.size);
		say("payload: pcr %s %u %s", bank, pcr, text);
	}
}

static void report(struct job *j)
{
	struct control_status status = { 0 };
	struct control_slots slots;
	char session[65], node[65];

	(void)j;
	hv_lock();
	node_status(&status);
	slots_report(&slots);
	dump_log();
	hv_unlock();
	dump_pcrs(TPM_ALG_SHA256, "sha256");
	dump_pcrs(TPM_ALG_SHA384, "sha384");
	hex_encode(session, status.session, 32);
	hex_encode(node, status.node, 32);
	say("payload: status session=%s node=%s flags=%u slot-a=%u slot-b=%u trial=%u", session, node, status.flags,
	        slots.slot[0].state, slots.slot[1].state, (u32)(status.trial_left + 59) / 60);
	say("payload: done faults=0");
	say("payload: halting");
}

/* What the TPM port answers, and what is asked next. */
static u32 asked;

static const struct {
	const char *what;
	u32 length;
	u8 bytes[44];
} questions[] = {
	{ "random", 12, { 0x80, 1, 0, 0, 0, 12, 0, 0, 1, 0x7B, 0, 8 } },
	{ "extend", 14, { 0x80, 2, 0, 0, 0, 14, 0, 0, 1, 0x82, 0, 0, 0, 14 } },
	{ "clear", 14, { 0x80, 2, 0, 0, 0, 14, 0, 0, 1, 0x26, 0x40, 0, 0, 0x0C } },
	{ "session", 43,
	        { 0x80, 1, 0, 0, 0, 43, 0, 0, 1, 0x76, 0x40, 0, 0, 7, 0x40, 0, 0, 7, 0, 16, 1, 2, 3, 4, 5, 6, 7, 8, 9,
	                10, 11, 12, 13, 14, 15, 16, 0, 0, 1, 0, 0x10, 0, 0x0B } },
	{ "short", 9, { 0x80, 1 } },
};

static void ask(void)
{
	if (asked == ARRAY_SIZE(questions))
		worker_submit(&last);
	else if (!tpm_port_command(questions[asked].bytes, questions[asked].length))
		say("payload: port busy");
}

static void answered(const u8 *response, size_t n)
{
	if (n)
		say("payload: port %s bytes=%u code=0x%x", questions[asked++].what, (u32)n, load_be32(response + 6));
	ask();
}

static void tell(const char *what, enum err e)
{
	say("payload: %s error=%u", what, (u32)e);
}

static void make_order(struct control_provision *o)
{
	*o = (struct control_provision){ .image_floor = boot->svn, .key_floor = 1 };
	memset(o->owner_auth, 1, sizeof(o->owner_auth));
	memset(o->lockout_auth, 2, sizeof(o->lockout_auth));
	/* The authority's own words for node and key, as the fleet server would have them. */
	memcpy(o->node, boot->authority.bytes + 16, sizeof(o->node));
	memcpy(o->policy_key, boot->authority.bytes + 48, sizeof(o->policy_key));
}

static void work(struct job *j)
{
	static const u8 digest[SHA384_SIZE] = { 0x11, 0x22 };
	static struct control_provision order;
	static const struct ticket_load load = { 1, 1, MIB(64) };
	struct control_stage stage = { .slot = !boot->slot };

	(void)j;
	hv_lock();
	node_event(EVENT_SERVICE, NULL, 0, 0, "service VM ended");
	hv_unlock();
	tell("admit", node_admit_guest(digest, &load, 1, "guest one"));
	tell("stage-early", slots_stage(&stage));
	make_order(&order);
	order.policy_key[0] ^= 1;
	tell("provision-other-key", node_provision(&order, boot->authority.bytes, boot->authority.length));
	order.policy_key[0] ^= 1;
	tell("provision-no-authority", node_provision(&order, boot->authority.bytes, 8));
	tell("provision", node_provision(&order, boot->authority.bytes, boot->authority.length));
	tell("healthy", slots_healthy());
	tell("writing", slots_stage(&stage));
	memset(stage.digest, 0x77, sizeof(stage.digest));
	tell("staged", slots_stage(&stage));
	stage.slot = boot->slot;
	tell("stage-running", slots_stage(&stage));
	hv_lock();
	tpm_port_init(answered);
	tpm_port_open();
	hv_unlock();
}

/* Enrolled first, as only a node with an id takes tickets; then with turns for others in between. */
static void work_tickets(struct job *j)
{
	static bool enrolled;
	static struct control_provision order;

	if (!enrolled) {
		enrolled = true;
		make_order(&order);
		tell("provision", node_provision(&order, boot->authority.bytes, boot->authority.length));
	}
	hv_lock();
	worker_submit(j);
	hv_unlock();
	if (ticket_step())
		return;
	hv_lock();
	j->run = report;
	hv_unlock();
}

_Noreturn void hv_run(const struct boot_info *info)
{
	boot = info;
	hv_root_mode();
	node_start(info);
	job.run = strcmp(node_fleet()->name, "ticket") ? work : work_tickets;
	last.run = report;
	hv_lock();
	/* Nobody finds an idle one well; ten minutes are long here. */
	if (!strcmp(node_fleet()->name, "idle"))
		dispatch_alarm(ALARM_TRIAL, read_time_stamp() + clock_ticks(10000), state_end_trial);
	else
		worker_submit(&job);
	hv_unlock();
	smp_leave(dispatch);
}
