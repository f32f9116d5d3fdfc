/* Heads of responses. Trust: pure. */
#include "signetd/http/response.h"

#include "signetd/http/range.h"

#include <llhttp.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

const char response_continue[] = "HTTP/1.1 100 Continue\r\n\r\n";

struct response response_of(const struct answer *a, const struct byte_range *range, bool keep_alive)
{
	struct response r = { .status = a->status, .type = a->type, .length = a->length, .keep_alive = keep_alive };

	if (a->file < 0)
		return r;
	r.is_file = true;
	r.whole = a->file_length;
	switch (range_fit(range, a->file_length, &r.offset, &r.length)) {
	case RANGE_WHOLE:
		break;
	case RANGE_PART:
		r.status = 206;
		r.is_part = true;
		break;
	case RANGE_OUTSIDE:
		r.status = 416;
		r.type = NULL;
		r.length = 0;
		break;
	}
	return r;
}

__attribute__((format(printf, 3, 4))) static void add(char *out, size_t *n, const char *fmt, ...)
{
	va_list list;
	int added;

	va_start(list, fmt);
	added = vsnprintf(out + *n, RESPONSE_HEAD_MAX - *n, fmt, list);
	va_end(list);
	/* Every line is bounded, and all of them together: see the unit test. */
	*n += added > 0 && (size_t)added < RESPONSE_HEAD_MAX - *n ? (size_t)added : 0;
}

static void add_date(char *out, size_t *n, u64 now)
{
	time_t t = (time_t)now;
	char text[40];
	struct tm parts;

	/* The C locale's names: the server never sets another. */
	if (gmtime_r(&t, &parts) && strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", &parts) != 0)
		add(out, n, "Date: %s\r\n", text);
}

static void add_ranges(char *out, size_t *n, const struct response *r)
{
	if (!r->is_file)
		return;
	add(out, n, "Accept-Ranges: bytes\r\n");
	if (r->is_part)
		add(out, n, "Content-Range: bytes %llu-%llu/%llu\r\n", (unsigned long long)r->offset,
		        (unsigned long long)(r->offset + r->length - 1), (unsigned long long)r->whole);
	else if (r->status == 416)
		add(out, n, "Content-Range: bytes */%llu\r\n", (unsigned long long)r->whole);
}

size_t response_head(const struct response *r, u64 now, char out[RESPONSE_HEAD_MAX])
{
	size_t n = 0;

	add(out, &n, "HTTP/1.1 %u %s\r\n", r->status, llhttp_status_name((llhttp_status_t)r->status));
	add_date(out, &n, now);
	if (r->type)
		add(out, &n, "Content-Type: %s\r\n", r->type);
	add(out, &n, "Content-Length: %llu\r\n", (unsigned long long)r->length);
	add_ranges(out, &n, r);
	if (r->status == 429 || r->status == 503)
		add(out, &n, "Retry-After: 1\r\n");
	add(out, &n, "Cache-Control: no-store\r\n%s\r\n", r->keep_alive ? "" : "Connection: close\r\n");
	return n;
}
