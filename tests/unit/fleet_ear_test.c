/*
 * EARs: signed as JWS has it, and saying what the appraisal found, for every verdict. tests/fleet has another
 * implementation check them.
 */
#include "keys/private.h"
#include "lib/crypto/p256.h"
#include "signetd/ear.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <mbedtls/base64.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <yyjson.h>

static struct signer *key;

static int set_up(void **state)
{
	(void)state;
	char path[] = "/tmp/signet-ear.XXXXXX";
	mbedtls_pk_context made;
	static const struct passphrase none;

	int fd = mkstemp(path);
	assert_true(fd >= 0 && close(fd) == 0 && unlink(path) == 0);
	mbedtls_pk_init(&made);
	assert_int_equal(private_key_make(KEY_EC_P256, &made), OK);
	assert_int_equal(private_key_save(&made, &none, path), OK);
	mbedtls_pk_free(&made);
	assert_int_equal(signer_open(path, &none, &key), OK);
	assert_int_equal(unlink(path), 0);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	signer_close(key);
	return 0;
}

static size_t decode(const char *text, size_t n, u8 *out, size_t room)
{
	char padded[4096];
	size_t length = 0;

	assert_true(n + 4 < sizeof(padded));
	for (size_t i = 0; i < n; i++)
		padded[i] = (char)(text[i] == '-' ? '+' : text[i] == '_' ? '/' : text[i]);
	while (n % 4)
		padded[n++] = '=';
	assert_int_equal(mbedtls_base64_decode(out, room, &length, (const u8 *)padded, n), 0);
	return length;
}

/* Checks the signature over the first two parts, and hands out the claims. */
static yyjson_doc *open_ear(const char *jwt)
{
	const char *second = strchr(jwt, '.') + 1;
	const char *third = strchr(second, '.') + 1;
	u8 signature[P256_SIGNATURE_SIZE];
	u8 digest[SHA256_SIZE];
	u8 claims[4096];

	assert_int_equal(decode(third, strlen(third), signature, sizeof(signature)), P256_SIGNATURE_SIZE);
	sha256_of((const u8 *)jwt, (size_t)(third - 1 - jwt), digest);
	assert_int_equal(ecdsa_p256_verify(signer_public_key(key), digest, signature), OK);
	size_t n = decode(second, (size_t)(third - 1 - second), claims, sizeof(claims));
	yyjson_doc *doc = yyjson_read((const char *)claims, n, 0);
	assert_non_null(doc);
	return doc;
}

static struct ear good(void)
{
	struct ear e = { .issued = 1000,
		.expires = 2000,
		.appraised = true,
		.ek_certified = true,
		.hardware_class = "rack-1",
		.release = "1.2",
		.verifier = "test" };
	memset(e.node, 0xAB, sizeof(e.node));
	return e;
}

static void expect(const struct ear *e, const char *status, const char *aspect, int value)
{
	char *jwt = NULL;
	char path[96];

	assert_int_equal(ear_make(e, key, &jwt), OK);
	yyjson_doc *doc = open_ear(jwt);
	yyjson_val *root = yyjson_doc_get_root(doc);
	assert_string_equal(yyjson_get_str(yyjson_doc_ptr_get(doc, "/submods/node/ear_status")), status);
	(void)snprintf(path, sizeof(path), "/submods/node/ear_trustworthiness_vector/%s", aspect);
	assert_int_equal(yyjson_get_int(yyjson_doc_ptr_get(doc, path)), value);
	assert_string_equal(yyjson_get_str(yyjson_obj_get(root, "eat_profile")), "tag:ietf.org,2026:rats/ear#04");
	assert_int_equal(yyjson_get_uint(yyjson_obj_get(root, "iat")), e->issued);
	yyjson_doc_free(doc);
	free(jwt);
}

static void a_good_node_is_affirmed(void **state)
{
	(void)state;
	struct ear e = good();
	expect(&e, "affirming", "executables", 2);
	e.ek_certified = false;
	expect(&e, "affirming", "hardware", 0);
	e.relaxed = true;
	expect(&e, "warning", "configuration", 32);
	e.held = true;
	expect(&e, "contraindicated", "instance-identity", 96);
	e.appraised = false;
	expect(&e, "none", "executables", 0);
}

/* Nothing but GOOD may read as anything a scheduler would accept. */
static void every_other_verdict_is_not(void **state)
{
	(void)state;
	struct ear e = good();
	for (u32 v = 1; v < 200; v++) {
		if (strcmp(verdict_name((enum verdict)v), "INTERNAL") == 0)
			continue;
		e.verdict = (enum verdict)v;
		expect(&e, "contraindicated", "hardware", 0);
	}
	e.verdict = VERDICT_INTERNAL;
	expect(&e, "none", "instance-identity", 1);
	e.verdict = VERDICT_BASELINE_DIFFERS;
	expect(&e, "contraindicated", "executables", 96);
	expect(&e, "contraindicated", "instance-identity", 2);
	e.verdict = VERDICT_NONCE;
	expect(&e, "contraindicated", "instance-identity", 96);
}

static void keys_are_published_with_their_leaves(void **state)
{
	(void)state;
	u8 keys[1][P256_KEY_SIZE];
	u8 leaves[1][LEAF_RECORD_SIZE] = { { 7 } };
	char id[EAR_KEY_ID_SIZE];
	char *json = NULL;
	u8 x[32];

	memcpy(keys[0], signer_public_key(key), P256_KEY_SIZE);
	assert_int_equal(
	        ear_jwks((const u8(*)[P256_KEY_SIZE])keys, (const u8(*)[LEAF_RECORD_SIZE])leaves, 1, &json), OK);
	assert_non_null(json);
	yyjson_doc *doc = yyjson_read(json, strlen(json), 0);
	ear_key_id(keys[0], id);
	assert_string_equal(yyjson_get_str(yyjson_doc_ptr_get(doc, "/keys/0/kid")), id);
	const char *text = yyjson_get_str(yyjson_doc_ptr_get(doc, "/keys/0/x"));
	assert_non_null(text);
	assert_int_equal(decode(text, text ? strlen(text) : 0, x, sizeof(x)), sizeof(x));
	assert_memory_equal(x, keys[0], sizeof(x));
	yyjson_doc_free(doc);
	free(json);
}

/* RFC 7638 has no EC example; this one is of RFC 7517, appendix A.1, hashed by Python. */
static void a_key_id_is_the_thumbprint(void **state)
{
	(void)state;
	static const char x[] = "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4";
	static const char y[] = "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM";
	u8 point[P256_KEY_SIZE];
	char id[EAR_KEY_ID_SIZE];

	assert_int_equal(decode(x, sizeof(x) - 1, point, 32), 32);
	assert_int_equal(decode(y, sizeof(y) - 1, point + 32, 32), 32);
	ear_key_id(point, id);
	assert_string_equal(id, "cn-I_WNMClehiVp51i_0VpOENW1upEerA8sEam5hn-s");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_node_is_affirmed),
		cmocka_unit_test(every_other_verdict_is_not),
		cmocka_unit_test(keys_are_published_with_their_leaves),
		cmocka_unit_test(a_key_id_is_the_thumbprint),
	};
	return cmocka_run_group_tests_name("fleet_ear", tests, set_up, tear_down);
}
