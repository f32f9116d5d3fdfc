/*
 * What the server tells its operator: lines on stderr, with journald's priorities (<3> .. <7>) when it is no terminal.
 * Trust: text may come from outside; control characters are escaped, a line is one line.
 */
#ifndef SIGNET_SIGNETD_JOURNAL_H
#define SIGNET_SIGNETD_JOURNAL_H

#include "lib/types.h"

enum journal_level {
	JOURNAL_ERROR = 3,
	JOURNAL_WARNING = 4,
	JOURNAL_NOTICE = 5,
	JOURNAL_INFO = 6,
	JOURNAL_DEBUG = 7,
};

/* Nothing above this is written. */
void journal_set(enum journal_level least, bool with_priority);

void journal(enum journal_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
