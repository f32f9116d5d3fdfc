/*
 * Text that grows, to a bound, and text that was cut.
 * Trust: pure. Nodes' words are outside bytes.
 */
#ifndef SIGNET_SIGNETD_TEXT_H
#define SIGNET_SIGNETD_TEXT_H

#include "lib/types.h"

enum { TEXT_MAX = 16 << 20 };

struct text {
	char *bytes; /* NUL-terminated once something was added; free() it */
	size_t length, room;
	bool failed; /* no memory, or above TEXT_MAX: nothing more is added */
};

void text_add(struct text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void text_free(struct text *t);

/*
 * Drops what is left of a character of UTF-8 at the end of a text that was cut to fit: with half of one, no JSON could
 * be written of it, nor of anything that it is a part of.
 */
void text_end_whole(char *text);

#endif
