/*
 * Finding the route of a request.
 * Trust: the target comes from outside. Pure.
 */
#include "signetd/route.h"

#include <string.h>

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* RFC 3986: unreserved, sub-delimiters, ":" and "@". Others come escaped or not at all. */
static bool is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	        (c && strchr("-._~!$&'()*+,;=:@", c));
}

/* 1: escaped byte read; -1: bad. A decoded control character or slash would mean something else further on. */
static int read_escape(const char *at, size_t left, char *out)
{
	int high = left > 2 ? hex_value(at[1]) : -1, low = left > 2 ? hex_value(at[2]) : -1;

	if (high < 0 || low < 0)
		return -1;
	*out = (char)(high << 4 | low);
	return (u8)*out < 0x20 || *out == 0x7f || *out == '/' || *out == '\\' ? -1 : 1;
}

static bool decode(const char *from, size_t n, char out[PARAMETER_MAX + 1])
{
	size_t used = 0;

	for (size_t i = 0; i < n; i++, used++) {
		if (used == PARAMETER_MAX)
			return false;
		out[used] = from[i];
		if (from[i] == '%') {
			if (read_escape(from + i, n - i, &out[used]) < 0)
				return false;
			i += 2;
		} else if (!is_plain(from[i])) {
			return false;
		}
	}
	out[used] = 0;
	return true;
}

static size_t until(const char *at, size_t n, char end)
{
	const char *found = n ? memchr(at, end, n) : NULL;

	return found ? (size_t)(found - at) : n;
}

/* NAME=VALUE&NAME=VALUE; a name without a value has an empty one, and comes once. */
static bool read_query(const char *at, size_t n, struct call *c)
{
	for (size_t i = 0; i < n;) {
		size_t pair = until(at + i, n - i, '&'), name = until(at + i, pair, '=');
		struct query *q = &c->query[c->query_count];
		size_t value = name < pair ? name + 1 : pair;

		if (c->query_count == CALL_QUERY_MAX || name == 0 || !decode(at + i, name, q->name) ||
		        !decode(at + i + value, pair - value, q->value) || call_query(c, q->name))
			return false;
		c->query_count++;
		i += pair + 1;
	}
	return true;
}

/* A path cut into its segments; pointers into the target. */
struct segments {
	struct {
		const char *at;
		size_t length;
	} each[16];
	size_t count;
};

static bool cut(const char *path, size_t n, struct segments *out)
{
	out->count = 0;
	if (n == 0 || path[0] != '/')
		return false;
	for (size_t i = 1; i <= n;) {
		size_t length = until(path + i, n - i, '/');

		if (out->count == ARRAY_SIZE(out->each))
			return false;
		out->each[out->count].at = path + i;
		out->each[out->count++].length = length;
		i += length + 1;
	}
	return true;
}

static bool fits(const char *pattern, const struct segments *path)
{
	size_t i = 0;

	for (; i < path->count && *pattern == '/'; i++) {
		const char *segment = pattern + 1;
		size_t n = strcspn(segment, "/");
		bool any = *segment == '{';

		if (any ? path->each[i].length == 0
		        : n != path->each[i].length || memcmp(segment, path->each[i].at, n) != 0)
			return false;
		pattern = segment + n;
	}
	return i == path->count && !*pattern;
}

static bool take_parameters(const char *pattern, const struct segments *path, struct call *c)
{
	u32 count = 0;

	for (size_t i = 0; i < path->count; i++) {
		const char *segment = pattern + 1;

		pattern = segment + strcspn(segment, "/");
		if (*segment != '{')
			continue;
		if (count == CALL_PARAMETERS_MAX ||
		        !decode(path->each[i].at, path->each[i].length, c->parameters[count]))
			return false;
		count++;
	}
	return true;
}

static enum match find(const struct route_table *tables, size_t count, enum listener listener, enum method method,
        const struct segments *path, const struct route **out)
{
	enum match m = MATCH_NONE;

	for (size_t t = 0; t < count; t++)
		for (size_t i = 0; i < tables[t].count; i++) {
			const struct route *r = &tables[t].rows[i];

			if (r->listener != listener || !fits(r->pattern, path))
				continue;
			m = MATCH_PATH_ONLY;
			*out = r;
			if (r->method == method)
				return MATCH_FOUND;
		}
	return m;
}

const char *listener_name(enum listener l)
{
	static const char *const names[] = { "nodes", "operators", "metrics" };

	return names[l];
}

enum match route_find(const struct route_table *tables, size_t count, enum listener listener, enum method method,
        const char *target, size_t n, struct call *c)
{
	size_t path = until(target, n, '?');
	struct segments segments;
	const struct route *r = NULL;

	if (!cut(target, path, &segments))
		return MATCH_MALFORMED;
	enum match m = find(tables, count, listener, method, &segments, &r);
	if (m != MATCH_FOUND)
		return m;
	if (!take_parameters(r->pattern, &segments, c) || (path < n && !read_query(target + path + 1, n - path - 1, c)))
		return MATCH_MALFORMED;
	c->route = r;
	return MATCH_FOUND;
}
