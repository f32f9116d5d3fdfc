/*
 * One connection: silence, handshake, then one request after another, each with its time.
 * Trust: meets everybody who can connect; whatever one does costs the others nothing but its share of the processor.
 */
#ifndef SIGNET_SIGNETD_NET_CONNECTION_H
#define SIGNET_SIGNETD_NET_CONNECTION_H

#include "signetd/http/response.h"
#include "signetd/net/admission.h"
#include "signetd/net/exchange.h"
#include "signetd/net/stream.h"

enum { PLAIN_SIZE = 4096, CHUNK_SIZE = 16384 };

/* What the connections of one listener share. */
struct port {
	struct server *server;
	enum listener listener;
	struct admission *admission;
	struct tls_context *tls; /* for new connections; NULL: plain */
	struct connection *first;
	u32 count;
};

enum phase {
	PHASE_SILENT, /* before its first byte */
	PHASE_HANDSHAKE,
	PHASE_IDLE, /* between requests */
	PHASE_HEAD,
	PHASE_BODY,
	PHASE_PARKED,
	PHASE_SEND,
	PHASE_FINISH, /* the last answer is out: end the sending side */
	PHASE_LINGER, /* let the peer read it before the connection goes */
	PHASE_CLOSED,
	PHASE_COUNT,
};

struct connection {
	struct stream stream; /* first: a stream * is a connection * */
	uv_timer_t timer;
	struct port *port;
	struct connection *next, *before;
	struct peer *peer;
	struct caller who;
	enum phase phase;
	u64 since; /* when the body began, for its average */
	struct request_parser parser;
	struct exchange *exchange;
	u8 plain[PLAIN_SIZE]; /* decrypted, not yet read */
	size_t plain_at, plain_length;
	u32 open_handles;
	/* The answer on its way: the head, then bytes or a file by chunks. */
	struct response response;
	char head[RESPONSE_HEAD_MAX];
	const u8 *piece; /* what is being written */
	size_t piece_length;
	u64 sent; /* of the response's body, pieces given to piece */
	u8 *chunk; /* for files */
};

/* A connection that uv_accept can be called on; NULL without memory. */
struct connection *connection_make(uv_loop_t *loop, struct port *port);
/* After uv_accept: who it is by address, then the handshake. Closes what is not admitted. */
void connection_begin(struct connection *c);
/* The handler of what is parked is told. */
void connection_close(struct connection *c);
/* Closes what is idle or waits; what is being answered may end. */
void connection_retire(struct connection *c);

#endif
