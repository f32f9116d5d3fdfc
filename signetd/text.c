/* Text that grows. Trust: pure. */
#include "signetd/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_FIRST = 1024 };

static bool make_room(struct text *t, size_t n)
{
	size_t room = t->room ? t->room : TEXT_FIRST;
	char *bytes;

	while (room - t->length <= n && room <= TEXT_MAX)
		room *= 2;
	if (room > TEXT_MAX)
		return false;
	if (room == t->room)
		return true;
	bytes = realloc(t->bytes, room);
	if (!bytes)
		return false;
	t->bytes = bytes;
	t->room = room;
	return true;
}

void text_add(struct text *t, const char *fmt, ...)
{
	va_list list;
	int n;

	if (t->failed)
		return;
	va_start(list, fmt);
	n = vsnprintf(NULL, 0, fmt, list);
	va_end(list);
	if (n < 0 || !make_room(t, (size_t)n)) {
		t->failed = true;
		return;
	}
	va_start(list, fmt);
	(void)vsnprintf(t->bytes + t->length, t->room - t->length, fmt, list);
	va_end(list);
	t->length += (size_t)n;
}

void text_free(struct text *t)
{
	free(t->bytes);
	*t = (struct text){ 0 };
}

/* Bytes of the character that begins with this one. */
static size_t size_of(u8 first)
{
	return first < 0xC0 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
}

void text_end_whole(char *text)
{
	size_t n = strlen(text), at = n;

	while (at && ((u8)text[at - 1] & 0xC0) == 0x80)
		at--;
	if (at && at - 1 + size_of((u8)text[at - 1]) > n)
		text[at - 1] = '\0';
}
