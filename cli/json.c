/*
 * JSON writer (RFC 8259).
 * Trust: text may come from outside; it is always escaped.
 */
#include "cli/json.h"

#include <stdlib.h>

struct json json_on(FILE *to)
{
	return (struct json){ .to = to };
}

/*
 * Length of the well-formed UTF-8 character at s, 0 when there is none (RFC 3629: no overlong forms, no
 * surrogates, nothing above U+10FFFF).
 */
static size_t utf8_length(const u8 *s)
{
	size_t n = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : s[0] < 0xf5 ? 4 : 0;

	for (size_t i = 1; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) || (s[0] == 0xf0 && s[1] < 0x90) ||
	        (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	return n;
}

static void print_string(FILE *to, const char *text)
{
	const u8 *s = (const u8 *)text;

	fputc('"', to);
	while (*s) {
		size_t n = utf8_length(s);

		if (n == 0)
			fputs("\\ufffd", to);
		else if (*s == '"' || *s == '\\')
			fprintf(to, "\\%c", *s);
		else if (*s < 0x20 || *s == 0x7f)
			fprintf(to, "\\u%04x", *s);
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
