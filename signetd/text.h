/*
 * Text that grows, to a bound.
 * Trust: pure.
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

#endif
