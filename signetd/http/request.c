/*
 * Bounding what llhttp reads.
 * Trust: see request.h. llhttp runs in its strict mode, which refuses bare CR or LF, spaces before colons, and both
 * length and chunks.
 */
#include "signetd/http/request.h"

#include "signetd/http/range.h"

#include <string.h>
#include <strings.h>

static const char ask_right[] = "send a request as docs/fleet-api.md describes";

static const struct refusal malformed = { 400, "malformed", "this is no HTTP/1.1 request", ask_right };
static const struct refusal too_large = { 431, "head-size", "the request's head is too large", "16 KiB is the limit" };
static const struct refusal long_target = { 414, "target-size", "the request's path is too long", ask_right };
static const struct refusal no_method = { 501, "method", "GET, POST, PUT and DELETE are known", ask_right };
static const struct refusal no_version = { 505, "version", "HTTP/1.1 is spoken here", ask_right };
static const struct refusal no_host = { 400, "host", "the Host header is missing", ask_right };
static const struct refusal no_length = { 411, "length", "a body needs a Content-Length, not chunks", ask_right };
static const struct refusal expectation = { 417, "expectation", "only 100-continue can be expected", ask_right };

static int refuse(struct request_parser *p, const struct refusal *why)
{
	if (!p->refusal)
		p->refusal = why;
	return -1;
}

static struct request_parser *parser_of(llhttp_t *l)
{
	return l->data;
}

static int on_url(llhttp_t *l, const char *at, size_t n)
{
	struct request_parser *p = parser_of(l);

	if (n > sizeof(p->head.target) - p->head.target_length)
		return refuse(p, &long_target);
	memcpy(p->head.target + p->head.target_length, at, n);
	p->head.target_length += n;
	return 0;
}

/* Keeps what fits and counts the rest: a name or value that long is none that we know. */
static void keep(char *to, size_t room, size_t *length, const char *at, size_t n)
{
	size_t fits = *length < room ? room - *length : 0;

	memcpy(to + (*length < room ? *length : room), at, n < fits ? n : fits);
	*length += n;
}

static int on_name(llhttp_t *l, const char *at, size_t n)
{
	struct request_parser *p = parser_of(l);

	keep(p->name, sizeof(p->name), &p->name_length, at, n);
	return 0;
}

static int on_value(llhttp_t *l, const char *at, size_t n)
{
	struct request_parser *p = parser_of(l);

	keep(p->value, sizeof(p->value), &p->value_length, at, n);
	return 0;
}

static bool is_header(const struct request_parser *p, const char *name)
{
	return p->name_length == strlen(name) && strncasecmp(p->name, name, p->name_length) == 0;
}

static int take_header(struct request_parser *p)
{
	static const char proceed[] = "100-continue";
	bool whole = p->value_length <= sizeof(p->value);

	if (is_header(p, "host"))
		p->has_host = true;
	else if (is_header(p, "transfer-encoding"))
		return refuse(p, &no_length);
	else if (is_header(p, "range") && whole)
		p->head.range = range_read(p->value, p->value_length);
	else if (is_header(p, "expect")) {
		if (p->value_length != strlen(proceed) || strncasecmp(p->value, proceed, p->value_length) != 0)
			return refuse(p, &expectation);
		p->head.expects_continue = true;
	}
	return 0;
}

static int on_value_complete(llhttp_t *l)
{
	struct request_parser *p = parser_of(l);
	int status = ++p->header_count > HEADER_COUNT_MAX ? refuse(p, &too_large) : take_header(p);

	p->name_length = p->value_length = 0;
	return status;
}

static bool method_of(const llhttp_t *l, enum method *out)
{
	switch (l->method) {
	case HTTP_GET:
		*out = METHOD_GET;
		return true;
	case HTTP_POST:
		*out = METHOD_POST;
		return true;
	case HTTP_PUT:
		*out = METHOD_PUT;
		return true;
	case HTTP_DELETE:
		*out = METHOD_DELETE;
		return true;
	default:
		return false;
	}
}

static int on_headers_complete(llhttp_t *l)
{
	struct request_parser *p = parser_of(l);

	if (!method_of(l, &p->head.method))
		return refuse(p, &no_method);
	if (l->http_major != 1 || l->http_minor > 1)
		return refuse(p, &no_version);
	if (l->http_minor == 1 && !p->has_host)
		return refuse(p, &no_host);
	if (l->upgrade)
		return refuse(p, &malformed);
	p->head.length = l->content_length;
	p->head.keep_alive = llhttp_should_keep_alive(l);
	p->in_head = false;
	return HPE_PAUSED;
}

static int on_body(llhttp_t *l, const char *at, size_t n)
{
	struct request_parser *p = parser_of(l);

	return p->sink(p->context, (const u8 *)at, n) ? 0 : -1;
}

static int on_message_complete(llhttp_t *l)
{
	parser_of(l)->ended = true;
	return HPE_PAUSED;
}

static const llhttp_settings_t callbacks = {
	.on_url = on_url,
	.on_header_field = on_name,
	.on_header_value = on_value,
	.on_header_value_complete = on_value_complete,
	.on_headers_complete = on_headers_complete,
	.on_body = on_body,
	.on_message_complete = on_message_complete,
};

static void reset(struct request_parser *p)
{
	memset(&p->head, 0, sizeof(p->head));
	p->refusal = NULL;
	p->head_bytes = 0;
	p->header_count = 0;
	p->name_length = p->value_length = 0;
	p->in_head = true;
	p->has_host = p->ended = false;
}

void request_begin(struct request_parser *p, bool (*sink)(void *context, const u8 *bytes, size_t n), void *context)
{
	memset(p, 0, sizeof(*p));
	llhttp_init(&p->llhttp, HTTP_REQUEST, &callbacks);
	p->llhttp.data = p;
	p->sink = sink;
	p->context = context;
	reset(p);
}

void request_next(struct request_parser *p)
{
	request_begin(p, p->sink, p->context);
}

/* Bytes of this piece that a head may still have. */
static size_t head_room(const struct request_parser *p, size_t n)
{
	size_t room = HEAD_MAX - p->head_bytes;

	return n < room ? n : room;
}

static enum request_event bad(struct request_parser *p)
{
	if (!p->refusal)
		p->refusal = &malformed;
	return REQUEST_BAD;
}

enum request_event request_feed(struct request_parser *p, const u8 *bytes, size_t n, size_t *used)
{
	bool in_head = p->in_head;
	size_t take = in_head ? head_room(p, n) : n;

	if (llhttp_get_errno(&p->llhttp) == HPE_PAUSED)
		llhttp_resume(&p->llhttp);
	llhttp_errno_t status = llhttp_execute(&p->llhttp, (const char *)bytes, take);
	*used = status == HPE_OK ? take : (size_t)(llhttp_get_error_pos(&p->llhttp) - (const char *)bytes);
	if (in_head)
		p->head_bytes += *used;
	if (status == HPE_PAUSED)
		return p->ended ? REQUEST_END : REQUEST_HEAD;
	if (status != HPE_OK)
		return bad(p);
	if (p->in_head && p->head_bytes == HEAD_MAX) {
		p->refusal = &too_large;
		return REQUEST_BAD;
	}
	return REQUEST_MORE;
}
