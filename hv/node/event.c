/*
 * Events into the TPM and into the log. What is extended is logged and what is logged was extended: where that cannot
 * be held, the gate closes. Trust: in the TCB.
 */
#include "hv/node/event.h"

#include "hv/boot/layout.h"
#include "hv/node/gate.h"
#include "hv/node/log.h"
#include "hv/node/node.h"
#include "hv/node/tpm.h"
#include "hv/sched/worker.h"
#include "hv/x86/cpu.h"
#include "hv/x86/lock.h"

#include "attest/log_write.h"
#include "lib/print.h"
#include "lib/tpm/pcr.h"

#include <string.h>

enum {
	LOG_ROOM = 1 << 20,
	/* More than one record takes, whatever the banks. */
	RECORD_MAX = 1024,
	/* Guests' launches leave this to what else has to be told. */
	DECISIONS_ROOM = 1 << 16,
	QUEUE_MAX = 32,
};

static struct log node_log;
static struct {
	struct job job;
	struct event event[QUEUE_MAX];
	u32 first, count;
} queue;

enum err node_log_start(const struct boot_info *info)
{
	u64 buffer = pool_take(&layout.pool, LOG_ROOM / POOL_PAGE, POOL_PAGE);

	if (!buffer || info->event_log.length > LOG_ROOM)
		return ERR_NO_MEMORY;
	memcpy((u8 *)buffer, (const u8 *)info->event_log.base, info->event_log.length);
	return log_resume(&node_log, (u8 *)buffer, info->event_log.length, LOG_ROOM);
}

enum err node_measure(u32 pcr, const struct event *event)
{
	size_t spare = pcr == PCR_GUESTS ? DECISIONS_ROOM : RECORD_MAX;
	struct tpm_digests digests;
	u8 data[EVENT_TAGGED_SIZE];
	enum err e;

	if (node_log.bytes.room - node_log.bytes.used < spare)
		return ERR_NO_MEMORY;
	event_encode(event, data);
	e = tpm_pcr_event(node_tpm(), pcr, data, sizeof(data), &digests);
	if (e)
		return e;
	log_keep_banks(&node_log.format, &digests);
	hv_lock();
	e = log_append(&node_log, pcr, EV_EVENT_TAG, &digests, data, sizeof(data));
	hv_unlock();
	return e;
}

/* Lock held. */
static void lose(enum event_kind kind, enum err e)
{
	node_gate.measured = false;
	say("node: event %u could not be measured: %u: %s; no guest starts any more", (u32)kind, (u32)e, err_text(e));
}

static void run(struct job *job)
{
	(void)job;
	hv_lock();
	while (queue.count) {
		struct event event = queue.event[queue.first];
		enum err e;

		queue.first = (queue.first + 1) % QUEUE_MAX;
		queue.count--;
		hv_unlock();
		e = node_measure(PCR_DECISIONS, &event);
		hv_lock();
		if (e)
			lose(event.kind, e);
	}
	hv_unlock();
}

void node_event_init(
        struct event *event, enum event_kind kind, const u8 *digest, u64 first, u64 second, const char *text)
{
	event_init(event, kind, text);
	if (digest)
		memcpy(event->digest, digest, SHA384_SIZE);
	event->value[0] = first;
	event->value[1] = second;
}

void node_event(enum event_kind kind, const u8 *digest, u64 first, u64 second, const char *text)
{
	struct event *event = &queue.event[(queue.first + queue.count) % QUEUE_MAX];

	if (queue.count == QUEUE_MAX) {
		lose(kind, ERR_NO_MEMORY);
		return;
	}
	node_event_init(event, kind, digest, first, second, text);
	queue.count++;
	queue.job.run = run;
	worker_submit(&queue.job);
}

enum err node_events_measured(void)
{
	run(&queue.job);
	return node_gate.measured ? OK : ERR_BOOT_MEASURE;
}

enum err node_admit_guest(const u8 digest[SHA384_SIZE], const struct ticket_load *load, u32 id, const char *name)
{
	struct event event;
	enum err e = gate_check(&node_gate, read_time_stamp(), digest, load);

	if (e)
		return e;
	node_event_init(&event, EVENT_GUEST, digest, id, 0, name);
	e = node_measure(PCR_GUESTS, &event);
	if (!e)
		return OK;
	hv_lock();
	lose(EVENT_GUEST, e);
	hv_unlock();
	return ERR_BOOT_MEASURE;
}

size_t node_log_read(u64 offset, u8 *out, size_t room, u64 *end)
{
	size_t used = node_log.bytes.used, from = offset < used ? offset : used;
	size_t n = used - from < room ? used - from : room;

	*end = used;
	memcpy(out, node_log.bytes.start + from, n);
	return n;
}
