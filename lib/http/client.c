/* HTTP requests over TLS. Trust: see the header. */
#include "lib/http/client.h"

#include "image/host/file.h"
#include "lib/print.h"
#include "lib/tls/deadline.h"

#include <string.h>

enum { REQUEST_HEAD_MAX = 2048, PIECE = 16384 };

/* One exchange. */
struct exchange {
	struct tls_client *tls;
	const struct http_request *q;
	struct http_answer *a;
	struct http_response response;
	u64 end; /* of all of it */
	bool cut; /* the request was not sent to its end */
};

static u64 deadline_of(const struct exchange *x)
{
	u64 silence = monotonic_ms() + x->q->silence_ms;

	return silence < x->end ? silence : x->end;
}

/* What is put together from names and ids must not make a second header field. */
static bool is_plain(const char *text)
{
	for (; *text; text++)
		if ((u8)*text <= ' ' || (u8)*text >= 0x7F)
			return false;
	return true;
}

static bool head_make(const struct http_request *q, char out[REQUEST_HEAD_MAX], size_t *n)
{
	char range[64] = "", body[160] = "";

	if (!is_plain(q->method) || !is_plain(q->host) || !is_plain(q->target) || (q->type && !is_plain(q->type)))
		return false;
	if (q->ranged && q->last)
		(void)format(range, sizeof(range), "Range: bytes=%llu-%llu\r\n", (unsigned long long)q->first,
		        (unsigned long long)q->last);
	else if (q->ranged)
		(void)format(range, sizeof(range), "Range: bytes=%llu-\r\n", (unsigned long long)q->first);
	if (q->type)
		(void)format(body, sizeof(body), "Content-Type: %s\r\nContent-Length: %llu\r\n", q->type,
		        (unsigned long long)q->size);
	*n = format(out, REQUEST_HEAD_MAX, "%s %s HTTP/1.1\r\nHost: %s\r\n%s%s\r\n", q->method, q->target, q->host,
	        range, body);
	return *n < REQUEST_HEAD_MAX - 1;
}

static enum err send_all(struct exchange *x, const u8 *from, size_t n)
{
	enum err e = OK;
	size_t done;

	for (size_t at = 0; at < n && !e; at += done)
		e = tls_write(x->tls, from + at, n - at, deadline_of(x), &done);
	return e;
}

static enum err send_piece(struct exchange *x, u64 at, size_t n)
{
	const struct http_request *q = x->q;
	const u8 *from = q->body;
	u8 piece[PIECE];
	enum err e = OK;

	if (from) {
		from += at;
	} else {
		e = read_at(q->file, q->offset + at, piece, n);
		from = piece;
	}
	if (!e)
		e = send_all(x, from, n);
	if (!e && q->sent)
		q->sent(q->context, n);
	return e;
}

/* Whether the other side speaks already: it has refused what it did not wait for. */
static enum err listen_in(struct exchange *x)
{
	u8 piece[PIECE];
	size_t n;
	enum err e = tls_read(x->tls, piece, sizeof(piece), 0, &n);

	if (e == ERR_NET_TIMEOUT)
		return OK;
	x->cut = true;
	return e ? e : http_response_feed(&x->response, piece, n);
}

static enum err send_body(struct exchange *x)
{
	enum err e = OK;

	for (u64 at = 0; at < x->q->size && !e && !x->cut; at += PIECE) {
		u64 left = x->q->size - at;

		e = listen_in(x);
		if (!e && !x->cut)
			e = send_piece(x, at, left < PIECE ? (size_t)left : PIECE);
	}
	return e;
}

static enum err take_body(void *context, const u8 *bytes, size_t n)
{
	const struct exchange *x = context;
	struct http_answer *a = x->a;
	u32 status = x->response.head.status;

	if (a->sink && status >= 200 && status < 300)
		return x->response.body_used > a->sink_max ? ERR_HTTP_LENGTH : a->sink(a->context, bytes, n);
	if (n > a->room - a->used)
		return ERR_HTTP_LENGTH;
	memcpy(a->bytes + a->used, bytes, n);
	a->used += n;
	return OK;
}

static enum err receive(struct exchange *x)
{
	u8 piece[PIECE];
	size_t n;
	enum err e = OK;

	while (!e && !x->response.done) {
		e = tls_read(x->tls, piece, sizeof(piece), deadline_of(x), &n);
		if (!e && n == 0)
			return http_response_end(&x->response);
		if (!e)
			e = http_response_feed(&x->response, piece, n);
	}
	return e;
}

static enum err carry_out(struct exchange *x)
{
	char head[REQUEST_HEAD_MAX];
	size_t n;

	if (!head_make(x->q, head, &n))
		return ERR_ARGUMENT;
	enum err e = send_all(x, (const u8 *)head, n);
	if (!e && x->q->type)
		e = send_body(x);
	/* What was refused half-way has its answer on the way, before the end of the connection. */
	if (e && e != ERR_NET_CLOSED)
		return e;
	x->cut |= e != OK;
	e = receive(x);
	x->response.head.keep_alive &= !x->cut;
	return e;
}

enum err http_ask(struct tls_client *c, const struct http_request *q, struct http_answer *a)
{
	struct exchange x = { .tls = c, .q = q, .a = a };
	u64 most = a->sink && a->sink_max > a->room ? a->sink_max : a->room;

	a->used = 0;
	x.end = q->total_ms ? monotonic_ms() + q->total_ms : UINT64_MAX;
	http_response_begin(&x.response, strcmp(q->method, "HEAD") == 0, most, take_body, &x);
	enum err e = carry_out(&x);
	a->head = x.response.head;
	return e;
}
