/*
 * The life of a connection, one step function a phase.
 * Trust: see connection.h.
 */
#include "signetd/net/connection.h"

#include "signetd/http/response.h"
#include "signetd/journal.h"
#include "signetd/net/address.h"
#include "signetd/net/send.h"
#include "signetd/net/thread.h"

#include <stdlib.h>
#include <string.h>

/* A body comes at this rate at least, on the average over all but its first silence. */
enum { SECOND = 1000, BODY_BYTES_PER_SECOND = 4096, LINGER_MILLISECONDS = 2000 };

enum pace { PACE_ON, PACE_WAIT, PACE_CLOSE };

static struct server *server_of(const struct connection *c)
{
	return c->port->server;
}

static u64 now_of(const struct connection *c)
{
	const struct clock *clock = server_of(c)->clock;

	return clock->monotonic(clock);
}

static void run(struct connection *c);
static void on_timer(uv_timer_t *timer);

static void arm(struct connection *c, u64 milliseconds)
{
	(void)uv_timer_start(&c->timer, on_timer, milliseconds, 0);
}

static void enter(struct connection *c, enum phase phase)
{
	const struct config *config = &server_of(c)->config;

	c->phase = phase;
	switch (phase) {
	case PHASE_SILENT:
	case PHASE_HEAD:
		arm(c, config->head_seconds * SECOND);
		break;
	case PHASE_IDLE:
		arm(c, config->idle_seconds * SECOND);
		break;
	case PHASE_BODY:
		c->since = now_of(c);
		arm(c, config->body_seconds * SECOND);
		break;
	case PHASE_SEND:
	case PHASE_FINISH:
		arm(c, config->answer_seconds * SECOND);
		break;
	case PHASE_LINGER:
		arm(c, LINGER_MILLISECONDS);
		break;
	case PHASE_HANDSHAKE: /* its time began with the connection */
	case PHASE_PARKED:
	case PHASE_CLOSED:
	case PHASE_COUNT:
		break;
	}
}

static void on_closed(uv_handle_t *handle)
{
	struct connection *c = handle->data;

	if (--c->open_handles)
		return;
	stream_free(&c->stream);
	exchange_free(c->exchange);
	free(c->chunk);
	free(c);
}

static void unlink_connection(struct connection *c)
{
	struct port *p = c->port;

	if (c->before)
		c->before->next = c->next;
	else
		p->first = c->next;
	if (c->next)
		c->next->before = c->before;
	p->count--;
	server_of(c)->counters.connections[p->listener]--;
}

void connection_close(struct connection *c)
{
	if (c->phase == PHASE_CLOSED)
		return;
	if (c->phase == PHASE_PARKED) {
		server_of(c)->counters.parked--;
		exchange_gone(c->exchange);
	}
	c->phase = PHASE_CLOSED;
	if (c->peer)
		admission_leave(c->port->admission, c->peer);
	unlink_connection(c);
	uv_close((uv_handle_t *)&c->stream.tcp, on_closed);
	uv_close((uv_handle_t *)&c->timer, on_closed);
}

void connection_retire(struct connection *c)
{
	if (c->phase == PHASE_SEND || c->phase == PHASE_FINISH || c->phase == PHASE_LINGER)
		c->response.keep_alive = false;
	else
		connection_close(c);
}

/* The answer stands: into the audit log, then on its way. */
static void begin_answer(struct connection *c, bool keep_alive)
{
	exchange_settle(c->exchange);
	send_begin(c, keep_alive);
	enter(c, PHASE_SEND);
}

/* Whoever only connects costs no signature: he takes none of the handshakes that others would make. */
static enum pace step_silent(struct connection *c)
{
	struct port *p = c->port;

	if (c->stream.context && stream_is_empty(&c->stream))
		return c->stream.ended ? PACE_CLOSE : PACE_WAIT;
	if (c->stream.context && !admission_handshake(p->admission, c->peer, now_of(c))) {
		p->server->counters.refused_handshakes[p->listener]++;
		return PACE_CLOSE;
	}
	enter(c, PHASE_HANDSHAKE);
	return PACE_ON;
}

static enum pace step_handshake(struct connection *c)
{
	struct server *s = server_of(c);
	int status = stream_handshake(&c->stream);

	if (status == STREAM_WAIT)
		return PACE_WAIT;
	if (status != 0 || (c->port->tls && !tls_caller(c->port->listener, &c->stream.ssl, &c->who))) {
		s->counters.handshakes_failed[c->port->listener]++;
		journal(JOURNAL_DEBUG, "%s: no TLS 1.3 with a certificate that will do", c->who.address);
		/* mbedTLS has made its alert; it goes out before the end. */
		enter(c, PHASE_FINISH);
		return PACE_ON;
	}
	enter(c, PHASE_IDLE);
	return PACE_ON;
}

/* Decrypts the next piece when the last one is used up. */
static enum pace fill_plain(struct connection *c)
{
	int n;

	if (c->plain_at < c->plain_length)
		return PACE_ON;
	n = stream_read(&c->stream, c->plain, sizeof(c->plain));
	if (n == STREAM_WAIT)
		return PACE_WAIT;
	if (n < 0)
		return PACE_CLOSE;
	c->plain_at = 0;
	c->plain_length = (size_t)n;
	return PACE_ON;
}

static const struct call_ops call_ops;

/* An exchange for what begins now, or the end when there is no memory for it. */
static bool make_exchange(struct connection *c)
{
	if (c->exchange)
		return true;
	c->exchange = exchange_make(server_of(c), &call_ops, &c->who);
	if (c->exchange)
		c->exchange->call.connection = c;
	return c->exchange;
}

/* A handler may have parked its call; nothing is read from the peer but that it is gone. */
static enum pace after_handler(struct connection *c)
{
	struct call *call = &c->exchange->call;

	if (call->answer.status) {
		begin_answer(c, c->parser.head.keep_alive);
		return PACE_ON;
	}
	server_of(c)->counters.parked++;
	enter(c, PHASE_PARKED);
	arm(c, call->parking.milliseconds);
	return PACE_WAIT;
}

static enum pace take_head(struct connection *c)
{
	struct request_head *head = &c->parser.head;
	bool allowed = admission_request(c->port->admission, c->peer, now_of(c));

	if (!exchange_head(c->exchange, head, c->port->listener, allowed)) {
		/* A body that nobody takes cannot be told from the next request: this is the last one here. */
		begin_answer(c, head->keep_alive && head->length == 0);
		return PACE_ON;
	}
	enter(c, PHASE_BODY);
	if (head->expects_continue)
		send_continue(c);
	return PACE_ON;
}

/* Silence is limited, and so is dripping. */
static bool is_dripping(const struct connection *c)
{
	u64 passed = (now_of(c) - c->since) / SECOND, grace = server_of(c)->config.body_seconds;

	return passed > grace && c->exchange->body_length / (passed - grace) < BODY_BYTES_PER_SECOND;
}

static enum pace refuse(struct connection *c)
{
	/* The body's sink has said why already, or the request was malformed. */
	if (!c->exchange->call.answer.status)
		exchange_refuse(c->exchange, c->parser.refusal);
	begin_answer(c, false);
	return PACE_ON;
}

static enum pace step_request(struct connection *c)
{
	/* A request without a body ends without another byte. */
	bool bare = c->phase == PHASE_BODY && c->parser.head.length == 0;
	enum pace pace = bare ? PACE_ON : fill_plain(c);
	size_t used = 0;

	if (pace != PACE_ON)
		return pace;
	if (c->phase == PHASE_IDLE)
		enter(c, PHASE_HEAD);
	else if (c->phase == PHASE_BODY)
		arm(c, server_of(c)->config.body_seconds * SECOND);
	if (!make_exchange(c) || (c->phase == PHASE_BODY && is_dripping(c)))
		return PACE_CLOSE;
	enum request_event event =
	        request_feed(&c->parser, c->plain + c->plain_at, c->plain_length - c->plain_at, &used);
	c->plain_at += used;
	switch (event) {
	case REQUEST_MORE:
		return PACE_ON;
	case REQUEST_HEAD:
		return take_head(c);
	case REQUEST_END:
		exchange_run(c->exchange);
		return after_handler(c);
	case REQUEST_BAD:
		break;
	}
	return refuse(c);
}

static enum pace step_parked(struct connection *c)
{
	return c->stream.ended ? PACE_CLOSE : PACE_WAIT;
}

static enum pace step_send(struct connection *c)
{
	switch (send_more(c)) {
	case SEND_WAIT:
		return PACE_WAIT;
	case SEND_FAILED:
		return PACE_CLOSE;
	case SEND_DONE:
		break;
	}
	server_of(c)->counters.answers[c->port->listener][c->response.status / 100]++;
	exchange_free(c->exchange);
	c->exchange = NULL;
	if (!c->response.keep_alive) {
		enter(c, PHASE_FINISH);
		return PACE_ON;
	}
	request_next(&c->parser);
	enter(c, PHASE_IDLE);
	return PACE_ON;
}

static enum pace step_finish(struct connection *c)
{
	if (stream_finish(&c->stream) == STREAM_WAIT || !stream_flushed(&c->stream))
		return PACE_WAIT;
	if (uv_shutdown(&c->stream.shutdown, (uv_stream_t *)&c->stream.tcp, NULL) != 0)
		return PACE_CLOSE;
	enter(c, PHASE_LINGER);
	return PACE_ON;
}

/* Closing with unread bytes would reset the connection, and the answer might be lost with it. */
static enum pace step_linger(struct connection *c)
{
	stream_discard(&c->stream);
	return c->stream.ended ? PACE_CLOSE : PACE_WAIT;
}

static enum pace (*const steps[PHASE_COUNT])(struct connection *c) = {
	[PHASE_SILENT] = step_silent,
	[PHASE_HANDSHAKE] = step_handshake,
	[PHASE_IDLE] = step_request,
	[PHASE_HEAD] = step_request,
	[PHASE_BODY] = step_request,
	[PHASE_PARKED] = step_parked,
	[PHASE_SEND] = step_send,
	[PHASE_FINISH] = step_finish,
	[PHASE_LINGER] = step_linger,
};

static void run(struct connection *c)
{
	enum pace pace = PACE_ON;

	while (c->phase != PHASE_CLOSED && pace == PACE_ON && !c->stream.broken)
		pace = steps[c->phase](c);
	if (c->phase == PHASE_CLOSED)
		return;
	if (pace == PACE_CLOSE || c->stream.broken)
		connection_close(c);
	else
		stream_turn(&c->stream);
}

static void on_wake(struct stream *s)
{
	struct connection *c = (struct connection *)s;

	if (c->phase == PHASE_CLOSED)
		return;
	/* Whoever takes something of an answer has time for the rest. */
	if (c->phase == PHASE_SEND)
		arm(c, server_of(c)->config.answer_seconds * SECOND);
	run(c);
}

/* From any handler's stack: the answer is taken up in a turn of its own. */
static void on_ready(struct call *call)
{
	struct connection *c = call->connection;

	if (c->phase == PHASE_PARKED)
		arm(c, 0);
}

static void on_work_done(struct work *w)
{
	struct connection *c = w->call ? w->call->connection : NULL;

	if (c)
		exchange_resume(c->exchange, w);
	w->drop(w);
}

static bool on_work(struct call *call, struct work *w)
{
	struct connection *c = call->connection;

	return thread_run(c->timer.loop, w, on_work_done);
}

static const struct call_ops call_ops = { on_ready, on_work };

static void leave_parked(struct connection *c)
{
	struct call *call = &c->exchange->call;

	if (!call->answer.status)
		exchange_time(c->exchange);
	server_of(c)->counters.parked--;
	(void)after_handler(c);
	run(c);
}

static void on_timer(uv_timer_t *timer)
{
	struct connection *c = timer->data;

	if (c->phase == PHASE_CLOSED)
		return;
	if (c->phase == PHASE_PARKED) {
		leave_parked(c);
		return;
	}
	if (c->phase != PHASE_LINGER && c->phase != PHASE_IDLE)
		server_of(c)->counters.timeouts[c->port->listener]++;
	connection_close(c);
}

static bool sink(void *context, const u8 *bytes, size_t n)
{
	struct connection *c = context;

	return exchange_body(c->exchange, bytes, n);
}

struct connection *connection_make(uv_loop_t *loop, struct port *port)
{
	struct connection *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->port = port;
	if (uv_tcp_init(loop, &c->stream.tcp) != 0 || uv_timer_init(loop, &c->timer) != 0) {
		free(c);
		return NULL;
	}
	c->open_handles = 2;
	c->stream.tcp.data = c;
	c->timer.data = c;
	c->next = port->first;
	if (c->next)
		c->next->before = c;
	port->first = c;
	port->count++;
	port->server->counters.connections[port->listener]++;
	return c;
}

void connection_begin(struct connection *c)
{
	struct port *p = c->port;
	u8 address[ADDRESS_SIZE];

	p->server->counters.accepted[p->listener]++;
	if (address_of_peer(&c->stream.tcp, address, c->who.address))
		c->peer = admission_enter(p->admission, address, now_of(c));
	if (!c->peer) {
		p->server->counters.refused_connections[p->listener]++;
		connection_close(c);
		return;
	}
	memcpy(c->who.network, c->peer->address, sizeof(c->who.network));
	if (stream_open(&c->stream, p->tls ? tls_context_use(p->tls) : NULL, on_wake)) {
		connection_close(c);
		return;
	}
	request_begin(&c->parser, sink, c);
	enter(c, PHASE_SILENT);
	run(c);
}
