/*
 * A small JSON writer: one value after another, commas and escapes right by construction.
 * Trust: text may come from outside; it is always escaped.
 */
#ifndef SIGNET_CLI_JSON_H
#define SIGNET_CLI_JSON_H

#include "lib/types.h"

#include <stdio.h>

enum { JSON_DEPTH_MAX = 16 };

struct json {
	FILE *to;
	u32 depth;
	bool follows[JSON_DEPTH_MAX + 1]; /* a value stands before the next one, at each depth */
};

/* key is NULL inside arrays and for the outermost value. Closing the outermost value ends the line. */
struct json json_on(FILE *to);
void json_object(struct json *j, const char *key);
void json_end_object(struct json *j);
void json_array(struct json *j, const char *key);
void json_end_array(struct json *j);
/* NULL text writes null; bytes that are no UTF-8 are written as U+FFFD. */
void json_text(struct json *j, const char *key, const char *text);
void json_number(struct json *j, const char *key, u64 value);
void json_bool(struct json *j, const char *key, bool value);
void json_hex(struct json *j, const char *key, const u8 *bytes, size_t n);

#endif
