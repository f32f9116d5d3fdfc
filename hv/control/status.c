/*
 * Requests that only read: what is understood, how things are, what was said and measured. Trust: in the TCB; pure.
 */
#include "hv/boot/layout.h"
#include "hv/boot/smp.h"
#include "hv/control/control.h"
#include "hv/control/messages.h"
#include "hv/control/ports.h"
#include "hv/guest/guest.h"
#include "hv/node/node.h"

enum err control_hello(struct control_call *call)
{
	*(struct control_hello *)call->answer = (struct control_hello){ CONTROL_VERSION_LOWEST, CONTROL_VERSION };
	return OK;
}

enum err control_status(struct control_call *call)
{
	struct control_status *s = call->answer;
	struct control_guest guest = { 0 };

	*s = (struct control_status){ .memory = layout.pool.count * POOL_PAGE,
		.memory_free = layout.pool.free * POOL_PAGE,
		.processors = smp.up,
		.restarts = ports_starts - 1,
		.dropped = bus_dropped };
	while (guest_next(guest.id + 1, &guest) == OK)
		s->guests++;
	node_status(s);
	return OK;
}

enum err control_messages(struct control_call *call)
{
	struct control_bytes *b = call->answer;

	*b = (struct control_bytes){ .offset = ((const struct control_read *)call->body)->offset };
	b->length = messages_read(&b->offset, &b->end, (u8 *)(b + 1), call->room - (u32)sizeof(*b));
	call->answer_size = (u32)sizeof(*b) + b->length;
	return OK;
}

static enum err give(struct control_call *call, size_t (*read)(u64 offset, u8 *out, size_t room, u64 *end))
{
	struct control_bytes *b = call->answer;

	*b = (struct control_bytes){ .offset = ((const struct control_read *)call->body)->offset };
	b->length = (u32)read(b->offset, (u8 *)(b + 1), call->room - sizeof(*b), &b->end);
	call->answer_size = (u32)sizeof(*b) + b->length;
	return OK;
}

enum err control_log(struct control_call *call)
{
	return give(call, node_log_read);
}

enum err control_fleet(struct control_call *call)
{
	return give(call, node_fleet_read);
}
