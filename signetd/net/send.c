/* Answers on their way out. Trust: none needed. */
#include "signetd/net/send.h"

#include "image/host/file.h"
#include "signetd/journal.h"

#include <stdlib.h>
#include <string.h>

void send_begin(struct connection *c, bool keep_alive)
{
	const struct clock *clock = c->port->server->clock;
	const struct call *call = &c->exchange->call;

	c->response = response_of(&call->answer, &call->range, keep_alive);
	c->piece = (const u8 *)c->head;
	c->piece_length = response_head(&c->response, clock->wall(clock), c->head);
	c->sent = 0;
}

/* A file that became shorter cannot be finished: the connection ends, which the peer sees. */
static bool next_chunk(struct connection *c, u64 left)
{
	size_t n = left < CHUNK_SIZE ? (size_t)left : CHUNK_SIZE;

	if (!c->chunk)
		c->chunk = malloc(CHUNK_SIZE);
	if (!c->chunk || read_at(c->exchange->call.answer.file, c->response.offset + c->sent, c->chunk, n) != OK) {
		journal(JOURNAL_ERROR, "a file could not be read while it was sent");
		return false;
	}
	c->piece = c->chunk;
	c->piece_length = n;
	c->sent += n;
	return true;
}

static bool next_piece(struct connection *c)
{
	u64 left = c->response.length - c->sent;

	if (c->response.is_file)
		return next_chunk(c, left);
	c->piece = c->exchange->call.answer.bytes;
	c->piece_length = (size_t)left;
	c->sent = c->response.length;
	return true;
}

enum send_state send_more(struct connection *c)
{
	for (;;) {
		if (c->piece_length == 0) {
			if (c->sent == c->response.length)
				return stream_flushed(&c->stream) ? SEND_DONE : SEND_WAIT;
			if (!next_piece(c))
				return SEND_FAILED;
		}
		int n = stream_write(&c->stream, c->piece, c->piece_length);
		if (n == STREAM_WAIT)
			return SEND_WAIT;
		if (n < 0)
			return SEND_FAILED;
		c->piece += n;
		c->piece_length -= (size_t)n;
	}
}

void send_continue(struct connection *c)
{
	/* Nothing else is on its way then, and it is short: if it does not fit now, the peer sends without it. */
	if (stream_flushed(&c->stream) &&
	        stream_write(&c->stream, (const u8 *)response_continue, strlen(response_continue)) < 0)
		journal(JOURNAL_DEBUG, "%s: no room for 100 Continue", c->who.address);
}
