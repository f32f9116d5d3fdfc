/*
 * Small formatted output for code without an OS.
 * Trust: pure; formats only our own literals.
 */
#include "lib/print.h"

#include <string.h>

enum { SINKS_MAX = 4, LINE_MAX_SIZE = 256, DIGITS_MAX = 20 };

static console_sink *sinks[SINKS_MAX];

struct out {
	char *to;
	size_t room;
	size_t used;
};

/* One conversion between '%' and its letter. */
struct spec {
	size_t width;
	char pad;
	bool wide;
};

/* A va_list is an array type on this ABI; inside a struct it can be passed by address. */
struct args {
	va_list list;
};

static void put(struct out *o, char c)
{
	if (o->used + 1 < o->room)
		o->to[o->used++] = c;
}

static void put_padded(struct out *o, const struct spec *s, const char *text, size_t n)
{
	for (size_t i = n; i < s->width; i++)
		put(o, s->pad);
	for (size_t i = 0; i < n; i++)
		put(o, text[i]);
}

static void put_number(struct out *o, const struct spec *s, u64 v, unsigned base, bool negative)
{
	char digits[DIGITS_MAX + 1];
	size_t at = sizeof(digits);
	do {
		digits[--at] = "0123456789abcdef"[v % base];
		v /= base;
	} while (v);
	struct spec left = *s;
	if (negative && s->pad == '0') {
		put(o, '-');
		left.width -= left.width ? 1 : 0;
	} else if (negative) {
		digits[--at] = '-';
	}
	put_padded(o, &left, digits + at, sizeof(digits) - at);
}

static u64 next_unsigned(const struct spec *s, struct args *a)
{
	return s->wide ? va_arg(a->list, unsigned long) : va_arg(a->list, unsigned);
}

static void put_signed(struct out *o, const struct spec *s, struct args *a)
{
	long v = s->wide ? va_arg(a->list, long) : va_arg(a->list, int);
	put_number(o, s, v < 0 ? 0 - (u64)v : (u64)v, 10, v < 0);
}

static void put_text(struct out *o, const struct spec *s, const char *text)
{
	const char *shown = text ? text : "(null)";
	put_padded(o, s, shown, strlen(shown));
}

static void convert(struct out *o, const struct spec *s, char letter, struct args *a)
{
	char c;
	switch (letter) {
	case 's':
		put_text(o, s, va_arg(a->list, const char *));
		break;
	case 'c':
		c = (char)va_arg(a->list, int);
		put_padded(o, s, &c, 1);
		break;
	case 'u':
		put_number(o, s, next_unsigned(s, a), 10, false);
		break;
	case 'x':
		put_number(o, s, next_unsigned(s, a), 16, false);
		break;
	case 'd':
		put_signed(o, s, a);
		break;
	case 'p':
		put_text(o, &(struct spec){ .pad = ' ' }, "0x");
		put_number(o, s, (uintptr_t)va_arg(a->list, void *), 16, false);
		break;
	default:
		/* "%%", or a letter we do not know: shown as it is. */
		put(o, letter);
	}
}

static const char *parse_spec(const char *fmt, struct spec *s)
{
	*s = (struct spec){ .pad = ' ' };
	if (*fmt == '0')
		s->pad = *fmt++;
	for (; *fmt >= '0' && *fmt <= '9'; fmt++)
		s->width = s->width * 10 + (size_t)(*fmt - '0');
	/* long, long long and size_t are all 64 bits on the one architecture there is. */
	for (; *fmt == 'l' || *fmt == 'z'; fmt++)
		s->wide = true;
	return fmt;
}

size_t format_args(char *to, size_t room, const char *fmt, va_list list)
{
	struct out o = { .to = to, .room = room };
	struct args a;
	va_copy(a.list, list);
	while (*fmt) {
		struct spec s;
		if (*fmt != '%') {
			put(&o, *fmt++);
			continue;
		}
		fmt = parse_spec(fmt + 1, &s);
		if (*fmt)
			convert(&o, &s, *fmt++, &a);
	}
	va_end(a.list);
	if (room)
		to[o.used] = 0;
	return o.used;
}

size_t format(char *to, size_t room, const char *fmt, ...)
{
	va_list list;
	va_start(list, fmt);
	size_t n = format_args(to, room, fmt, list);
	va_end(list);
	return n;
}

void console_set(console_sink *sink)
{
	for (size_t i = 0; i < SINKS_MAX; i++) {
		if (!sinks[i])
			sinks[i] = sink;
		if (sinks[i] == sink)
			return;
	}
}

void say(const char *fmt, ...)
{
	/* The newline's place is kept even when the text is cut: the next line must start at its own beginning. */
	char line[LINE_MAX_SIZE];
	size_t n = format(line, sizeof(line) - 1, "signet: ");
	va_list list;
	va_start(list, fmt);
	n += format_args(line + n, sizeof(line) - 1 - n, fmt, list);
	va_end(list);
	line[n++] = '\n';
	for (size_t i = 0; i < SINKS_MAX && sinks[i]; i++)
		sinks[i](line, n);
}

void hex_encode(char *to, const u8 *bytes, size_t n)
{
	static const char digits[] = "0123456789abcdef";
	for (size_t i = 0; i < n; i++) {
		*to++ = digits[bytes[i] >> 4];
		*to++ = digits[bytes[i] & 15];
	}
	*to = 0;
}
