/* Fields of answers. Trust: see the header. */
#include "cli/answer.h"

#include "cli/units.h"

#include <mbedtls/base64.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { LABEL_WIDTH = 18, LINE_MAX_SIZE = 4096 };

const char *answer_text(yyjson_val *object, const char *name, const char *fallback)
{
	const char *text = yyjson_get_str(yyjson_obj_get(object, name));

	return text ? text : fallback;
}

u64 answer_number(yyjson_val *object, const char *name, u64 fallback)
{
	yyjson_val *value = yyjson_obj_get(object, name);

	return yyjson_is_uint(value) ? yyjson_get_uint(value) : fallback;
}

u64 answer_time(yyjson_val *object, const char *name)
{
	const char *text = answer_text(object, name, NULL);
	u64 seconds;

	return text && parse_time(text, &seconds) ? seconds : 0;
}

bool answer_bool(yyjson_val *object, const char *name)
{
	return yyjson_get_bool(yyjson_obj_get(object, name));
}

bool answer_hex(yyjson_val *object, const char *name, u8 *out, size_t n)
{
	return parse_hex(answer_text(object, name, NULL), out, n);
}

size_t answer_base64(yyjson_val *object, const char *name, u8 *out, size_t room)
{
	const char *text = answer_text(object, name, "");
	size_t n = 0;

	if (mbedtls_base64_decode(out, room, &n, (const u8 *)text, strlen(text)) != 0)
		return 0;
	return n;
}

bool body_put_base64(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *name, const u8 *bytes, size_t n)
{
	size_t room = (n + 2) / 3 * 4 + 1, used = 0;
	u8 *text = malloc(room);
	bool done = text && mbedtls_base64_encode(text, room, &used, bytes, n) == 0 &&
	        yyjson_mut_obj_add_strncpy(doc, object, name, (const char *)text, used);

	free(text);
	return done;
}

yyjson_mut_doc *body_new(void)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);

	yyjson_mut_doc_set_root(doc, yyjson_mut_obj(doc));
	return doc;
}

void print_answer(yyjson_val *value)
{
	/* What is no ASCII is escaped: a terminal may be at the other end. */
	char *text = yyjson_val_write(value, YYJSON_WRITE_ESCAPE_UNICODE, NULL);

	if (!text) {
		(void)complain(ERR_NO_MEMORY, NULL, "cannot print the answer");
		return;
	}
	puts(text);
	free(text);
}

void print_field(const char *label, const char *fmt, ...)
{
	char text[LINE_MAX_SIZE];
	va_list list;

	va_start(list, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, list);
	va_end(list);
	printf("%-*s ", LABEL_WIDTH, label);
	print_plain(stdout, text);
	putchar('\n');
}

const char *verdict_of(yyjson_val *object)
{
	return answer_text(yyjson_obj_get(object, "verdict"), "name", "-");
}
