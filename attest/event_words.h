/*
 * Log events in words for a person: what kind of event, and what it hashes.
 * Trust: pure; the log is outside bytes, and no control character of it reaches a terminal. An event's data is only as
 * true as its digest: types whose digest does not cover the data are the firmware's word alone.
 */
#ifndef SIGNET_ATTEST_EVENT_WORDS_H
#define SIGNET_ATTEST_EVENT_WORDS_H

#include "attest/log.h"

enum { EVENT_TYPE_WORDS = 48, EVENT_WHAT_WORDS = 200 };

struct event_words {
	char type[EVENT_TYPE_WORDS]; /* "EV_EFI_VARIABLE_AUTHORITY", or its number */
	char what[EVENT_WHAT_WORDS]; /* "UEFI variable db, 1,234 bytes"; may be empty */
};

const char *event_type_name(u32 type);
void event_words(const struct log_event *e, struct event_words *out);

#endif
