/* Reading an HTTP answer. Trust: see the header. */
#include "lib/http/response.h"

#include <string.h>
#include <strings.h>

static struct http_response *of(llhttp_t *parser)
{
	return parser->data;
}

static int fail(struct http_response *r, enum err e)
{
	if (!r->failed)
		r->failed = e;
	return HPE_USER;
}

static void keep(char *to, size_t room, size_t *used, const char *from, size_t n)
{
	if (*used < room && n < room - *used)
		memcpy(to + *used, from, n);
	/* Once over, for good over: a part of a value is no value. */
	*used = n < room && *used < room ? *used + n : room;
}

static int on_name(llhttp_t *parser, const char *at, size_t n)
{
	struct http_response *r = of(parser);

	keep(r->name, sizeof(r->name), &r->name_used, at, n);
	return HPE_OK;
}

static int on_value(llhttp_t *parser, const char *at, size_t n)
{
	struct http_response *r = of(parser);

	keep(r->value, sizeof(r->value), &r->value_used, at, n);
	return HPE_OK;
}

/* 1 to 19 digits, so that no number overflows. */
static const char *take_number(const char *p, u64 *out)
{
	size_t n = strspn(p, "0123456789");

	*out = 0;
	if (n == 0 || n > 19)
		return NULL;
	for (size_t i = 0; i < n; i++)
		*out = *out * 10 + (u64)(p[i] - '0');
	return p + n;
}

/* "bytes FIRST-LAST/TOTAL" (RFC 9110, section 14.4). */
static bool take_range(struct http_head *h, const char *value)
{
	u64 last;
	const char *p = strncmp(value, "bytes ", 6) == 0 ? take_number(value + 6, &h->range_first) : NULL;

	p = p && *p == '-' ? take_number(p + 1, &last) : NULL;
	p = p && *p == '/' ? take_number(p + 1, &h->range_total) : NULL;
	h->has_range = p && *p == '\0' && h->range_first <= last && last < h->range_total;
	return h->has_range;
}

static int on_field_end(llhttp_t *parser)
{
	struct http_response *r = of(parser);
	bool fits = r->name_used < sizeof(r->name) && r->value_used < sizeof(r->value);

	if (fits) {
		r->name[r->name_used] = '\0';
		r->value[r->value_used] = '\0';
		if (strcasecmp(r->name, "content-type") == 0)
			memcpy(r->head.type, r->value, r->value_used + 1);
		else if (strcasecmp(r->name, "content-range") == 0 && !take_range(&r->head, r->value))
			return fail(r, ERR_HTTP_FORMAT);
	}
	r->name_used = r->value_used = 0;
	return HPE_OK;
}

/* Interim answers are none that we asked for; 101 would change the protocol. */
static int on_head_end(llhttp_t *parser)
{
	struct http_response *r = of(parser);

	r->head.status = parser->status_code;
	r->head.has_length = parser->flags & F_CONTENT_LENGTH;
	r->head.length = r->head.has_length ? parser->content_length : 0;
	r->head.keep_alive = llhttp_should_keep_alive(parser);
	r->head_done = true;
	if (r->head.status < 200 || r->head.status > 599)
		return fail(r, ERR_HTTP_FORMAT);
	/* 1: no body follows, whatever the head says of its length. */
	if (r->no_body)
		return 1;
	return r->head.length > r->body_max ? fail(r, ERR_HTTP_LENGTH) : HPE_OK;
}

static int on_body(llhttp_t *parser, const char *at, size_t n)
{
	struct http_response *r = of(parser);

	if (n > r->body_max - r->body_used)
		return fail(r, ERR_HTTP_LENGTH);
	r->body_used += n;
	enum err e = r->sink(r->context, (const u8 *)at, n);
	return e ? fail(r, e) : HPE_OK;
}

static int on_end(llhttp_t *parser)
{
	of(parser)->done = true;
	return HPE_PAUSED;
}

void http_response_begin(struct http_response *r, bool no_body, u64 body_max, http_sink *sink, void *context)
{
	memset(r, 0, sizeof(*r));
	llhttp_settings_init(&r->settings);
	r->settings.on_header_field = on_name;
	r->settings.on_header_value = on_value;
	r->settings.on_header_value_complete = on_field_end;
	r->settings.on_headers_complete = on_head_end;
	r->settings.on_body = on_body;
	r->settings.on_message_complete = on_end;
	llhttp_init(&r->parser, HTTP_RESPONSE, &r->settings);
	r->parser.data = r;
	r->no_body = no_body;
	r->body_max = body_max;
	r->sink = sink;
	r->context = context;
}

/* As much of the head as may still come is fed first: llhttp has no bound of its own. */
static size_t piece_of(const struct http_response *r, size_t n)
{
	size_t left = HTTP_HEAD_MAX - r->head_used;

	return r->head_done || n < left ? n : left;
}

enum err http_response_feed(struct http_response *r, const u8 *bytes, size_t n)
{
	while (n > 0 && !r->failed) {
		size_t piece = piece_of(r, n);
		enum llhttp_errno status;

		if (r->done || piece == 0)
			return ERR_HTTP_FORMAT;
		bool in_head = !r->head_done;
		status = llhttp_execute(&r->parser, (const char *)bytes, piece);
		if (status == HPE_PAUSED && r->done)
			piece = (size_t)(llhttp_get_error_pos(&r->parser) - (const char *)bytes);
		else if (status != HPE_OK)
			return r->failed ? r->failed : ERR_HTTP_FORMAT;
		r->head_used += in_head ? piece : 0;
		bytes += piece;
		n -= piece;
	}
	return r->failed;
}

enum err http_response_end(struct http_response *r)
{
	if (r->done)
		return OK;
	r->head.keep_alive = false;
	/* Done or not is told by the callback, which stops the parser. */
	if (r->head_done && !r->failed)
		(void)llhttp_finish(&r->parser);
	return r->done ? OK : ERR_NET_CLOSED;
}
