/*
 * An HTTP answer, in two pieces: bounded, and the same whatever the cut.
 * Trust: test code.
 */
#include "lib/http/response.h"

#include <stdlib.h>
#include <string.h>

enum { BODY_MAX = 1000 };

int LLVMFuzzerTestOneInput(const u8 *bytes, size_t n);

static enum err count(void *context, const u8 *bytes, size_t n)
{
	u64 *sum = context;

	for (size_t i = 0; i < n; i++)
		*sum += bytes[i] + 256u;
	return OK;
}

static enum err read_cut(struct http_response *r, const u8 *bytes, size_t n, size_t cut, u64 *sum)
{
	*sum = 0;
	http_response_begin(r, false, BODY_MAX, count, sum);
	enum err e = http_response_feed(r, bytes, cut);
	if (!e)
		e = http_response_feed(r, bytes + cut, n - cut);
	return e ? e : http_response_end(r);
}

int LLVMFuzzerTestOneInput(const u8 *bytes, size_t n)
{
	static struct http_response whole, parts;
	u64 sum, again;

	if (n < 2)
		return 0;
	size_t cut = (size_t)(bytes[0] << 8 | bytes[1]) % (n - 1);
	bytes += 2;
	n -= 2;
	enum err e = read_cut(&whole, bytes, n, n, &sum), f = read_cut(&parts, bytes, n, cut, &again);
	if ((e == OK) != (f == OK) || whole.body_used > BODY_MAX)
		abort();
	if (e)
		return 0;
	if (sum != again || whole.body_used != parts.body_used || whole.head.status != parts.head.status ||
	        strcmp(whole.head.type, parts.head.type) != 0 || whole.head.length > BODY_MAX)
		abort();
	if (whole.head.has_range && whole.head.range_first >= whole.head.range_total)
		abort();
	return 0;
}
