/*
 * Lines for the server's operator.
 * Trust: what comes from outside is escaped here, once for all.
 */
#include "signetd/journal.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

enum { LINE_MAX_SIZE = 1024 };

static enum journal_level least_level = JOURNAL_INFO;
static bool priority_shown;

void journal_set(enum journal_level least, bool with_priority)
{
	least_level = least;
	priority_shown = with_priority;
}

/* Printable ASCII stays; everything else becomes \xNN, so that no name writes a line of its own. */
static size_t escape(const char *from, char *to, size_t room)
{
	size_t n = 0;

	for (; *from && n + 5 < room; from++) {
		if (*from >= 0x20 && *from < 0x7f)
			to[n++] = *from;
		else
			n += (size_t)snprintf(to + n, room - n, "\\x%02x", (unsigned char)*from);
	}
	to[n++] = '\n';
	return n;
}

void journal(enum journal_level level, const char *fmt, ...)
{
	char text[LINE_MAX_SIZE], line[LINE_MAX_SIZE + 8];
	size_t n = 0;
	va_list list;

	if (level > least_level)
		return;
	va_start(list, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, list);
	va_end(list);
	if (priority_shown)
		n = (size_t)snprintf(line, sizeof(line), "<%d>", (int)level);
	n += escape(text, line + n, sizeof(line) - n);
	/* One write, one line; a log that cannot be written must not stop the server. */
	if (write(STDERR_FILENO, line, n) < 0)
		return;
}
