/*
 * Reading signetd.ini.
 * Trust: the operator's own file; a slip in it is named by file and line, and nothing of it is then used.
 */
#include "signetd/config.h"

#include "image/host/file.h"

#include <errno.h>
#include <ini.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CONFIG_FILE_MAX = 65536 };

static u8 *place(const struct setting *s, struct config *c)
{
	return (u8 *)c + s->offset;
}

static bool read_digits(const char *text, u64 *out, const char **rest)
{
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*out = strtoull(text, &end, 10);
	*rest = end;
	return errno == 0;
}

static bool read_number(const struct setting *s, const char *text, u64 *out)
{
	static const char units[] = "KMG";
	const char *rest;

	if (!read_digits(text, out, &rest))
		return false;
	if (*rest && s->kind == SETTING_BYTES) {
		const char *unit = strchr(units, *rest++);
		u32 shift = unit ? 10 * (u32)(unit - units + 1) : 64;

		if (shift == 64 || *out > UINT64_MAX >> shift)
			return false;
		*out <<= shift;
	}
	return !*rest && *out >= s->min && *out <= s->max;
}

static bool read_choice(const struct setting *s, const char *text, u64 *out)
{
	for (u64 i = 0; s->choices[i]; i++)
		if (*text && strcmp(s->choices[i], text) == 0) {
			*out = i;
			return true;
		}
	return false;
}

static bool is_plain_text(const char *text)
{
	for (; *text; text++)
		if ((u8)*text < 0x20 || *text == 0x7f)
			return false;
	return true;
}

static u64 count_names(const char *text)
{
	u64 n = 0;

	for (text += strspn(text, ", "); *text; text += strspn(text, ", ")) {
		text += strcspn(text, ", ");
		n++;
	}
	return n;
}

static bool is_text(const struct setting *s, const char *text)
{
	u64 n = s->kind == SETTING_NAMES ? count_names(text) : strlen(text);

	return n >= s->min && n <= s->max && strlen(text) < s->size && is_plain_text(text);
}

static bool set(const struct setting *s, const char *text, struct config *c)
{
	u64 number = 0;

	switch (s->kind) {
	case SETTING_TEXT:
	case SETTING_NAMES:
		if (!is_text(s, text))
			return false;
		(void)snprintf((char *)place(s, c), s->size, "%s", text);
		return true;
	case SETTING_NUMBER:
	case SETTING_BYTES:
		if (!read_number(s, text, &number))
			return false;
		break;
	case SETTING_CHOICE:
		if (!read_choice(s, text, &number))
			return false;
		break;
	}
	memcpy(place(s, c), &number, sizeof(number));
	return true;
}

void config_defaults(struct config *c)
{
	memset(c, 0, sizeof(*c));
	for (size_t i = 0; i < setting_count; i++)
		if (!set(&settings[i], settings[i].initial, c))
			abort(); /* a row contradicts itself; the unit test walks all of them */
}

/* One run of inih over a file. */
struct reading {
	const char *name;
	struct config *config;
	char *message;
	bool *seen; /* a setting each */
	u32 line, wrong; /* the one being read; the first with a mistake */
};

/* Of several mistakes the first counts: inih reads on. */
__attribute__((format(printf, 2, 3))) static int complain_about(struct reading *r, const char *fmt, ...)
{
	va_list list;
	int n;

	if (r->wrong)
		return 0;
	r->wrong = r->line;
	n = snprintf(r->message, CONFIG_MESSAGE_SIZE, "%s: line %u: ", r->name, r->line);

	if (n < 0 || n >= CONFIG_MESSAGE_SIZE)
		return 0;
	va_start(list, fmt);
	(void)vsnprintf(r->message + n, CONFIG_MESSAGE_SIZE - (size_t)n, fmt, list);
	va_end(list);
	return 0;
}

static int say_expected(struct reading *r, const struct setting *s, const char *text)
{
	switch (s->kind) {
	case SETTING_NUMBER:
	case SETTING_BYTES:
		return complain_about(r, "%s must be a number from %llu to %llu%s, not \"%.60s\"", s->name,
		        (unsigned long long)s->min, (unsigned long long)s->max,
		        s->kind == SETTING_BYTES ? " (K, M or G may follow)" : "", text);
	case SETTING_TEXT:
		return complain_about(
		        r, "%s must be a text of at most %llu bytes", s->name, (unsigned long long)s->max);
	case SETTING_NAMES:
		return complain_about(r, "%s must be from %llu to %llu names, with commas between, in %zu bytes",
		        s->name, (unsigned long long)s->min, (unsigned long long)s->max, s->size - 1);
	case SETTING_CHOICE:
		break;
	}
	return complain_about(r, "%s cannot be \"%.60s\": see docs/signetd.md", s->name, text);
}

static int on_setting(void *user, const char *section, const char *name, const char *value)
{
	struct reading *r = user;

	for (size_t i = 0; i < setting_count; i++) {
		const struct setting *s = &settings[i];

		if (strcmp(s->section, section) != 0 || strcmp(s->name, name) != 0)
			continue;
		if (r->seen[i])
			return complain_about(r, "%s is there twice", name);
		r->seen[i] = true;
		return set(s, value, r->config) ? 1 : say_expected(r, s, value);
	}
	return complain_about(r, "\"%.60s\" is no setting of section [%.60s]", name, section);
}

/* inih calls back for settings alone; the line it stands at is counted where it is handed out. */
struct lines {
	const char *at;
	u32 number;
};

struct context {
	struct reading reading;
	struct lines lines;
};

static char *next_line(char *out, int room, void *stream)
{
	struct context *c = stream;
	size_t n = strcspn(c->lines.at, "\n");

	if (!*c->lines.at)
		return NULL;
	c->reading.line = ++c->lines.number;
	if (n + 2 > (size_t)room) {
		(void)complain_about(&c->reading, "longer than %d bytes", room - 2);
		n = (size_t)room - 2;
	}
	memcpy(out, c->lines.at, n);
	out[n] = '\n';
	out[n + 1] = 0;
	c->lines.at += strcspn(c->lines.at, "\n");
	if (*c->lines.at)
		c->lines.at++;
	return out;
}

static int on_line(void *user, const char *section, const char *name, const char *value)
{
	struct context *c = user;

	return on_setting(&c->reading, section, name, value);
}

enum err config_parse(const char *text, const char *name, struct config *c, char message[CONFIG_MESSAGE_SIZE])
{
	bool *seen = calloc(setting_count, sizeof(*seen));
	struct context context = { .reading = { name, c, message, seen, 0, 0 }, .lines = { text, 0 } };
	int line;

	if (!seen)
		return ERR_NO_MEMORY;
	config_defaults(c);
	message[0] = 0;
	line = ini_parse_stream(next_line, &context, on_line, &context);
	free(seen);
	if (line == 0 && !context.reading.wrong)
		return OK;
	if (line > 0 && (u32)line != context.reading.wrong) {
		context.reading.wrong = 0;
		context.reading.line = (u32)line;
		(void)complain_about(&context.reading, "neither [section] nor name = value");
	}
	return ERR_CONFIGURATION;
}

enum err config_read(const char *path, struct config *c, char message[CONFIG_MESSAGE_SIZE])
{
	char *text = calloc(1, CONFIG_FILE_MAX + 1);
	size_t n = 0;
	enum err e;

	if (!text)
		return ERR_NO_MEMORY;
	e = file_read(path, (u8 *)text, CONFIG_FILE_MAX, &n);
	if (e)
		(void)snprintf(message, CONFIG_MESSAGE_SIZE, "%s: %s", path,
		        e == ERR_RANGE ? "longer than 64 KiB" : strerror(errno));
	else if (strlen(text) != n)
		(void)snprintf(message, CONFIG_MESSAGE_SIZE, "%s: holds a NUL byte", path);
	if (e || strlen(text) != n)
		e = ERR_CONFIGURATION;
	else
		e = config_parse(text, path, c, message);
	free(text);
	return e;
}

const char *config_fixed_difference(const struct config *before, const struct config *after)
{
	for (size_t i = 0; i < setting_count; i++) {
		const struct setting *s = &settings[i];

		if (s->at_start && memcmp((const u8 *)before + s->offset, (const u8 *)after + s->offset, s->size) != 0)
			return s->name;
	}
	return NULL;
}
