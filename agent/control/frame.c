/* Frames of the control port. Trust: see the header. */
#include "agent/control/frame.h"

#include <string.h>

/* Copies the structures of wire.h as they are. */
static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the wire is little-endian");

u32 frame_request(u8 out[CONTROL_REQUEST_MAX], enum control_kind kind, u32 tag, const struct frame_body *body)
{
	const u32 room = CONTROL_REQUEST_MAX - sizeof(struct control_header);

	if (body->fixed_size > room || body->size > room - body->fixed_size)
		return 0;
	u32 fixed_end = (u32)sizeof(struct control_header) + body->fixed_size;
	struct control_header h = { fixed_end + body->size, CONTROL_VERSION, (u16)kind, tag, 0 };

	memcpy(out, &h, sizeof(h));
	if (body->fixed_size)
		memcpy(out + sizeof(h), body->fixed, body->fixed_size);
	if (body->size)
		memcpy(out + fixed_end, body->bytes, body->size);
	return h.length;
}

enum err frame_peek(const u8 *bytes, u32 have, struct control_header *out)
{
	if (have < sizeof(*out))
		return ERR_RANGE;
	memcpy(out, bytes, sizeof(*out));
	if (out->length < sizeof(*out) || out->length > CONTROL_REPLY_MAX || out->version != CONTROL_VERSION)
		return ERR_CONTROL_KIND;
	/* What comes from the hypervisor is an answer or an event, never a request. */
	if (!(out->kind & CONTROL_REPLY) && (out->kind < CONTROL_CHANGED || out->tag != 0))
		return ERR_CONTROL_KIND;
	return have < out->length ? ERR_RANGE : OK;
}

enum err frame_split(const u8 *body, u32 size, void *fixed, u32 fixed_size, const u8 **bytes, u32 *n)
{
	if (size < fixed_size)
		return ERR_CONTROL_KIND;
	memcpy(fixed, body, fixed_size);
	*bytes = body + fixed_size;
	*n = size - fixed_size;
	return OK;
}
