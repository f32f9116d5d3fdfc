/*
 * Self-signed certificates.
 * Trust: made where the private key is.
 */
#include "keys/certificate.h"

#include "image/host/file.h"
#include "keys/files.h"
#include "keys/pkcs8.h"
#include "keys/random.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { SERIAL_SIZE = 16, TIME_TEXT = 16, NAME_TEXT = 128, CERTIFICATE_MAX = 8192, CERTIFICATE_FILE_MAX = 65536 };

const struct certificate_role certificate_roles[] = {
	{ "pk", "Signet Platform Key", KEY_RSA_2048, false },
	{ "kek", "Signet Key Exchange Key", KEY_RSA_2048, false },
	{ "db", "Signet Secure Boot Signing", KEY_RSA_2048, false },
	{ "fleet-ca", "Signet Fleet CA", KEY_EC_P384, true },
};

const size_t certificate_role_count = ARRAY_SIZE(certificate_roles);

const struct certificate_role *certificate_role_find(const char *name)
{
	for (size_t i = 0; i < certificate_role_count; i++)
		if (strcmp(certificate_roles[i].name, name) == 0)
			return &certificate_roles[i];
	return NULL;
}

bool organisation_valid(const char *text)
{
	size_t n = strlen(text);

	if (n == 0 || n > ORGANISATION_MAX || text[0] == ' ' || text[n - 1] == ' ')
		return false;
	for (size_t i = 0; i < n; i++)
		if (text[i] < 0x20 || text[i] > 0x7e || strchr(",+\"\\<>;=#", text[i]))
			return false;
	return true;
}

/* From today's midnight UTC, so that a machine whose clock is a little behind accepts it. */
static enum err set_validity(mbedtls_x509write_cert *c)
{
	time_t now = time(NULL);
	struct tm t;
	char from[TIME_TEXT], to[TIME_TEXT];

	if (now == (time_t)-1 || !gmtime_r(&now, &t))
		return ERR_INTERNAL;
	if (strftime(from, sizeof(from), "%Y%m%d000000", &t) == 0)
		return ERR_INTERNAL;
	t.tm_year += CERTIFICATE_YEARS;
	/* 29 February is no day of every year. */
	if (t.tm_mon == 1 && t.tm_mday == 29)
		t.tm_mday = 28;
	if (strftime(to, sizeof(to), "%Y%m%d235959", &t) == 0)
		return ERR_INTERNAL;
	return mbedtls_x509write_crt_set_validity(c, from, to) == 0 ? OK : ERR_INTERNAL;
}

static enum err set_serial(mbedtls_x509write_cert *c)
{
	u8 serial[SERIAL_SIZE];
	enum err e = random_bytes(serial, sizeof(serial));

	if (e)
		return e;
	/* Positive and of fixed length (RFC 5280, 4.1.2.2). */
	serial[0] = (u8)((serial[0] & 0x7f) | 0x40);
	return mbedtls_x509write_crt_set_serial_raw(c, serial, sizeof(serial)) == 0 ? OK : ERR_INTERNAL;
}

static enum err set_names(mbedtls_x509write_cert *c, const char *common_name, const char *organisation)
{
	char name[NAME_TEXT];
	enum err e = path_make(name, sizeof(name), "CN=%s,O=%s", common_name, organisation);

	if (e)
		return e;
	if (mbedtls_x509write_crt_set_subject_name(c, name) != 0 || mbedtls_x509write_crt_set_issuer_name(c, name) != 0)
		return ERR_INTERNAL;
	return OK;
}

/*
 * Secure Boot keys are CAs without restriction, as the tools everybody uses make them: some firmware refuses others.
 * The fleet CA only issues.
 */
static enum err set_extensions(mbedtls_x509write_cert *c, const struct certificate_role *role)
{
	const unsigned int usage = MBEDTLS_X509_KU_KEY_CERT_SIGN | MBEDTLS_X509_KU_CRL_SIGN;

	if (mbedtls_x509write_crt_set_basic_constraints(c, 1, -1) != 0 ||
	        mbedtls_x509write_crt_set_subject_key_identifier(c) != 0 ||
	        mbedtls_x509write_crt_set_authority_key_identifier(c) != 0)
		return ERR_INTERNAL;
	return role->certifies && mbedtls_x509write_crt_set_key_usage(c, usage) != 0 ? ERR_INTERNAL : OK;
}

static enum err fill(mbedtls_x509write_cert *c, const struct certificate_role *role, const char *organisation,
        mbedtls_pk_context *key)
{
	enum err e;

	mbedtls_x509write_crt_set_version(c, MBEDTLS_X509_CRT_VERSION_3);
	mbedtls_x509write_crt_set_md_alg(c, role->type == KEY_RSA_2048 ? MBEDTLS_MD_SHA256 : MBEDTLS_MD_SHA384);
	mbedtls_x509write_crt_set_subject_key(c, key);
	mbedtls_x509write_crt_set_issuer_key(c, key);
	e = set_names(c, role->common_name, organisation);
	if (!e)
		e = set_serial(c);
	if (!e)
		e = set_validity(c);
	return e ? e : set_extensions(c, role);
}

static enum err save_certificate(
        const char *path, const struct certificate_role *role, const char *organisation, mbedtls_pk_context *key)
{
	u8 pem[CERTIFICATE_MAX];
	mbedtls_x509write_cert c;
	enum err e;

	mbedtls_x509write_crt_init(&c);
	e = fill(&c, role, organisation, key);
	if (!e && mbedtls_x509write_crt_pem(&c, pem, sizeof(pem), random_source, NULL) != 0)
		e = ERR_INTERNAL;
	mbedtls_x509write_crt_free(&c);
	return e ? e : file_create(path, pem, strlen((const char *)pem), PUBLIC_MODE);
}

enum err certificate_make(const char *dir, const struct certificate_role *role, const char *organisation,
        const struct passphrase *passphrase)
{
	char key_path[PATH_MAX], certificate_path[PATH_MAX];
	mbedtls_pk_context key;
	enum err e = path_make(key_path, sizeof(key_path), "%s/%s.pem", dir, role->name);

	if (!e)
		e = path_make(certificate_path, sizeof(certificate_path), "%s/%s.crt", dir, role->name);
	if (e)
		return e;
	mbedtls_pk_init(&key);
	e = private_key_make(role->type, &key);
	if (!e)
		e = private_key_save(&key, passphrase, key_path);
	if (!e)
		e = save_certificate(certificate_path, role, organisation, &key);
	mbedtls_pk_free(&key);
	return e;
}

enum err certificate_load(const char *path, mbedtls_x509_crt *crt)
{
	u8 bytes[CERTIFICATE_FILE_MAX + 1];
	size_t n;
	bool pem;

	if (file_read(path, bytes, CERTIFICATE_FILE_MAX, &n) != OK)
		return ERR_KEY_FILE;
	bytes[n] = 0;
	/* mbedTLS tells PEM from DER by the closing NUL being counted; text may stand before the PEM. */
	pem = strstr((const char *)bytes, "-----BEGIN CERTIFICATE-----") != NULL;
	if (mbedtls_x509_crt_parse(crt, bytes, pem ? n + 1 : n) != 0)
		return ERR_KEY_FILE;
	return OK;
}

enum err ca_key_load(const char *path, u8 out[P384_KEY_SIZE])
{
	mbedtls_x509_crt crt;
	mbedtls_pk_context key;
	size_t n = 0;
	enum err e;

	mbedtls_x509_crt_init(&crt);
	mbedtls_pk_init(&key);
	e = certificate_load(path, &crt);
	if (!e)
		e = ec_public_bytes(&crt.pk, out, &n);
	else if (!mbedtls_pk_parse_public_keyfile(&key, path))
		e = ec_public_bytes(&key, out, &n);
	mbedtls_pk_free(&key);
	mbedtls_x509_crt_free(&crt);
	return e || n == P384_KEY_SIZE ? e : ERR_KEY_FILE;
}
