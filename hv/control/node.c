/*
 * Requests about the node: its slots, its TPM, its power. What takes the TPM is carried out by the worker, one order
 * after the other. Trust: in the TCB; pure.
 */
#include "hv/control/control.h"
#include "hv/control/ports.h"
#include "hv/node/provision.h"
#include "hv/node/slots.h"
#include "hv/sched/worker.h"
#include "hv/x86/lock.h"

#include "update/authority.h"

#include <string.h>

enum { ORDER_MAX = sizeof(struct control_provision) + AUTHORITY_SIZE_MAX };

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

static enum err carry_out(void)
{
	u32 head = sizeof(order.provision);

	if (order.kind == CONTROL_PROVISION)
		return node_provision(&order.provision, order.bytes + head, order.size - head);
	return order.kind == CONTROL_STAGE ? slots_stage(&order.stage) : slots_healthy();
}

static void run(struct job *job)
{
	enum err e = carry_out();

	(void)job;
	hv_lock();
	u16 kind = order.kind;
	/* Authorization values do not stay. */
	memset(&order, 0, sizeof(order));
	control_done(kind, 0, e);
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
	call->answer_size = sizeof(struct control_slots);
	slots_report(call->answer);
	return OK;
}

enum err control_power(struct control_call *call)
{
	const struct control_power *power = call->body;

	if (power->how > CONTROL_POWER_OFF)
		return ERR_RANGE;
	ports_power(power->how == CONTROL_POWER_OFF ? POWER_OFF : POWER_RESET);
	return OK;
}
