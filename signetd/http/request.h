/*
 * Requests as bytes: a head of at most HEAD_MAX, then a body of a length that it names, which goes to a sink as it
 * comes. What is ambiguous (a length given twice, or not at all, chunks) is refused: one framing, no smuggling. Trust:
 * everything comes from outside, from anybody who can connect. Pure: llhttp reads, this bounds.
 */
#ifndef SIGNET_SIGNETD_HTTP_REQUEST_H
#define SIGNET_SIGNETD_HTTP_REQUEST_H

#include "signetd/call.h"

#include <llhttp.h>

enum { HEAD_MAX = 16384, TARGET_MAX = 2048, HEADER_COUNT_MAX = 64, HEADER_NAME_MAX = 24, HEADER_VALUE_MAX = 80 };

enum request_event {
	REQUEST_MORE, /* all bytes taken, the request goes on */
	REQUEST_HEAD, /* the head is there; the caller decides about the body before it feeds on */
	REQUEST_END, /* the body is there */
	REQUEST_BAD, /* see refusal; the connection is of no more use */
};

/* Why a request is refused: a row of request.c. */
struct refusal {
	u32 status;
	const char *code, *message, *advice;
};

struct request_head {
	enum method method;
	char target[TARGET_MAX];
	size_t target_length;
	u64 length; /* of the body */
	bool keep_alive;
	bool expects_continue;
	struct byte_range range;
};

struct request_parser {
	llhttp_t llhttp;
	struct request_head head;
	const struct refusal *refusal;
	/* Takes a piece of the body; false stops the request, whose refusal the owner knows. */
	bool (*sink)(void *context, const u8 *bytes, size_t n);
	void *context;
	/* The rest is the parser's own. */
	size_t head_bytes;
	u32 header_count;
	char name[HEADER_NAME_MAX], value[HEADER_VALUE_MAX];
	size_t name_length, value_length; /* as sent; above the maximum only counted */
	bool in_head, has_host, ended;
};

void request_begin(struct request_parser *p, bool (*sink)(void *context, const u8 *bytes, size_t n), void *context);

/* Makes ready for the next request of the same connection. */
void request_next(struct request_parser *p);

/* Reads until the next event; *used tells how many of the n bytes are done with. */
enum request_event request_feed(struct request_parser *p, const u8 *bytes, size_t n, size_t *used);

#endif
