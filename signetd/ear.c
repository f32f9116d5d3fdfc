/*
 * EARs.
 * Trust: says what the appraisal found.
 */
#include "signetd/ear.h"

#include "lib/bytes.h"
#include "lib/json/fields.h"
#include "lib/print.h"

#include <mbedtls/base64.h>
#include <stdlib.h>
#include <string.h>
#include <yyjson.h>

#define PROFILE "tag:ietf.org,2026:rats/ear#04"

/* Values of AR4SI's trustworthiness vector that we use (draft-ietf-rats-ar4si, section 2.3). */
enum trust {
	TRUST_NOT_CLAIMED = 0,
	TRUST_VERIFIER_FAILED = 1,
	TRUST_AFFIRMED = 2,
	TRUST_WARNING = 32,
	TRUST_CONTRAINDICATED = 96,
	TRUST_UNRECOGNIZED = 97,
	TRUST_CRYPTO_FAILED = 99,
};

enum aspect { ASPECT_IDENTITY, ASPECT_CONFIGURATION, ASPECT_EXECUTABLES, ASPECT_HARDWARE, ASPECTS };

static const char *const aspect_names[ASPECTS] = {
	[ASPECT_IDENTITY] = "instance-identity",
	[ASPECT_CONFIGURATION] = "configuration",
	[ASPECT_EXECUTABLES] = "executables",
	[ASPECT_HARDWARE] = "hardware",
};

/* What each verdict speaks against; those of a range up to and with last. */
static const struct blame {
	enum verdict last;
	enum aspect aspect;
	enum trust trust;
} blames[] = {
	{ VERDICT_INTERNAL, ASPECT_IDENTITY, TRUST_VERIFIER_FAILED },
	{ VERDICT_FORMAT, ASPECT_IDENTITY, TRUST_CONTRAINDICATED },
	{ VERDICT_AK_KIND, ASPECT_IDENTITY, TRUST_UNRECOGNIZED },
	{ VERDICT_PCR_DIGEST, ASPECT_IDENTITY, TRUST_CRYPTO_FAILED },
	{ VERDICT_SESSION, ASPECT_IDENTITY, TRUST_CONTRAINDICATED },
	{ VERDICT_IMAGE_DEVELOPMENT, ASPECT_EXECUTABLES, TRUST_CONTRAINDICATED },
	{ VERDICT_NV_SEQUENCE, ASPECT_CONFIGURATION, TRUST_CONTRAINDICATED },
	{ VERDICT_BASELINE_DIFFERS, ASPECT_EXECUTABLES, TRUST_CONTRAINDICATED },
};

static const struct blame *blame_of(enum verdict v)
{
	for (size_t i = 0; i < ARRAY_SIZE(blames); i++)
		if (v <= blames[i].last)
			return &blames[i];
	return &blames[0];
}

/* After a failure nothing is claimed but that, and who the node is when that much was proven before. */
static void fill_failed(const struct ear *e, enum trust vector[ASPECTS])
{
	const struct blame *b = blame_of(e->verdict);

	if (e->verdict > VERDICT_CHANNEL)
		vector[ASPECT_IDENTITY] = TRUST_AFFIRMED;
	vector[b->aspect] = b->trust;
}

static void fill_vector(const struct ear *e, enum trust vector[ASPECTS])
{
	for (size_t i = 0; i < ASPECTS; i++)
		vector[i] = TRUST_NOT_CLAIMED;
	if (!e->appraised)
		return;
	if (e->verdict != VERDICT_GOOD) {
		fill_failed(e, vector);
		return;
	}
	vector[ASPECT_IDENTITY] = e->held ? TRUST_CONTRAINDICATED : TRUST_AFFIRMED;
	vector[ASPECT_CONFIGURATION] = e->relaxed ? TRUST_WARNING : TRUST_AFFIRMED;
	vector[ASPECT_EXECUTABLES] = TRUST_AFFIRMED;
	vector[ASPECT_HARDWARE] = e->ek_certified ? TRUST_AFFIRMED : TRUST_NOT_CLAIMED;
}

/* The worst of the vector, as the draft has it. */
static const char *status_of(const enum trust vector[ASPECTS])
{
	enum trust worst = TRUST_NOT_CLAIMED;

	for (size_t i = 0; i < ASPECTS; i++) {
		if (vector[i] == TRUST_VERIFIER_FAILED)
			return "none";
		if (vector[i] > worst)
			worst = vector[i];
	}
	if (worst >= TRUST_CONTRAINDICATED)
		return "contraindicated";
	if (worst >= TRUST_WARNING)
		return "warning";
	return worst == TRUST_AFFIRMED ? "affirming" : "none";
}

static void add_node(yyjson_mut_doc *doc, yyjson_mut_val *submods, const struct ear *e)
{
	enum trust vector[ASPECTS];
	yyjson_mut_val *node = yyjson_mut_obj_add_obj(doc, submods, "node");

	fill_vector(e, vector);
	yyjson_mut_obj_add_str(doc, node, "ear_status", status_of(vector));
	yyjson_mut_val *trust = yyjson_mut_obj_add_obj(doc, node, "ear_trustworthiness_vector");
	for (size_t i = 0; i < ASPECTS; i++)
		yyjson_mut_obj_add_int(doc, trust, aspect_names[i], (int64_t)vector[i]);
	if (!e->appraised)
		return;
	yyjson_mut_val *policies = yyjson_mut_obj_add_arr(doc, node, "ear_appraisal_policy_ids");
	char policy[128];
	(void)format(policy, sizeof(policy), "signet:class:%s", e->hardware_class);
	yyjson_mut_arr_add_strcpy(doc, policies, policy);
	yyjson_mut_obj_add_str(doc, node, "signet_verdict", verdict_name(e->verdict));
	yyjson_mut_obj_add_bool(doc, node, "signet_held", e->held);
	if (e->verdict != VERDICT_GOOD)
		return;
	if (e->baseline)
		yyjson_mut_obj_add_uint(doc, node, "signet_baseline", e->baseline);
	yyjson_mut_obj_add_str(doc, node, "signet_release", e->release);
	(void)json_put_hex(doc, node, "signet_manifest", e->manifest, sizeof(e->manifest));
	(void)json_put_hex(doc, node, "signet_session", e->session, sizeof(e->session));
}

static char *write_claims(const struct ear *e)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *claims = yyjson_mut_obj(doc);

	yyjson_mut_doc_set_root(doc, claims);
	yyjson_mut_obj_add_str(doc, claims, "eat_profile", PROFILE);
	yyjson_mut_obj_add_uint(doc, claims, "iat", e->issued);
	yyjson_mut_obj_add_uint(doc, claims, "exp", e->expires);
	(void)json_put_hex(doc, claims, "sub", e->node, sizeof(e->node));
	yyjson_mut_val *verifier = yyjson_mut_obj_add_obj(doc, claims, "ear_verifier_id");
	yyjson_mut_obj_add_str(doc, verifier, "developer", "Signet");
	yyjson_mut_obj_add_str(doc, verifier, "build", e->verifier);
	add_node(doc, yyjson_mut_obj_add_obj(doc, claims, "submods"), e);
	char *text = yyjson_mut_write(doc, YYJSON_WRITE_NOFLAG, NULL);
	yyjson_mut_doc_free(doc);
	return text;
}

/* RFC 4648, section 5, without padding; out has room for 4 * ((n + 2) / 3) + 1. */
static size_t base64url(const u8 *bytes, size_t n, char *out)
{
	size_t length = 0;

	if (mbedtls_base64_encode((u8 *)out, 4 * ((n + 2) / 3) + 1, &length, bytes, n) != 0)
		length = 0;
	while (length && out[length - 1] == '=')
		length--;
	out[length] = '\0';
	for (size_t i = 0; i < length; i++) {
		if (out[i] == '+')
			out[i] = '-';
		else if (out[i] == '/')
			out[i] = '_';
	}
	return length;
}

enum { COORDINATE_TEXT = 44, COORDINATE = P256_KEY_SIZE / 2 };

/* The key's members in the order that RFC 7638 hashes. */
void ear_key_id(const u8 key[P256_KEY_SIZE], char out[EAR_KEY_ID_SIZE])
{
	char x[COORDINATE_TEXT + 1];
	char y[COORDINATE_TEXT + 1];
	char json[192];
	u8 digest[SHA256_SIZE];
	char id[COORDINATE_TEXT + 1];

	(void)base64url(key, COORDINATE, x);
	(void)base64url(key + COORDINATE, COORDINATE, y);
	size_t n = format(json, sizeof(json), "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"%s\",\"y\":\"%s\"}", x, y);
	sha256_of((const u8 *)json, n, digest);
	(void)base64url(digest, sizeof(digest), id);
	memcpy(out, id, EAR_KEY_ID_SIZE);
}

static size_t encoded_size(size_t n)
{
	return 4 * ((n + 2) / 3) + 1;
}

/* header '.' claims '.' signature (RFC 7515, section 7.1) */
static enum err sign(const char *header, const char *claims, struct signer *key, char **jwt)
{
	size_t room = encoded_size(strlen(header)) + encoded_size(strlen(claims)) + encoded_size(P256_KEY_SIZE) + 2;
	u8 digest[SHA256_SIZE];
	u8 signature[P384_SIGNATURE_SIZE];
	char *text = malloc(room);

	if (!text)
		return ERR_NO_MEMORY;
	size_t n = base64url((const u8 *)header, strlen(header), text);
	text[n++] = '.';
	n += base64url((const u8 *)claims, strlen(claims), text + n);
	sha256_of((const u8 *)text, n, digest);
	enum err e = signer_sign(key, digest, signature);
	if (e) {
		free(text);
		return e;
	}
	text[n++] = '.';
	(void)base64url(signature, P256_KEY_SIZE, text + n);
	*jwt = text;
	return OK;
}

enum err ear_make(const struct ear *e, struct signer *key, char **jwt)
{
	char id[EAR_KEY_ID_SIZE];
	char header[128];

	*jwt = NULL;
	if (signer_size(key) != P256_KEY_SIZE)
		return ERR_ARGUMENT;
	char *claims = write_claims(e);
	if (!claims)
		return ERR_NO_MEMORY;
	ear_key_id(signer_public_key(key), id);
	(void)format(header, sizeof(header), "{\"alg\":\"ES256\",\"typ\":\"JWT\",\"kid\":\"%s\"}", id);
	enum err error = sign(header, claims, key, jwt);
	free(claims);
	return error;
}

static void add_key(
        yyjson_mut_doc *doc, yyjson_mut_val *keys, const u8 key[P256_KEY_SIZE], const u8 leaf[LEAF_RECORD_SIZE])
{
	char text[4 * ((LEAF_RECORD_SIZE + 2) / 3) + 1];
	char id[EAR_KEY_ID_SIZE];
	yyjson_mut_val *k = yyjson_mut_arr_add_obj(doc, keys);

	yyjson_mut_obj_add_str(doc, k, "kty", "EC");
	yyjson_mut_obj_add_str(doc, k, "crv", "P-256");
	(void)base64url(key, COORDINATE, text);
	yyjson_mut_obj_add_strcpy(doc, k, "x", text);
	(void)base64url(key + COORDINATE, COORDINATE, text);
	yyjson_mut_obj_add_strcpy(doc, k, "y", text);
	yyjson_mut_obj_add_str(doc, k, "use", "sig");
	yyjson_mut_obj_add_str(doc, k, "alg", "ES256");
	ear_key_id(key, id);
	yyjson_mut_obj_add_strcpy(doc, k, "kid", id);
	(void)base64url(leaf, LEAF_RECORD_SIZE, text);
	yyjson_mut_obj_add_strcpy(doc, k, "signet_leaf", text);
}

enum err ear_jwks(const u8 (*keys)[P256_KEY_SIZE], const u8 (*leaves)[LEAF_RECORD_SIZE], size_t n, char **json)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *root = yyjson_mut_obj(doc);
	yyjson_mut_val *list = yyjson_mut_obj_add_arr(doc, root, "keys");

	yyjson_mut_doc_set_root(doc, root);
	for (size_t i = 0; i < n; i++)
		add_key(doc, list, keys[i], leaves[i]);
	*json = yyjson_mut_write(doc, YYJSON_WRITE_NOFLAG, NULL);
	yyjson_mut_doc_free(doc);
	return *json ? OK : ERR_NO_MEMORY;
}
