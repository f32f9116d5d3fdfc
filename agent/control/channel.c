/* The conversation over the control port. Trust: see the header. */
#include "agent/control/channel.h"

#include "agent/control/port.h"
#include "image/host/file.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

/* A guest of many GiB is measured before its start is answered. */
enum { ANSWER_SECONDS = 600 };

enum err channel_open(struct channel *c, const char *path)
{
	struct control_hello versions;

	*c = (struct channel){ .fd = -1 };
	enum err e = port_open(path, &c->fd);
	if (e)
		return e;
	/* Answers to whoever held the port before may still be under way: their tags should be others. */
	c->tag = (u32)getpid() << 12;
	e = channel_get(c, CONTROL_HELLO, NULL, 0, &versions, sizeof(versions));
	if (!e && (versions.lowest > CONTROL_VERSION || versions.highest < CONTROL_VERSION))
		e = ERR_CONTROL_KIND;
	if (e)
		channel_close(c);
	return e;
}

void channel_close(struct channel *c)
{
	if (c->fd >= 0)
		(void)close(c->fd);
	c->fd = -1;
}

static enum err broken(struct channel *c, enum err e)
{
	c->broken = true;
	return e;
}

static enum err send_all(struct channel *c, u32 n)
{
	return write_stream(c->fd, c->out, n) ? broken(c, ERR_IO) : OK;
}

static enum err receive(struct channel *c)
{
	struct pollfd wait = { .fd = c->fd, .events = POLLIN };
	int ready = poll(&wait, 1, ANSWER_SECONDS * 1000);

	if (ready < 0 && errno == EINTR)
		return OK;
	if (ready <= 0)
		return broken(c, ERR_IO);
	if (c->have >= sizeof(c->in))
		return broken(c, ERR_INTERNAL);
	ssize_t n = read(c->fd, c->in + c->have, sizeof(c->in) - c->have);
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return OK;
	if (n <= 0)
		return broken(c, ERR_IO);
	c->have += (u32)n;
	return OK;
}

/* Events need no keeping: whoever wants to know what changed asks. */
static bool take_frame(struct channel *c, const struct control_header *h, enum control_kind kind)
{
	bool wanted = h->kind == (CONTROL_REPLY | (u16)kind) && h->tag == c->tag;

	if (wanted) {
		c->reply_size = h->length - (u32)sizeof(*h);
		memcpy(c->reply, c->in + sizeof(*h), c->reply_size);
	}
	c->have -= h->length;
	memmove(c->in, c->in + h->length, c->have);
	return wanted;
}

enum err channel_ask(struct channel *c, enum control_kind kind, const struct frame_body *body)
{
	struct control_header h = { 0 };
	enum err e;

	u32 n = frame_request(c->out, kind, ++c->tag, body);
	if (!n)
		return ERR_RANGE;
	e = c->broken ? ERR_IO : send_all(c, n);
	while (!e) {
		e = frame_peek(c->in, c->have, &h);
		if (e == ERR_RANGE)
			e = receive(c);
		else if (e)
			return broken(c, e);
		else if (take_frame(c, &h, kind))
			return (enum err)h.status;
	}
	return e;
}

enum err channel_get(struct channel *c, enum control_kind kind, const void *body, u32 body_size, void *out, u32 size)
{
	enum err e = channel_ask(c, kind, &(struct frame_body){ .fixed = body, .fixed_size = body_size });

	if (e)
		return e;
	if (c->reply_size != size)
		return broken(c, ERR_CONTROL_KIND);
	if (size)
		memcpy(out, c->reply, size);
	return OK;
}
