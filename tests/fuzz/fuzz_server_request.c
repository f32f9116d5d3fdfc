/*
 * What anybody who connects to the fleet server may send: cut into pieces, read, and looked up in the table of
 * requests. Trust: test code.
 */
#include "signetd/http/range.h"
#include "signetd/http/request.h"
#include "signetd/route.h"
#include "tests/fuzz/fuzz.h"

static u64 body_length;

static bool take(void *context, const u8 *bytes, size_t n)
{
	const struct request_parser *p = context;

	(void)bytes;
	body_length += n;
	must(body_length <= p->head.length);
	return true;
}

static void look_up(const struct request_head *head)
{
	u64 offset, count;

	must(head->target_length <= TARGET_MAX);
	for (enum listener l = 0; l < LISTENER_COUNT; l++) {
		struct call c = { 0 };

		if (route_find(route_tables, route_table_count, l, head->method, head->target, head->target_length,
		            &c) != MATCH_FOUND)
			continue;
		must(c.route->listener == l && c.route->method == head->method);
		must(c.query_count <= CALL_QUERY_MAX);
		for (u32 i = 0; i < CALL_PARAMETERS_MAX; i++)
			must(strnlen(c.parameters[i], PARAMETER_MAX + 1) <= PARAMETER_MAX);
	}
	for (u64 length = 0; length < 3; length++)
		if (range_fit(&head->range, length, &offset, &count) == RANGE_PART)
			must(count && range_inside(offset, count, length));
}

int LLVMFuzzerTestOneInput(const u8 *bytes, size_t n)
{
	static struct request_parser p;
	size_t piece = n ? 1 + bytes[0] * 16u : 1;

	request_begin(&p, take, &p);
	body_length = 0;
	for (size_t at = n ? 1 : 0; at < n;) {
		size_t used = 0, size = n - at < piece ? n - at : piece;
		/* A piece of its own: reading beyond it shows. */
		u8 *copy = malloc(size);
		memcpy(copy, bytes + at, size);
		enum request_event event = request_feed(&p, copy, size, &used);
		free(copy);
		must(used <= size);
		must(p.head_bytes <= HEAD_MAX);
		at += used;
		if (event == REQUEST_BAD) {
			must(p.refusal && p.refusal->status >= 400);
			break;
		}
		if (event == REQUEST_HEAD)
			look_up(&p.head);
		if (event == REQUEST_MORE)
			must(used == size);
		if (event == REQUEST_END) {
			must(body_length == p.head.length);
			request_next(&p);
			body_length = 0;
		}
	}
	return 0;
}
