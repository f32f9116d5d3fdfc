/*
 * Challenge, ticket and lease.
 * Trust: in the TCB; tickets are outside bytes.
 */
#include "hv/node/ticket.h"

#include "hv/boot/screen.h"
#include "hv/guest/guest.h"
#include "hv/node/event.h"
#include "hv/node/gate.h"
#include "hv/node/node.h"
#include "hv/node/random.h"
#include "hv/node/state.h"
#include "hv/sched/dispatch.h"
#include "hv/x86/clock.h"
#include "hv/x86/cpu.h"
#include "hv/x86/lock.h"

#include "lib/print.h"

#include <assert.h>
#include <string.h>

static_assert((u32)CONTROL_CHALLENGE_SIZE == ATTEST_ID_SIZE && (u32)CONTROL_TICKET_SIZE == TICKET_SIZE, "wire");

static const char *const rules[] = {
	[TICKET_KEEP] = "guests run on", [TICKET_PAUSE] = "guests are paused", [TICKET_STOP] = "guests are ended"
};

static u64 second(void)
{
	return clock_ticks(1000000);
}

enum err ticket_challenge(u8 out[CONTROL_CHALLENGE_SIZE])
{
	enum err e = node_random(out);

	if (e)
		return e;
	hv_lock();
	node_state.challenge = (struct challenge){ .open = true, .issued = read_time_stamp() };
	memcpy(node_state.challenge.bytes, out, CONTROL_CHALLENGE_SIZE);
	hv_unlock();
	return OK;
}

static u64 challenge_age(void)
{
	return (read_time_stamp() - node_state.challenge.issued) / second();
}

static enum err judge(const struct ticket *t)
{
	const struct challenge *open = &node_state.challenge;
	struct ticket_context c = { .challenge_open = open->open,
		.challenge_age = challenge_age(),
		.sequence = node_gate.ticket.sequence,
		.epoch = node_state.epoch };

	memcpy(c.node, state_node_id(), sizeof(c.node));
	memcpy(c.session, node_state.session, sizeof(c.session));
	memcpy(c.manifest, node_state.boot->manifest_digest, sizeof(c.manifest));
	memcpy(c.challenge, open->bytes, sizeof(c.challenge));
	return ticket_judge(t, &c);
}

/* On a screen that says UNGATED nothing better is said. */
static void show(const char *text)
{
	say("node: %s", text);
	if (!node_gate.ungated)
		screen_set(SCREEN_VERDICT, text);
}

/* The alarm. What the gate says follows from the time alone, also before this is called. */
static void end_lease(void)
{
	const struct ticket *t = &node_gate.ticket;
	char text[EVENT_TEXT_SIZE];

	format(text, sizeof(text), "the lease of ticket %lu is over: %s, none starts", t->sequence, rules[t->rule]);
	node_event(EVENT_LEASE, NULL, t->sequence, (u64)t->rule, text);
	show(text);
	guests_enforce();
}

/* Lock held. */
static void put_in_force(const struct ticket *t)
{
	node_gate.ticket = *t;
	/* Counted from the challenge's issue, and used up with it. */
	node_gate.lease_end = node_state.challenge.issued + t->lease * second();
	node_state.challenge.open = false;
	state_saw_epoch(t->leaf.epoch);
	dispatch_alarm(ALARM_LEASE, node_gate.lease_end, end_lease);
	guests_enforce();
}

enum err ticket_take(const u8 *bytes, size_t n)
{
	static struct ticket ticket;
	char text[EVENT_TEXT_SIZE];
	u8 digest[SHA384_SIZE];
	enum err e = ticket_open(bytes, n, node_fleet()->ca_key, &ticket);

	if (!e)
		e = judge(&ticket);
	if (e)
		return e;
	sha384_of(bytes, n, digest);
	format(text, sizeof(text), "ticket %lu, lease %lu s, then %s", ticket.sequence, ticket.lease,
	        rules[ticket.rule]);
	hv_lock();
	node_event(EVENT_TICKET, digest, ticket.sequence, ticket.lease, text);
	hv_unlock();
	e = node_events_measured();
	if (e)
		return e;
	hv_lock();
	put_in_force(&ticket);
	show(text);
	hv_unlock();
	return OK;
}

void ticket_status(struct control_status *out)
{
	static const u32 flags[LEASES] = { [LEASE_OVER] = CONTROL_LEASE_OVER, [LEASE_RUNS] = CONTROL_TICKETED };
	u64 now = read_time_stamp();
	enum gate_lease lease = gate_lease(&node_gate, now);

	out->flags |= flags[lease] | (node_state.challenge.open ? CONTROL_CHALLENGED : 0);
	out->lease_left = lease == LEASE_RUNS ? (node_gate.lease_end - now + second() - 1) / second() : 0;
	out->ticket_sequence = node_gate.ticket.sequence;
	out->challenge_age = node_state.challenge.open ? challenge_age() : 0;
	out->epoch = node_state.epoch;
	out->rule = (u32)node_gate.ticket.rule;
}
