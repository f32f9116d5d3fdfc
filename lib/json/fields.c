/*
 * Checking JSON objects.
 * Trust: bodies come from outside. Pure.
 */
#include "lib/json/fields.h"

#include "lib/print.h"

#include <mbedtls/base64.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool hex_decode(const char *text, u8 *out, size_t n)
{
	if (strlen(text) != 2 * n)
		return false;
	for (size_t i = 0; i < n; i++) {
		int high = digit(text[2 * i]), low = digit(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		out[i] = (u8)(high << 4 | low);
	}
	return true;
}

static bool is_text(yyjson_val *v, u64 max)
{
	const char *text = yyjson_get_str(v);
	size_t n = yyjson_get_len(v);

	if (!text || n == 0 || n > max)
		return false;
	for (size_t i = 0; i < n; i++)
		if ((u8)text[i] < 0x20 || text[i] == 0x7f)
			return false;
	return true;
}

static bool is_pem(yyjson_val *v, u64 max)
{
	const char *text = yyjson_get_str(v);
	size_t n = yyjson_get_len(v);

	if (!text || n == 0 || n > max)
		return false;
	for (size_t i = 0; i < n; i++)
		if ((text[i] < 0x20 || text[i] > 0x7e) && text[i] != '\n' && text[i] != '\r')
			return false;
	return true;
}

static bool is_hex(yyjson_val *v, u64 max)
{
	const char *text = yyjson_get_str(v);
	size_t n = yyjson_get_len(v);

	if (!text || n != 2 * max)
		return false;
	for (size_t i = 0; i < n; i++)
		if (digit(text[i]) < 0)
			return false;
	return true;
}

static int base64_value(char c)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *found = c ? strchr(alphabet, c) : NULL;

	return found ? (int)(found - alphabet) : -1;
}

/* RFC 4648, section 4, with padding, and with the unused bits of the last character zero: one encoding per meaning. */
static bool is_base64(yyjson_val *v, u64 max)
{
	const char *text = yyjson_get_str(v);
	size_t n = yyjson_get_len(v), padding = 0;

	if (!text || n == 0 || n % 4 != 0)
		return false;
	while (padding < 2 && text[n - 1 - padding] == '=')
		padding++;
	for (size_t i = 0; i < n - padding; i++)
		if (base64_value(text[i]) < 0)
			return false;
	if (padding && base64_value(text[n - 1 - padding]) & (padding == 1 ? 0x3 : 0xf))
		return false;
	return n / 4 * 3 - padding <= max;
}

static bool kind_fits(const struct field *f, yyjson_val *v)
{
	switch (f->kind) {
	case FIELD_TEXT:
		return is_text(v, f->max);
	case FIELD_PEM:
		return is_pem(v, f->max);
	case FIELD_HEX:
		return is_hex(v, f->max);
	case FIELD_BASE64:
		return is_base64(v, f->max);
	case FIELD_NUMBER:
		return yyjson_is_uint(v) && yyjson_get_uint(v) <= f->max;
	case FIELD_BOOL:
		return yyjson_is_bool(v);
	case FIELD_OBJECT:
		return yyjson_is_obj(v) && yyjson_obj_size(v) <= f->max;
	case FIELD_ARRAY:
		return yyjson_is_arr(v) && yyjson_arr_size(v) <= f->max;
	case FIELD_WORD:
		return yyjson_is_str(v) || yyjson_is_uint(v);
	}
	return false;
}

/* For people: what a field of that kind looks like. */
static void say_expected(const struct field *f, char *why, size_t room)
{
	static const char *const words[] = {
		[FIELD_TEXT] = "a text of 1 to %llu bytes without control characters",
		[FIELD_PEM] = "PEM of 1 to %llu bytes",
		[FIELD_HEX] = "%llu bytes in lowercase hexadecimal",
		[FIELD_BASE64] = "base64 of 1 to %llu bytes",
		[FIELD_NUMBER] = "a whole number from 0 to %llu",
		[FIELD_BOOL] = "true or false",
		[FIELD_OBJECT] = "an object of at most %llu members",
		[FIELD_ARRAY] = "an array of at most %llu elements",
		[FIELD_WORD] = "a text or a whole number",
	};
	const char *kind = words[f->kind], *number = strstr(kind, "%llu");

	if (number)
		(void)snprintf(why, room, "\"%s\" must be %.*s%llu%s", f->name, (int)(number - kind), kind,
		        (unsigned long long)f->max, number + strlen("%llu"));
	else
		(void)snprintf(why, room, "\"%s\" must be %s", f->name, kind);
}

static const struct field *find_field(const struct field *fields, size_t count, yyjson_val *key)
{
	for (size_t i = 0; i < count; i++)
		if (yyjson_equals_str(key, fields[i].name))
			return &fields[i];
	return NULL;
}

/* yyjson keeps both of two members with one name, and finds the first: so does nobody else need to know. */
static bool is_first(yyjson_val *object, yyjson_val *key, yyjson_val *value)
{
	return yyjson_obj_getn(object, yyjson_get_str(key), yyjson_get_len(key)) == value;
}

static bool may_be_empty(const struct field *f, yyjson_val *v)
{
	return (f->flags & FIELD_EMPTY) && yyjson_is_str(v) && yyjson_get_len(v) == 0;
}

static bool member_fits(
        yyjson_val *object, yyjson_val *key, const struct field *fields, size_t count, char *why, size_t room)
{
	const struct field *f = find_field(fields, count, key);
	yyjson_val *value = yyjson_obj_iter_get_val(key);

	if (!f) {
		(void)snprintf(why, room, "\"%.40s\" is not known here", yyjson_get_str(key));
		return false;
	}
	if (!is_first(object, key, value)) {
		(void)snprintf(why, room, "\"%s\" is there twice", f->name);
		return false;
	}
	if ((yyjson_is_null(value) && (f->flags & FIELD_NULLABLE)) || may_be_empty(f, value) || kind_fits(f, value))
		return true;
	say_expected(f, why, room);
	return false;
}

bool fields_fit(yyjson_val *object, const struct field *fields, size_t count, char *why, size_t room)
{
	yyjson_obj_iter iterator = yyjson_obj_iter_with(object);
	yyjson_val *key;

	if (!yyjson_is_obj(object)) {
		(void)snprintf(why, room, "an object is expected");
		return false;
	}
	while ((key = yyjson_obj_iter_next(&iterator)))
		if (!member_fits(object, key, fields, count, why, room))
			return false;
	for (size_t i = 0; i < count; i++)
		if ((fields[i].flags & FIELD_REQUIRED) && !yyjson_obj_get(object, fields[i].name)) {
			(void)snprintf(why, room, "\"%s\" is missing", fields[i].name);
			return false;
		}
	return true;
}

const char *field_text(yyjson_val *object, const char *name)
{
	return yyjson_get_str(yyjson_obj_get(object, name));
}

u64 field_number(yyjson_val *object, const char *name)
{
	return yyjson_get_uint(yyjson_obj_get(object, name));
}

bool field_bool(yyjson_val *object, const char *name)
{
	return yyjson_get_bool(yyjson_obj_get(object, name));
}

size_t field_hex(yyjson_val *object, const char *name, u8 *out, size_t room)
{
	const char *text = field_text(object, name);
	size_t n = text ? strlen(text) / 2 : 0;

	return n && n <= room && hex_decode(text, out, n) ? n : 0;
}

size_t field_base64(yyjson_val *object, const char *name, u8 *out, size_t room)
{
	const char *text = field_text(object, name);
	size_t n = 0;

	if (!text || mbedtls_base64_decode(out, room, &n, (const u8 *)text, strlen(text)) != 0)
		return 0;
	return n;
}

bool json_put_hex(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *name, const u8 *bytes, size_t n)
{
	char *text = malloc(2 * n + 1);
	bool put;

	if (!text)
		return false;
	hex_encode(text, bytes, n);
	put = yyjson_mut_obj_add_strncpy(doc, object, name, text, 2 * n);
	free(text);
	return put;
}

bool json_put_base64(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *name, const u8 *bytes, size_t n)
{
	size_t room = (n + 2) / 3 * 4 + 1, length = 0;
	u8 *text = malloc(room);
	bool put;

	if (!text)
		return false;
	put = mbedtls_base64_encode(text, room, &length, bytes, n) == 0 &&
	        yyjson_mut_obj_add_strncpy(doc, object, name, (const char *)text, length);
	free(text);
	return put;
}
