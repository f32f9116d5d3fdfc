/* JSON bodies against their tables; hexadecimal and base64 in one encoding each. */
#include "signetd/body.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static const struct field fields[] = {
	{ "text", FIELD_TEXT, FIELD_REQUIRED, 8 },
	{ "hex", FIELD_HEX, 0, 2 },
	{ "base64", FIELD_BASE64, FIELD_NULLABLE, 4 },
	{ "number", FIELD_NUMBER, 0, 100 },
	{ "bool", FIELD_BOOL, 0, 0 },
	{ "object", FIELD_OBJECT, 0, 1 },
	{ "array", FIELD_ARRAY, 0, 2 },
	{ "pem", FIELD_PEM, 0, 16 },
};

static char why[128];

static bool fits(const char *json)
{
	yyjson_doc *doc = yyjson_read(json, strlen(json), 0);
	bool fit;

	assert_non_null(doc);
	why[0] = 0;
	fit = fields_fit(yyjson_doc_get_root(doc), fields, ARRAY_SIZE(fields), why, sizeof(why));
	yyjson_doc_free(doc);
	assert_int_equal(fit, !why[0]);
	return fit;
}

static void what_fits_is_taken(void **state)
{
	(void)state;
	assert_true(fits("{\"text\":\"\xc3\xa4\"}"));
	assert_true(
	        fits("{\"text\":\"12345678\",\"hex\":\"00ff\",\"base64\":\"AAECAw==\",\"number\":100,\"bool\":false,"
	             "\"object\":{\"a\":{}},\"array\":[1,2],\"pem\":\"-----\\nAB\\r\\n\"}"));
	assert_true(fits("{\"text\":\"a\",\"base64\":null}"));
}

static void everything_else_is_refused_by_name(void **state)
{
	static const struct {
		const char *json, *words;
	} rows[] = {
		{ "[]", "object" },
		{ "{}", "\"text\" is missing" },
		{ "{\"text\":\"\"}", "\"text\" must be" },
		{ "{\"text\":\"123456789\"}", "1 to 8 bytes" },
		{ "{\"text\":\"a\\u0000b\"}", "\"text\"" },
		{ "{\"text\":\"a\\nb\"}", "\"text\"" },
		{ "{\"text\":null}", "\"text\"" },
		{ "{\"text\":1}", "\"text\"" },
		{ "{\"text\":\"a\",\"text\":\"b\"}", "twice" },
		{ "{\"text\":\"a\",\"texts\":\"b\"}", "\"texts\" is not known" },
		{ "{\"text\":\"a\",\"hex\":\"00FF\"}", "\"hex\" must be 2 bytes" },
		{ "{\"text\":\"a\",\"hex\":\"00f\"}", "\"hex\"" },
		{ "{\"text\":\"a\",\"hex\":\"00ff00\"}", "\"hex\"" },
		{ "{\"text\":\"a\",\"hex\":null}", "\"hex\"" },
		{ "{\"text\":\"a\",\"base64\":\"AAECAwQ=\"}", "\"base64\"" },
		{ "{\"text\":\"a\",\"base64\":\"AAECAx==\"}", "\"base64\"" },
		{ "{\"text\":\"a\",\"base64\":\"AAECAw\"}", "\"base64\"" },
		{ "{\"text\":\"a\",\"base64\":\"A===\"}", "\"base64\"" },
		{ "{\"text\":\"a\",\"base64\":\"====\"}", "\"base64\"" },
		{ "{\"text\":\"a\",\"base64\":\"AA-_\"}", "\"base64\"" },
		{ "{\"text\":\"a\",\"base64\":\"\"}", "\"base64\"" },
		{ "{\"text\":\"a\",\"number\":101}", "0 to 100" },
		{ "{\"text\":\"a\",\"number\":-1}", "\"number\"" },
		{ "{\"text\":\"a\",\"number\":1.0}", "\"number\"" },
		{ "{\"text\":\"a\",\"number\":18446744073709551616}", "\"number\"" },
		{ "{\"text\":\"a\",\"bool\":0}", "true or false" },
		{ "{\"text\":\"a\",\"object\":{\"a\":1,\"b\":2}}", "\"object\"" },
		{ "{\"text\":\"a\",\"array\":[1,2,3]}", "\"array\"" },
		{ "{\"text\":\"a\",\"pem\":\"a\\tb\"}", "\"pem\"" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_false(fits(rows[i].json));
		if (!strstr(why, rows[i].words))
			fail_msg("%s: \"%s\" does not say %s", rows[i].json, why, rows[i].words);
	}
}

static void checked_fields_are_decoded(void **state)
{
	static const char json[] = "{\"hex\":\"00ff\",\"base64\":\"AAECAw==\",\"number\":7,\"none\":null}";
	yyjson_doc *doc = yyjson_read(json, sizeof(json) - 1, 0);
	yyjson_val *root = yyjson_doc_get_root(doc);
	u8 out[4];

	(void)state;
	assert_int_equal(field_hex(root, "hex", out, sizeof(out)), 2);
	assert_true(out[0] == 0 && out[1] == 0xff);
	assert_int_equal(field_hex(root, "hex", out, 1), 0);
	assert_int_equal(field_base64(root, "base64", out, sizeof(out)), 4);
	assert_true(out[1] == 1 && out[3] == 3);
	assert_int_equal(field_base64(root, "base64", out, 3), 0);
	assert_int_equal(field_base64(root, "absent", out, sizeof(out)), 0);
	assert_int_equal(field_number(root, "number"), 7);
	assert_null(field_text(root, "none"));
	yyjson_doc_free(doc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_fits_is_taken),
		cmocka_unit_test(everything_else_is_refused_by_name),
		cmocka_unit_test(checked_fields_are_decoded),
	};

	return cmocka_run_group_tests_name("signetd body", tests, NULL, NULL);
}
