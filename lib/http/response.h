/*
 * An HTTP/1.1 answer (RFC 9112), read by llhttp: the head bounded and reduced to what is used, the body handed on.
 * Trust: handles outside bytes; pure apart from what the sink does.
 */
#ifndef SIGNET_LIB_HTTP_RESPONSE_H
#define SIGNET_LIB_HTTP_RESPONSE_H

#include "lib/err.h"
#include "lib/types.h"

#include <llhttp.h>

enum { HTTP_HEAD_MAX = 16384, HTTP_VALUE_SIZE = 128, HTTP_NAME_SIZE = 32 };

/* Takes bytes of a body as they come; another error than OK ends the answer with it. */
typedef enum err http_sink(void *context, const u8 *bytes, size_t n);

struct http_head {
	u32 status;
	bool keep_alive; /* the connection may carry another request */
	bool has_length;
	u64 length; /* of the body, where has_length */
	char type[HTTP_VALUE_SIZE]; /* Content-Type, empty when absent or longer */
	/* Content-Range of a 206: first byte and the whole's length. */
	bool has_range;
	u64 range_first, range_total;
};

struct http_response {
	llhttp_t parser;
	llhttp_settings_t settings;
	struct http_head head;
	size_t head_used; /* bytes of status line and header fields so far */
	bool no_body, head_done, done;
	u64 body_max, body_used;
	http_sink *sink;
	void *context;
	enum err failed;
	/* Header field under way; one that is longer than the room is none of those that are looked at. */
	char name[HTTP_NAME_SIZE];
	char value[HTTP_VALUE_SIZE];
	size_t name_used, value_used;
};

/* no_body: the answer to HEAD. A body longer than body_max is ERR_HTTP_LENGTH. */
void http_response_begin(struct http_response *r, bool no_body, u64 body_max, http_sink *sink, void *context);

/*
 * Feeds what came; done says whether the answer is whole. ERR_HTTP_FORMAT: no answer, an interim one, bytes behind it,
 * a head above HTTP_HEAD_MAX; ERR_HTTP_LENGTH; what the sink returned. After an error r is of no further use.
 */
enum err http_response_feed(struct http_response *r, const u8 *bytes, size_t n) MUST_CHECK;

/* The connection has closed: the end of a body that names no length. ERR_NET_CLOSED: something is missing. */
enum err http_response_end(struct http_response *r) MUST_CHECK;

#endif
