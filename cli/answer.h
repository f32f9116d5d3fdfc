/*
 * The fleet server's answers for people and machines: fields, words, times.
 * Trust: text comes from outside, in part from nodes; none of its control characters reaches the terminal.
 */
#ifndef SIGNET_CLI_ANSWER_H
#define SIGNET_CLI_ANSWER_H

#include "cli/command.h"
#include "cli/plain.h"

#include <yyjson.h>

/* A member's value; fallback when it is absent, null, or of another kind. */
const char *answer_text(yyjson_val *object, const char *name, const char *fallback);
u64 answer_number(yyjson_val *object, const char *name, u64 fallback);
/* Unix seconds of a time in RFC 3339; 0 when it is absent, null or malformed. */
u64 answer_time(yyjson_val *object, const char *name);
bool answer_bool(yyjson_val *object, const char *name);
/* Hexadecimal or base64 of at most room bytes; how many they are, 0 when it is neither absent nor right. */
bool answer_hex(yyjson_val *object, const char *name, u8 *out, size_t n);
size_t answer_base64(yyjson_val *object, const char *name, u8 *out, size_t room);

/* Base64 of bytes as a member of a request's body. False without memory, which sending the body then finds too. */
bool body_put_base64(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *name, const u8 *bytes, size_t n);
/* A request's body: an empty object. NULL without memory, which later calls pass over and sending finds. */
yyjson_mut_doc *body_new(void);

/* The answer as it came, in one line: what --json prints. */
void print_answer(yyjson_val *value);

/* One line "LABEL  VALUE" of a description; label may be "" for further lines. */
void print_field(const char *label, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* "GOOD", or the verdict's name; "-" when there is none. */
const char *verdict_of(yyjson_val *object);

#endif
