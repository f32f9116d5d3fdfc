/*
 * Streams over libuv: mbedTLS reads from one buffer and writes into another, libuv fills and empties them.
 * Trust: see stream.h.
 */
#include "signetd/net/stream.h"

#include <string.h>

static int bio_send(void *context, const unsigned char *bytes, size_t n)
{
	struct stream *s = context;
	size_t room = STREAM_OUT - s->out_length;

	if (s->broken)
		return MBEDTLS_ERR_SSL_CONN_EOF;
	/* libuv still reads from the buffer. */
	if (s->writing || room == 0)
		return MBEDTLS_ERR_SSL_WANT_WRITE;
	n = n < room ? n : room;
	memcpy(s->out + s->out_length, bytes, n);
	s->out_length += n;
	s->flight = 0;
	return (int)n;
}

static bool is_handshake(struct stream *s)
{
	return s->context && !mbedtls_ssl_is_handshake_over(&s->ssl);
}

static int bio_receive(void *context, unsigned char *to, size_t room)
{
	struct stream *s = context;
	size_t there = s->in_length - s->in_at, n = there < room ? there : room;

	if (n == 0)
		return s->ended || s->broken ? 0 : MBEDTLS_ERR_SSL_WANT_READ;
	s->flight += n;
	if (is_handshake(s) && s->flight > HANDSHAKE_FLIGHT_MAX)
		return MBEDTLS_ERR_SSL_CONN_EOF;
	memcpy(to, s->in + s->in_at, n);
	s->in_at += n;
	if (s->in_at == s->in_length)
		s->in_at = s->in_length = 0;
	return (int)n;
}

enum err stream_open(struct stream *s, struct tls_context *context, void (*wake)(struct stream *s))
{
	s->wake = wake;
	s->context = context;
	s->in_at = s->in_length = s->out_length = s->flight = 0;
	s->reading = s->writing = s->ended = s->broken = s->finished = false;
	mbedtls_ssl_init(&s->ssl);
	if (!context)
		return OK;
	if (mbedtls_ssl_setup(&s->ssl, &context->config) != 0)
		return ERR_NO_MEMORY;
	mbedtls_ssl_set_bio(&s->ssl, s, bio_send, bio_receive, NULL);
	return OK;
}

void stream_free(struct stream *s)
{
	mbedtls_ssl_free(&s->ssl);
	tls_context_release(s->context);
}

static int outcome(int status)
{
	switch (status) {
	case MBEDTLS_ERR_SSL_WANT_READ:
	case MBEDTLS_ERR_SSL_WANT_WRITE:
	case MBEDTLS_ERR_SSL_CRYPTO_IN_PROGRESS:
	case MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET:
		return STREAM_WAIT;
	case MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY:
	case 0:
		return STREAM_END;
	default:
		return status > 0 ? status : STREAM_FAILED;
	}
}

int stream_handshake(struct stream *s)
{
	int status = s->context ? mbedtls_ssl_handshake(&s->ssl) : 0;

	return status == 0 ? 0 : outcome(status);
}

int stream_read(struct stream *s, u8 *to, size_t room)
{
	return outcome(s->context ? mbedtls_ssl_read(&s->ssl, to, room) : bio_receive(s, to, room));
}

int stream_write(struct stream *s, const u8 *from, size_t n)
{
	return outcome(s->context ? mbedtls_ssl_write(&s->ssl, from, n) : bio_send(s, from, n));
}

int stream_finish(struct stream *s)
{
	int status = s->context && !s->finished ? mbedtls_ssl_close_notify(&s->ssl) : 0;

	if (status != 0 && outcome(status) == STREAM_WAIT)
		return STREAM_WAIT;
	s->finished = true;
	return 0;
}

static void on_written(uv_write_t *request, int status)
{
	struct stream *s = request->data;

	s->writing = false;
	s->out_length = 0;
	if (status != 0)
		s->broken = true;
	s->wake(s);
}

static void start_writing(struct stream *s)
{
	uv_buf_t bytes = uv_buf_init((char *)s->out, (unsigned)s->out_length);

	if (s->writing || s->broken || s->out_length == 0)
		return;
	s->write.data = s;
	s->writing = true;
	if (uv_write(&s->write, (uv_stream_t *)&s->tcp, &bytes, 1, on_written) != 0) {
		s->writing = false;
		s->broken = true;
	}
}

static void on_room(uv_handle_t *handle, size_t suggested, uv_buf_t *out)
{
	struct stream *s = handle->data;

	(void)suggested;
	if (s->in_at > 0) {
		memmove(s->in, s->in + s->in_at, s->in_length - s->in_at);
		s->in_length -= s->in_at;
		s->in_at = 0;
	}
	*out = uv_buf_init((char *)s->in + s->in_length, (unsigned)(STREAM_IN - s->in_length));
}

static void on_read(uv_stream_t *tcp, ssize_t n, const uv_buf_t *buffer)
{
	struct stream *s = tcp->data;

	(void)buffer;
	if (n == 0)
		return;
	if (n > 0)
		s->in_length += (size_t)n;
	else if (n == UV_EOF)
		s->ended = true;
	else
		s->broken = true;
	s->wake(s);
}

void stream_turn(struct stream *s)
{
	bool room = s->in_length - s->in_at < STREAM_IN && !s->ended && !s->broken;

	start_writing(s);
	if (room && !s->reading)
		s->reading = uv_read_start((uv_stream_t *)&s->tcp, on_room, on_read) == 0;
	else if (!room && s->reading) {
		(void)uv_read_stop((uv_stream_t *)&s->tcp);
		s->reading = false;
	}
}

bool stream_is_empty(const struct stream *s)
{
	return s->in_at == s->in_length;
}

bool stream_flushed(const struct stream *s)
{
	return !s->writing && s->out_length == 0;
}

void stream_discard(struct stream *s)
{
	s->in_at = s->in_length = 0;
}
