/*
 * Requests about guests; hv/guest checks what they say. Trust: in the TCB; pure.
 */
#include "hv/guest/guest.h"

#include "hv/control/control.h"

enum err control_guests(struct control_call *call)
{
	const struct control_guest_id *from = call->body;

	call->answer_size = sizeof(struct control_guest);
	return guest_next(from->id, call->answer);
}

enum err control_exits(struct control_call *call)
{
	const struct control_guest_id *guest = call->body;

	call->answer_size = sizeof(struct control_exits);
	return guest_exits(guest->id, call->answer);
}

enum err control_create(struct control_call *call)
{
	struct control_guest_id *made = call->answer;

	call->answer_size = sizeof(*made);
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
	return guest_start(((const struct control_guest_id *)call->body)->id);
}

enum err control_stop(struct control_call *call)
{
	const struct control_stop *stop = call->body;

	return guest_stop(stop->id, stop->how);
}

enum err control_destroy(struct control_call *call)
{
	return guest_destroy(((const struct control_guest_id *)call->body)->id);
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
	const struct control_guest_id *guest = call->body;

	return guest_console_write(guest->id, (const u8 *)(guest + 1), call->size - (u32)sizeof(*guest));
}
