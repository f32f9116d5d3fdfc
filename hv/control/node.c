/*
 * Requests about the node: its slots, its TPM, its power. What takes the TPM is carried out by the worker, one order
 * after the other. Trust: in the TCB; pure.
 */
#include "hv/boot/screen.h"
#include "hv/control/control.h"
#include "hv/node/provision.h"
#include "hv/node/slots.h"
#include "hv/node/ticket.h"
#include "hv/sched/worker.h"
#include "hv/service/machine.h"
#include "hv/x86/clock.h"
#include "hv/x86/cpu.h"
#include "hv/x86/lock.h"

#include "attest/verdict.h"
#include "lib/print.h"
#include "update/authority.h"

#include <assert.h>
#include <string.h>

/* So many changes of words at once, and one more for each of so many microseconds. */
enum { ORDER_MAX = sizeof(struct control_provision) + AUTHORITY_SIZE_MAX, WORDS_BURST = 16, WORDS_COST = 100000 };
static_assert((u32)ORDER_MAX >= TICKET_SIZE && (u32)CONTROL_VERDICT_SIZE == COMMIT_VERDICT_SIZE, "wire");

static struct {
	struct job job;
	u16 kind; /* 0: none is under way */
	u32 size;
	union {
		struct control_stage stage;
		struct control_provision provision;
		u8 bytes[ORDER_MAX];
	};
} order;

static enum err carry_out(u8 challenge[CONTROL_CHALLENGE_SIZE])
{
	u32 head = sizeof(order.provision);

	switch (order.kind) {
	case CONTROL_STAGE:
		return slots_stage(&order.stage);
	case CONTROL_HEALTHY:
		return slots_healthy();
	case CONTROL_PROVISION:
		return node_provision(&order.provision, order.bytes + head, order.size - head);
	case CONTROL_CHALLENGE:
		return ticket_challenge(challenge);
	case CONTROL_TICKET:
		return ticket_take(order.bytes, order.size);
	case CONTROL_VERDICT:
		return slots_commit(order.bytes, order.size);
	default:
		return ERR_CONTROL_KIND;
	}
}

static void run(struct job *job)
{
	u8 challenge[CONTROL_CHALLENGE_SIZE];
	enum err e = carry_out(challenge);

	(void)job;
	hv_lock();
	u16 kind = order.kind;
	/* Authorization values do not stay. */
	memset(&order, 0, sizeof(order));
	control_answer(kind, 0, e, kind == CONTROL_CHALLENGE ? challenge : NULL);
	hv_unlock();
}

enum err control_order(struct control_call *call)
{
	if (order.kind)
		return ERR_CONTROL_BUSY;
	if (call->size > ORDER_MAX)
		return ERR_RANGE;
	order.kind = call->kind;
	order.size = call->size;
	memcpy(order.bytes, call->body, call->size);
	order.job.run = run;
	worker_submit(&order.job);
	return OK;
}

enum err control_slots(struct control_call *call)
{
	slots_report(call->answer);
	return OK;
}

enum err control_power(struct control_call *call)
{
	const struct control_power *power = call->body;

	if (power->how > CONTROL_POWER_OFF)
		return ERR_RANGE;
	machine_power(power->how == CONTROL_POWER_OFF ? POWER_OFF : POWER_RESET);
	return OK;
}

/* What is not printable would say something else to a terminal. True: it differs from what was there. */
static bool take_words(char text[CONTROL_WORDS_MAX + 1], const char *said, u32 size)
{
	bool differs = false;

	for (u32 i = 0; i <= CONTROL_WORDS_MAX; i++) {
		char c = (char)(i < size ? said[i] : '\0');

		if (i < size && (c < ' ' || c > '~'))
			c = '?';
		differs |= text[i] != c;
		text[i] = c;
	}
	return differs;
}

/*
 * Whoever stands before the machine is told whose words these are; a line of the console only when they are others.
 * Everybody waits while they are drawn, and a flood of them would drive the hypervisor's own words out of its messages.
 */
enum err control_words(struct control_call *call)
{
	static char texts[SCREEN_LINES][CONTROL_WORDS_MAX + 1];
	static u64 spent; /* TSC at which all that were taken are paid for */
	u64 now = read_time_stamp(), cost = clock_ticks(WORDS_COST), from = spent > now ? spent : now;
	enum screen_line where = call->kind == CONTROL_ADDRESS ? SCREEN_ADDRESS : SCREEN_WAITS;
	char line[CONTROL_WORDS_MAX + 16];

	if (from - now > (WORDS_BURST - 1) * cost)
		return ERR_CONTROL_BUSY;
	/* Whoever repeats himself is not drawn anew. */
	if (!take_words(texts[where], call->body, call->size))
		return OK;
	spent = from + cost;
	format(line, sizeof(line), "service VM: %s", texts[where]);
	screen_set(where, line);
	if (call->size)
		say("%s", line);
	return OK;
}
