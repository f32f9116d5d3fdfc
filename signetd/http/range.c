/* Ranges of a file. Trust: the header comes from outside. Pure. */
#include "signetd/http/range.h"

#include <string.h>
#include <strings.h>

/* Digits up to end; more than a u64 holds is no number. */
static bool read_number(const char *at, const char *end, u64 *out)
{
	u64 v = 0;

	if (at == end)
		return false;
	for (; at < end; at++) {
		if (*at < '0' || *at > '9' || v > (UINT64_MAX - 9) / 10)
			return false;
		v = v * 10 + (u64)(*at - '0');
	}
	*out = v;
	return true;
}

struct byte_range range_read(const char *value, size_t n)
{
	static const char unit[] = "bytes=";
	const struct byte_range none = { .given = false };
	const char *at = value + strlen(unit), *end = value + n;

	if (n <= strlen(unit) || strncasecmp(value, unit, strlen(unit)) != 0)
		return none;
	const char *dash = memchr(at, '-', (size_t)(end - at));
	if (!dash)
		return none;
	struct byte_range r = { .given = true, .first = UINT64_MAX, .last = UINT64_MAX };
	bool has_first = dash > at, has_last = end > dash + 1;
	if ((has_first && !read_number(at, dash, &r.first)) || (has_last && !read_number(dash + 1, end, &r.last)))
		return none;
	return (has_first || has_last) && (!has_first || r.first <= r.last) ? r : none;
}

enum range_fit range_fit(const struct byte_range *r, u64 length, u64 *offset, u64 *count)
{
	bool suffix = r->first == UINT64_MAX;

	*offset = 0;
	*count = length;
	if (!r->given)
		return RANGE_WHOLE;
	if (suffix ? r->last == 0 || length == 0 : r->first >= length)
		return RANGE_OUTSIDE;
	if (suffix) {
		*count = r->last < length ? r->last : length;
		*offset = length - *count;
		return RANGE_PART;
	}
	*offset = r->first;
	*count = (r->last < length - 1 ? r->last : length - 1) - r->first + 1;
	return RANGE_PART;
}
