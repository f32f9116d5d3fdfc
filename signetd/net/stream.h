/*
 * Bytes of one connection, encrypted or not, in bounded buffers: what a peer does not read is not made, what is not
 * used is not read from him. Trust: meets everybody who can connect.
 */
#ifndef SIGNET_SIGNETD_NET_STREAM_H
#define SIGNET_SIGNETD_NET_STREAM_H

#include "signetd/net/tls.h"

#include <uv.h>

/*
 * HANDSHAKE_FLIGHT_MAX: of a peer's bytes between two of our answers in a handshake. mbedTLS verifies whatever chain
 * comes, also where none is trusted, and a few RSA certificates of the largest kind cost seconds; ours is one, on a
 * curve.
 */
enum { STREAM_IN = 4096, STREAM_OUT = 32768, HANDSHAKE_FLIGHT_MAX = 3072 };

/* Results of reading, writing and the handshake, below zero; a number of bytes otherwise. */
enum { STREAM_WAIT = -1, STREAM_FAILED = -2, STREAM_END = -3 };

struct stream {
	uv_tcp_t tcp;
	uv_write_t write;
	uv_shutdown_t shutdown;
	struct tls_context *context; /* NULL: plain */
	mbedtls_ssl_context ssl;
	u8 in[STREAM_IN]; /* as it came */
	size_t in_at, in_length;
	u8 out[STREAM_OUT]; /* as it will go */
	size_t out_length;
	size_t flight; /* taken in the handshake since our last answer */
	bool reading, writing, ended, broken, finished;
	/* Something came, went or ended: look again. */
	void (*wake)(struct stream *s);
};

/* tcp is initialised; context may be NULL and is one user's. */
enum err stream_open(struct stream *s, struct tls_context *context, void (*wake)(struct stream *s)) MUST_CHECK;
/* After the handles are closed. */
void stream_free(struct stream *s);

/* 0 when it is done. */
int stream_handshake(struct stream *s);
int stream_read(struct stream *s, u8 *to, size_t room);
/* After STREAM_WAIT, call again with the same bytes. */
int stream_write(struct stream *s, const u8 *from, size_t n);
/* Ends the sending side in TLS, once; STREAM_WAIT: again later. */
int stream_finish(struct stream *s);

/* Sends what is there, and reads while there is room. After each turn. */
void stream_turn(struct stream *s);
/* Nothing came that is not used. */
bool stream_is_empty(const struct stream *s);
/* Everything made has been taken by the system. */
bool stream_flushed(const struct stream *s);
/* Throws away what came. */
void stream_discard(struct stream *s);

#endif
