/* Questions to the hypervisor. Trust: see the header. */
#include "agent/agentd/node.h"

#include <string.h>

void node_use(struct node *n, const char *path)
{
	*n = (struct node){ .path = path };
}

void node_leave(struct node *n)
{
	if (n->open)
		channel_close(&n->channel);
	n->open = false;
}

static enum err be_open(struct node *n)
{
	if (n->open && n->channel.broken)
		node_leave(n);
	if (n->open)
		return OK;
	enum err e = channel_open(&n->channel, n->path);
	n->open = !e;
	return e;
}

enum err node_ask(struct node *n, enum control_kind kind, const struct frame_body *body)
{
	enum err e = be_open(n);

	return e ? e : channel_ask(&n->channel, kind, body);
}

enum err node_get(struct node *n, enum control_kind kind, const void *body, u32 body_size, void *out, u32 size)
{
	enum err e = be_open(n);

	return e ? e : channel_get(&n->channel, kind, body, body_size, out, size);
}

enum err node_read_status(struct node *n, struct control_status *out)
{
	enum err e = node_get(n, CONTROL_STATUS, NULL, 0, out, sizeof(*out));

	out->product[sizeof(out->product) - 1] = out->release[sizeof(out->release) - 1] = '\0';
	out->reason_text[sizeof(out->reason_text) - 1] = '\0';
	return e;
}

enum err node_read(struct node *n, enum control_kind kind, u64 offset, struct control_bytes *at, const u8 **bytes)
{
	struct control_read from = { .offset = offset };
	u32 size;
	enum err e = node_ask(n, kind, &(struct frame_body){ .fixed = &from, .fixed_size = sizeof(from) });

	if (!e)
		e = frame_split(n->channel.reply, n->channel.reply_size, at, sizeof(*at), bytes, &size);
	if (!e && (at->length != size || at->offset < offset))
		e = ERR_CONTROL_KIND;
	return e;
}

enum err node_read_all(struct node *n, enum control_kind kind, u8 *out, size_t room, size_t *size)
{
	struct control_bytes at = { 0 };
	const u8 *bytes;
	enum err e = OK;

	*size = 0;
	for (u64 end = UINT64_MAX; *size < end && !e; *size += at.length) {
		e = node_read(n, kind, *size, &at, &bytes);
		if (!e && end == UINT64_MAX)
			end = at.end;
		if (!e && (at.offset != *size || at.length > room - *size || end > room))
			e = ERR_RANGE;
		if (e || at.length == 0)
			break;
		memcpy(out + *size, bytes, at.length);
	}
	return e;
}

enum err node_read_fleet(struct node *n, struct fleet *out)
{
	static u64 bytes[FLEET_LENGTH_MAX / sizeof(u64)];
	size_t size;
	enum err e = node_read_all(n, CONTROL_FLEET, (u8 *)bytes, sizeof(bytes), &size);

	memset(out, 0, sizeof(*out));
	/* Whether the image is one for development, the hypervisor has judged. */
	return e || size == 0 ? e : fleet_read(out, bytes, size, true);
}

void node_say(struct node *n, const char *text)
{
	static char said[CONTROL_WORDS_MAX + 1];
	u32 size = (u32)strnlen(text, CONTROL_WORDS_MAX);

	if (strncmp(said, text, CONTROL_WORDS_MAX) == 0)
		return;
	/* It is for a person in front of the machine: when it cannot be said, nothing else depends on it. */
	if (node_ask(n, CONTROL_WAITS, &(struct frame_body){ .bytes = text, .size = size }) == OK) {
		memcpy(said, text, size);
		said[size] = '\0';
	}
}
