/*
 * The body of a request against its table of fields (lib/json/fields.h).
 * Trust: bodies come from outside; pure.
 */
#ifndef SIGNET_SIGNETD_BODY_H
#define SIGNET_SIGNETD_BODY_H

#include "lib/json/fields.h"
#include "signetd/call.h"

/* Answers 400 `body` itself when the body does not fit. */
bool body_fits(struct call *c, const struct field *fields, size_t count);

/* A time in RFC 3339; null for 0. */
void json_put_time(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *name, u64 when);

#endif
