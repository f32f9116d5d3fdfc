/*
 * HTTP/1.1 requests over a TLS connection, one after the other, with a limit on everything. Connecting again is the
 * caller's. Trust: answers are bounded and checked (response.h).
 */
#ifndef SIGNET_LIB_HTTP_CLIENT_H
#define SIGNET_LIB_HTTP_CLIENT_H

#include "lib/http/response.h"
#include "lib/tls/client.h"

#define HTTP_JSON "application/json"
#define HTTP_BYTES "application/octet-stream"

struct http_request {
	const char *method; /* "GET", ... */
	const char *host; /* for the Host field */
	const char *target; /* path and query, encoded */
	const char *type; /* of the body; NULL: there is none */
	/* The body: from memory, or of an open file from its offset on. */
	const void *body;
	int file; /* taken when body is NULL */
	u64 offset, size;
	/* Told of each piece of the body that was sent; may be NULL. */
	void (*sent)(void *context, u64 bytes);
	void *context;
	/* A range of the answer is asked for: from first to last, both inside; last 0: to the end. */
	bool ranged;
	u64 first, last;
	u32 silence_ms; /* how long nothing may come or go */
	u32 total_ms; /* all of it; 0: as long as silence allows */
};

struct http_answer {
	struct http_head head;
	/* Where the body goes: into room bytes, or to sink (which gets that of a 2xx alone; others go into bytes). */
	u8 *bytes;
	size_t room, used;
	http_sink *sink;
	void *context;
	u64 sink_max; /* most bytes that may go to sink */
};

/*
 * Sends and waits for the whole answer. OK with any status. On an error, or when the head says so (keep_alive false),
 * the connection is of no further use. ERR_NET_TIMEOUT, ERR_NET_CLOSED, ERR_TLS_PROTOCOL, ERR_HTTP_FORMAT,
 * ERR_HTTP_LENGTH, ERR_IO (the file), ERR_ARGUMENT (a field that cannot be sent), what the sink returned.
 *
 * A server that refuses a body answers before it has all of it: the answer is waited for even when sending fails.
 */
enum err http_ask(struct tls_client *c, const struct http_request *q, struct http_answer *a) MUST_CHECK;

#endif
