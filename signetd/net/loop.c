/*
 * The event loop.
 * Trust: see loop.h.
 */
#include "signetd/net/loop.h"

#include "signetd/journal.h"
#include "signetd/net/address.h"
#include "signetd/net/connection.h"

#include <signal.h>
#include <string.h>

enum { ADDRESSES_MAX = 8, BACKLOG = 512, TICK = 1000, LAST_ANSWERS = 5000 };

struct loop {
	uv_loop_t uv;
	struct server *server;
	void (*reload)(struct server *s);
	struct port ports[LISTENER_COUNT];
	struct admission admissions[LISTENER_COUNT];
	uv_tcp_t sockets[LISTENER_COUNT * ADDRESSES_MAX];
	u32 socket_count;
	uv_signal_t signals[3];
	u32 signal_count;
	uv_timer_t ticker, deadline;
	u32 identity; /* number of the certificate that the ports use */
	bool ending;
};

static u64 monotonic(const struct loop *l)
{
	return l->server->clock->monotonic(l->server->clock);
}

static void on_connection(uv_stream_t *socket, int status)
{
	struct port *port = socket->data;
	struct connection *c = status == 0 ? connection_make(socket->loop, port) : NULL;

	if (!c) {
		journal(JOURNAL_WARNING, "a connection could not be taken: %s",
		        status ? uv_strerror(status) : "out of memory");
		return;
	}
	if (uv_accept(socket, (uv_stream_t *)&c->stream.tcp) != 0)
		connection_close(c);
	else
		connection_begin(c);
}

static void say_listening(const uv_tcp_t *socket, enum listener listener)
{
	struct sockaddr_storage a;
	char words[CALLER_ADDRESS_SIZE + 16];
	int n = sizeof(a);

	if (uv_tcp_getsockname(socket, (struct sockaddr *)&a, &n) != 0)
		return;
	address_words((struct sockaddr *)&a, words);
	journal(JOURNAL_NOTICE, "listening for %s on %s", listener_name(listener), words);
}

static enum err listen_on(struct loop *l, enum listener listener, const char *text, size_t n)
{
	uv_tcp_t *socket = &l->sockets[l->socket_count];
	struct sockaddr_storage a = { 0 };
	int status;

	if (!address_read(text, n, &a) || l->socket_count == ARRAY_SIZE(l->sockets)) {
		journal(JOURNAL_ERROR, "signetd.ini: [listen] %s: \"%.*s\" is not ADDRESS:PORT",
		        listener_name(listener), (int)n, text);
		return ERR_ARGUMENT;
	}
	status = uv_tcp_init(&l->uv, socket);
	if (status == 0) {
		l->socket_count++;
		socket->data = &l->ports[listener];
		status = uv_tcp_bind(socket, (struct sockaddr *)&a, 0);
	}
	if (status == 0)
		status = uv_listen((uv_stream_t *)socket, BACKLOG, on_connection);
	if (status != 0) {
		journal(JOURNAL_ERROR, "%s: %.*s: %s", listener_name(listener), (int)n, text, uv_strerror(status));
		return ERR_IO;
	}
	say_listening(socket, listener);
	return OK;
}

static enum err open_listener(struct loop *l, enum listener listener)
{
	const char *at = l->server->config.listen[listener];
	enum err e = OK;

	while (!e && *at) {
		size_t n = strcspn(at, ", ");

		if (n)
			e = listen_on(l, listener, at, n);
		at += n + strspn(at + n, ", ");
	}
	return e;
}

static struct admission_limits limits_of(const struct config *c)
{
	return (struct admission_limits){
		.connections = c->connections,
		.connections_per_peer = c->connections_per_peer,
		.requests_per_second = c->requests_per_second,
		.request_burst = c->request_burst,
		.handshakes_per_second = c->handshakes_per_second,
		.handshake_burst = c->handshake_burst,
		.handshakes_per_second_in_all = c->handshakes_per_second_in_all,
		.handshake_burst_in_all = c->handshake_burst_in_all,
	};
}

/* New connections get the newest certificate, old ones keep theirs. */
static enum err renew_contexts(struct loop *l)
{
	u32 newest = leaves_tls_number(l->server->leaves);

	if (l->identity == newest)
		return OK;
	for (enum listener i = LISTENER_NODES; i <= LISTENER_OPERATORS; i++) {
		struct tls_context *made;
		enum err e = tls_context_make(l->server, i, &made);

		if (e)
			return e;
		tls_context_release(l->ports[i].tls);
		l->ports[i].tls = made;
	}
	l->identity = newest;
	return OK;
}

static void tick(struct loop *l)
{
	for (size_t i = 0; i < part_count; i++)
		if (parts[i]->tick)
			parts[i]->tick(l->server);
	for (enum listener i = 0; i < LISTENER_COUNT; i++)
		admission_sweep(&l->admissions[i], monotonic(l));
	(void)storage_undo_left(l->server->storage, 0);
	if (renew_contexts(l))
		journal(JOURNAL_ERROR, "the new server certificate could not be put to use");
}

static void on_tick(uv_timer_t *timer)
{
	tick(timer->data);
}

static void close_if_open(uv_handle_t *handle)
{
	if (!uv_is_closing(handle))
		uv_close(handle, NULL);
}

static void for_each_connection(struct loop *l, void (*act)(struct connection *c))
{
	for (size_t i = 0; i < LISTENER_COUNT; i++)
		for (struct connection *c = l->ports[i].first, *next; c; c = next) {
			next = c->next;
			act(c);
		}
}

static void on_deadline(uv_timer_t *timer)
{
	struct loop *l = timer->data;

	for_each_connection(l, connection_close);
	close_if_open((uv_handle_t *)timer);
}

/* Takes nothing new, lets answers that are on their way end, and then is done. */
static void end(struct loop *l)
{
	if (l->ending)
		return;
	l->ending = true;
	for (u32 i = 0; i < l->socket_count; i++)
		close_if_open((uv_handle_t *)&l->sockets[i]);
	for (u32 i = 0; i < l->signal_count; i++)
		close_if_open((uv_handle_t *)&l->signals[i]);
	close_if_open((uv_handle_t *)&l->ticker);
	for_each_connection(l, connection_retire);
	/* Unreferenced: does not itself keep the loop alive. */
	(void)uv_timer_start(&l->deadline, on_deadline, LAST_ANSWERS, 0);
	uv_unref((uv_handle_t *)&l->deadline);
}

static void on_signal(uv_signal_t *handle, int number)
{
	struct loop *l = handle->data;

	if (number != SIGHUP) {
		journal(JOURNAL_NOTICE, "ending");
		end(l);
		return;
	}
	l->reload(l->server);
	for (size_t i = 0; i < LISTENER_COUNT; i++)
		l->admissions[i].limits = limits_of(&l->server->config);
	tick(l);
}

static enum err open_signals(struct loop *l)
{
	static const int numbers[] = { SIGTERM, SIGINT, SIGHUP };

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		if (uv_signal_init(&l->uv, &l->signals[i]) != 0)
			return ERR_INTERNAL;
		l->signal_count++;
		l->signals[i].data = l;
		if (uv_signal_start(&l->signals[i], on_signal, numbers[i]) != 0)
			return ERR_INTERNAL;
	}
	/* A peer that is gone is an error of one write. */
	return signal(SIGPIPE, SIG_IGN) == SIG_ERR ? ERR_INTERNAL : OK;
}

static enum err open_loop(struct loop *l)
{
	struct admission_limits limits = limits_of(&l->server->config);
	enum err e = OK;

	for (enum listener i = 0; i < LISTENER_COUNT; i++) {
		admission_init(&l->admissions[i], &limits, monotonic(l));
		l->ports[i] = (struct port){ .server = l->server, .listener = i, .admission = &l->admissions[i] };
	}
	if (uv_timer_init(&l->uv, &l->ticker) != 0 || uv_timer_init(&l->uv, &l->deadline) != 0)
		return ERR_INTERNAL;
	l->ticker.data = l->deadline.data = l;
	if (uv_timer_start(&l->ticker, on_tick, TICK, TICK) != 0)
		return ERR_INTERNAL;
	e = open_signals(l);
	if (!e)
		e = renew_contexts(l);
	for (enum listener i = 0; !e && i < LISTENER_COUNT; i++)
		e = open_listener(l, i);
	return e;
}

static void close_loop(struct loop *l)
{
	close_if_open((uv_handle_t *)&l->deadline);
	(void)uv_run(&l->uv, UV_RUN_DEFAULT);
	for (size_t i = 0; i < LISTENER_COUNT; i++) {
		tls_context_release(l->ports[i].tls);
		admission_free(&l->admissions[i]);
	}
	(void)uv_loop_close(&l->uv);
}

enum err loop_serve(struct server *s, void (*reload)(struct server *s))
{
	static struct loop l;
	enum err e;

	memset(&l, 0, sizeof(l));
	l.server = s;
	l.reload = reload;
	if (uv_loop_init(&l.uv) != 0)
		return ERR_INTERNAL;
	e = open_loop(&l);
	if (e)
		end(&l);
	else
		journal(JOURNAL_NOTICE, "ready");
	(void)uv_run(&l.uv, UV_RUN_DEFAULT);
	close_loop(&l);
	return e;
}
