/*
 * The event log: reading, its words for a person, measuring, replaying, and joining a Final Events Table. Input: u16
 * length of the log, u8 events to skip, the log, the table.
 */
#include "attest/event_words.h"
#include "attest/log_write.h"
#include "attest/replay.h"

#include <stdlib.h>
#include <string.h>

enum { ROOM = 8192 };

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

/* Nothing of a log reaches a terminal but characters that print. */
static void check_words(const struct log_event *e)
{
	struct event_words words;
	event_words(e, &words);
	for (size_t i = 0; i < sizeof(words.what) && words.what[i]; i++)
		if (words.what[i] < ' ' || words.what[i] > '~')
			abort();
	if (!words.type[0] || !memchr(words.type, 0, sizeof(words.type)) || !memchr(words.what, 0, sizeof(words.what)))
		abort();
}

static size_t count_events(const u8 *log, size_t n, size_t *last)
{
	struct log_reader r;
	struct log_event e;
	size_t count = 0;
	*last = 0;
	if (log_open(&r, log, n) != OK)
		return 0;
	while (!log_at_end(&r)) {
		*last = n - r.bytes.left;
		if (log_next(&r, &e) != OK)
			return 0;
		check_words(&e);
		count++;
	}
	return count;
}

/* What the reader takes whole, measuring from its last event must find whole too. */
static void check_measure(const u8 *log, size_t n)
{
	size_t last;
	size_t length;
	if (count_events(log, n, &last) && (log_measure(log, n, last, &length) != OK || length != n))
		abort();
}

/* A joined log reads and is the old one with something behind it; a refused table leaves it as it was. */
static void check_join(const u8 *log, size_t n, const u8 *table, size_t table_n, u64 skip)
{
	u8 buffer[ROOM];
	struct log l;
	struct log again;
	if (n > ROOM)
		return;
	memcpy(buffer, log, n);
	if (log_resume(&l, buffer, n, ROOM) != OK)
		return;
	enum err e = log_append_final(&l, table, table_n, skip);
	if (e != OK && l.bytes.used != n)
		abort();
	if (memcmp(buffer, log, n) != 0 || log_resume(&again, buffer, l.bytes.used, ROOM) != OK)
		abort();
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct reader r = reader_on(data, size);
	struct replay p;
	size_t n = read_le16(&r);
	u8 skip = read_u8(&r);
	if (n > r.left)
		n = r.left;
	const u8 *log = read_bytes(&r, n);
	if (!log)
		return 0;
	check_measure(log, n);
	(void)!replay_log(&p, log, n);
	check_join(log, n, r.at, r.left, skip);
	return 0;
}
