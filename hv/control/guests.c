/*
 * Requests about guests; hv/guest checks what they say. Trust: in the TCB; pure.
 */
#include "hv/guest/guest.h"

#include "hv/control/control.h"

enum err control_guests(struct control_call *call)
{
	return guest_next(call->guest, call->answer);
}

enum err control_exits(struct control_call *call)
{
	return guest_exits(call->guest, call->answer);
}

enum err control_create(struct control_call *call)
{
	struct control_guest_id *made = call->answer;

	made->pad = 0;
	return guest_create(call->body, &made->id);
}

enum err control_load(struct control_call *call)
{
	const struct control_load *load = call->body;

	return guest_load(load->id, load->part, load->offset, (const u8 *)(load + 1), call->size - (u32)sizeof(*load));
}

enum err control_start(struct control_call *call)
{
	return guest_start(call->guest);
}

enum err control_stop(struct control_call *call)
{
	const struct control_stop *stop = call->body;

	return guest_stop(call->guest, stop->how);
}

enum err control_destroy(struct control_call *call)
{
	return guest_destroy(call->guest);
}

enum err control_console_read(struct control_call *call)
{
	const struct control_console_read *read = call->body;
	struct control_bytes *bytes = call->answer;

	*bytes = (struct control_bytes){ .offset = read->offset };
	enum err e = guest_console_read(read->id, bytes, (u8 *)(bytes + 1), call->room - (u32)sizeof(*bytes));
	call->answer_size = (u32)sizeof(*bytes) + bytes->length;
	return e;
}

enum err control_console_write(struct control_call *call)
{
	u32 head = sizeof(struct control_guest_id);

	return guest_console_write(call->guest, (const u8 *)call->body + head, call->size - head);
}
