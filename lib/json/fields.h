/*
 * What a JSON object may hold: a const table of fields, checked before anybody reads any of it. Unknown, missing,
 * double and malformed is refused with the field's name. Trust: objects come from outside; pure.
 */
#ifndef SIGNET_LIB_JSON_FIELDS_H
#define SIGNET_LIB_JSON_FIELDS_H

#include "lib/types.h"

#include <yyjson.h>

enum field_kind {
	FIELD_TEXT, /* 1 .. max bytes of UTF-8 without control characters */
	FIELD_PEM, /* 1 .. max bytes of printable ASCII and line ends */
	FIELD_HEX, /* exactly max bytes, lowercase */
	FIELD_BASE64, /* 1 .. max bytes, padded, canonical */
	FIELD_NUMBER, /* 0 .. max */
	FIELD_BOOL,
	FIELD_OBJECT, /* at most max members; to be checked with its own table */
	FIELD_ARRAY, /* at most max elements; the same */
	FIELD_WORD, /* a text or a number; to be checked by who reads it */
};

/* FIELD_EMPTY: text and base64 of no bytes will do too. */
enum { FIELD_REQUIRED = 1, FIELD_NULLABLE = 2, FIELD_EMPTY = 4 };

struct field {
	const char *name;
	enum field_kind kind;
	u32 flags;
	u64 max;
};

/* Checks object against its table; says why not in words (room bytes) when it does not fit. */
bool fields_fit(yyjson_val *object, const struct field *fields, size_t count, char *why, size_t room);

/* Of checked fields. Absent or null: NULL, 0, false, or no bytes. */
const char *field_text(yyjson_val *object, const char *name);
u64 field_number(yyjson_val *object, const char *name);
bool field_bool(yyjson_val *object, const char *name);
/* Decodes a checked FIELD_HEX or FIELD_BASE64; the number of bytes, 0 when there are none or more than room. */
size_t field_hex(yyjson_val *object, const char *name, u8 *out, size_t room);
size_t field_base64(yyjson_val *object, const char *name, u8 *out, size_t room);

/* For answers: both copy. False without memory, which writing the document then finds too. */
bool json_put_hex(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *name, const u8 *bytes, size_t n);
bool json_put_base64(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *name, const u8 *bytes, size_t n);

/* Lowercase hexadecimal and nothing else, exactly 2n characters. */
bool hex_decode(const char *text, u8 *out, size_t n);

#endif
