/*
 * Sizes and times as people write and read them.
 * Trust: arguments are the operator's own.
 */
#ifndef SIGNET_CLI_UNITS_H
#define SIGNET_CLI_UNITS_H

#include "lib/types.h"

enum { SIZE_TEXT = 48, TIME_TEXT = 24, AGO_TEXT = 32 };

/* Bytes, or with K, M or G the power of 1024. */
bool parse_size(const char *text, u64 *out);
/* Unix seconds, YYYY-MM-DD, or YYYY-MM-DDTHH:MM:SSZ; always UTC, up to the year 9999. */
bool parse_time(const char *text, u64 *out);

/* "48.0 MiB"; below 1 KiB "512 bytes". */
const char *format_size(char out[SIZE_TEXT], u64 bytes);
/* YYYY-MM-DDTHH:MM:SSZ; a number of seconds beyond the year 9999. */
const char *format_time(char out[TIME_TEXT], u64 seconds);
/* How long before or after now: "now", "5 min ago", "in 3 days"; "never" for 0. */
const char *format_ago(char out[AGO_TEXT], u64 then, u64 now);

#endif
