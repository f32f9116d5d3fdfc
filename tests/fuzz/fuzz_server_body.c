/*
 * JSON bodies as the fleet server takes them: what fits its table decodes within its bounds.
 * Trust: test code.
 */
#include "signetd/body.h"
#include "tests/fuzz/fuzz.h"

static const struct field fields[] = {
	{ "text", FIELD_TEXT, FIELD_REQUIRED, 32 },
	{ "hex", FIELD_HEX, 0, 4 },
	{ "base64", FIELD_BASE64, FIELD_NULLABLE, 64 },
	{ "number", FIELD_NUMBER, 0, 1000 },
	{ "bool", FIELD_BOOL, 0, 0 },
	{ "object", FIELD_OBJECT, 0, 4 },
	{ "array", FIELD_ARRAY, 0, 4 },
	{ "pem", FIELD_PEM, 0, 64 },
};

static void decode(yyjson_val *root)
{
	u8 out[64];
	const char *text = field_text(root, "text"), *base64 = field_text(root, "base64");

	must(text && strlen(text) == yyjson_get_len(yyjson_obj_get(root, "text")) && strlen(text) <= 32);
	must(!field_text(root, "hex") || field_hex(root, "hex", out, sizeof(out)) == 4);
	must(!base64 || field_base64(root, "base64", out, sizeof(out)) > 0);
	must(field_number(root, "number") <= 1000);
}

int LLVMFuzzerTestOneInput(const u8 *bytes, size_t n)
{
	char why[256] = "";
	u8 *copy = malloc(n ? n : 1);

	memcpy(copy, bytes, n);
	yyjson_doc *doc = yyjson_read_opts((char *)copy, n, 0, NULL, NULL);
	yyjson_val *root = yyjson_doc_get_root(doc);
	if (yyjson_is_obj(root)) {
		if (fields_fit(root, fields, ARRAY_SIZE(fields), why, sizeof(why)))
			decode(root);
		else
			must(why[0]);
	}
	yyjson_doc_free(doc);
	free(copy);
	return 0;
}
