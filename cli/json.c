/*
 * JSON writer (RFC 8259).
 * Trust: text may come from outside; it is always escaped.
 */
#include "cli/json.h"

#include "cli/plain.h"

#include <stdlib.h>
#include <string.h>

struct json json_on(FILE *to)
{
	return (struct json){ .to = to };
}

/* Controls are escaped, C1 (C2 80 .. C2 9F) as well: a terminal may be at the other end. */
static void print_string(FILE *to, const char *text)
{
	const u8 *s = (const u8 *)text;

	fputc('"', to);
	while (*s) {
		size_t n = utf8_length(s, strlen((const char *)s));

		if (n == 0)
			fputs("\\ufffd", to);
		else if (*s == '"' || *s == '\\')
			fprintf(to, "\\%c", *s);
		else if (*s < 0x20 || *s == 0x7f)
			fprintf(to, "\\u%04x", *s);
		else if (s[0] == 0xc2 && s[1] < 0xa0)
			fprintf(to, "\\u%04x", s[1]);
		else
			fwrite(s, 1, n, to);
		s += n ? n : 1;
	}
	fputc('"', to);
}

static void begin_value(struct json *j, const char *key)
{
	if (j->follows[j->depth])
		fputs(", ", j->to);
	j->follows[j->depth] = true;
	if (key) {
		print_string(j->to, key);
		fputs(": ", j->to);
	}
}

static void open_scope(struct json *j, const char *key, char bracket)
{
	begin_value(j, key);
	if (j->depth == JSON_DEPTH_MAX)
		abort();
	j->follows[++j->depth] = false;
	fputc(bracket, j->to);
}

static void close_scope(struct json *j, char bracket)
{
	if (j->depth == 0)
		abort();
	fputc(bracket, j->to);
	if (--j->depth == 0)
		fputc('\n', j->to);
}

void json_object(struct json *j, const char *key)
{
	open_scope(j, key, '{');
}

void json_end_object(struct json *j)
{
	close_scope(j, '}');
}

void json_array(struct json *j, const char *key)
{
	open_scope(j, key, '[');
}

void json_end_array(struct json *j)
{
	close_scope(j, ']');
}

void json_text(struct json *j, const char *key, const char *text)
{
	begin_value(j, key);
	if (text)
		print_string(j->to, text);
	else
		fputs("null", j->to);
}

void json_number(struct json *j, const char *key, u64 value)
{
	begin_value(j, key);
	fprintf(j->to, "%llu", (unsigned long long)value);
}

void json_bool(struct json *j, const char *key, bool value)
{
	begin_value(j, key);
	fputs(value ? "true" : "false", j->to);
}

void json_hex(struct json *j, const char *key, const u8 *bytes, size_t n)
{
	begin_value(j, key);
	fputc('"', j->to);
	for (size_t i = 0; i < n; i++)
		fprintf(j->to, "%02x", bytes[i]);
	fputc('"', j->to);
}
