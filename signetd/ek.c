/*
 * EK certificates.
 * Trust: decides at enrolment; nodes' certificates are outside bytes.
 */
#include "signetd/ek.h"

#include <dirent.h>
#include <mbedtls/oid.h>
#include <mbedtls/x509_crt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* tcg-kp-EKCertificate, 2.23.133.8.1 */
static const char ek_purpose[] = "\x67\x81\x05\x08\x01";

struct ek_authorities {
	mbedtls_x509_crt chain; /* version 0: empty */
	size_t count;
};

/*
 * Makers mark certificate policies critical, which mbedTLS knows only as anyPolicy. They say under what terms the
 * certificate was made and demand nothing of who reads it without a policy of his own (RFC 5280, section 6.1).
 */
static int allow_policies(void *context, const mbedtls_x509_crt *crt, const mbedtls_x509_buf *oid, int critical,
        const u8 *p, const u8 *end)
{
	(void)context;
	(void)crt;
	(void)critical;
	(void)p;
	(void)end;
	return MBEDTLS_OID_CMP(MBEDTLS_OID_CERTIFICATE_POLICIES, oid) == 0 ? 0 : -1;
}

static bool is_file(const char *path)
{
	struct stat s;

	return stat(path, &s) == 0 && S_ISREG(s.st_mode);
}

static enum err load_file(struct ek_authorities *a, const char *path)
{
	return mbedtls_x509_crt_parse_file(&a->chain, path) == 0 ? OK : ERR_KEY_FILE;
}

static enum err load_folder(struct ek_authorities *a, const char *folder, DIR *d, char *bad, size_t room)
{
	const struct dirent *entry;
	char path[4096];

	while ((entry = readdir(d)) != NULL) {
		int n = snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		if (entry->d_name[0] == '.' || n < 0 || (size_t)n >= sizeof(path) || !is_file(path))
			continue;
		enum err e = load_file(a, path);
		if (e) {
			(void)snprintf(bad, room, "%s", entry->d_name);
			return e;
		}
	}
	return OK;
}

enum err ek_authorities_load(const char *folder, struct ek_authorities **out, char *bad, size_t room)
{
	struct ek_authorities *a = calloc(1, sizeof(*a));
	DIR *d = folder ? opendir(folder) : NULL;
	enum err e = OK;

	if (room)
		bad[0] = '\0';
	if (!a)
		e = ERR_NO_MEMORY;
	else
		mbedtls_x509_crt_init(&a->chain);
	if (!e && folder)
		e = d ? load_folder(a, folder, d, bad, room) : ERR_IO;
	if (d)
		(void)closedir(d);
	for (const mbedtls_x509_crt *c = a ? &a->chain : NULL; !e && c && c->version != 0; c = c->next)
		a->count++;
	if (e) {
		ek_authorities_free(a);
		a = NULL;
	}
	*out = a;
	return e;
}

void ek_authorities_free(struct ek_authorities *a)
{
	if (!a)
		return;
	mbedtls_x509_crt_free(&a->chain);
	free(a);
}

size_t ek_authorities_count(const struct ek_authorities *a)
{
	return a ? a->count : 0;
}

static bool same_modulus(const mbedtls_pk_context *key, const struct ek_public *ek)
{
	size_t size = ek->template->bits / 8;
	u8 modulus[EK_RSA_MAX];
	u8 exponent[4];

	return mbedtls_pk_get_type(key) == MBEDTLS_PK_RSA && mbedtls_rsa_get_len(mbedtls_pk_rsa(*key)) == size &&
	        mbedtls_rsa_export_raw(mbedtls_pk_rsa(*key), modulus, size, NULL, 0, NULL, 0, NULL, 0, exponent,
	                sizeof(exponent)) == 0 &&
	        memcmp(modulus, ek->modulus, size) == 0 && load_be32(exponent) == 65537;
}

static bool same_point(const mbedtls_pk_context *key, const struct ek_public *ek)
{
	size_t size = ek->template->bits / 8;
	u8 point[1 + 2 * EK_COORDINATE_MAX];
	size_t n = 0;

	if (mbedtls_pk_get_type(key) != MBEDTLS_PK_ECKEY ||
	        mbedtls_ecp_write_public_key(
	                mbedtls_pk_ec(*key), MBEDTLS_ECP_PF_UNCOMPRESSED, &n, point, sizeof(point)) != 0)
		return false;
	return n == 1 + 2 * size && memcmp(point + 1, ek->x, size) == 0 && memcmp(point + 1 + size, ek->y, size) == 0;
}

/* An absent EKU allows any purpose; early TPM makers left it out. */
static bool is_for_an_ek(const mbedtls_x509_crt *crt)
{
	return !mbedtls_x509_crt_get_ca_istrue(crt) &&
	        mbedtls_x509_crt_check_extended_key_usage(crt, ek_purpose, sizeof(ek_purpose) - 1) == 0;
}

static enum ek_finding verify(const struct ek_authorities *a, mbedtls_x509_crt *crt)
{
	struct ek_authorities none;
	u32 flags = 0;

	memset(&none, 0, sizeof(none));
	/* mbedTLS takes a chain it may write to, and does not. */
	mbedtls_x509_crt *trusted = (mbedtls_x509_crt *)(uintptr_t)(a ? &a->chain : &none.chain);
	int failed = mbedtls_x509_crt_verify(crt, trusted, NULL, NULL, &flags, NULL, NULL);
	const u32 time = MBEDTLS_X509_BADCERT_EXPIRED | MBEDTLS_X509_BADCERT_FUTURE;
	if (!failed)
		return EK_TRUSTED;
	return failed == MBEDTLS_ERR_X509_CERT_VERIFY_FAILED && (flags & ~time) == 0 ? EK_TIME : EK_UNKNOWN_AUTHORITY;
}

static enum ek_finding judge(const struct ek_authorities *a, mbedtls_x509_crt *crt, const struct ek_public *ek)
{
	bool same = ek->template->kind == EK_RSA ? same_modulus(&crt->pk, ek) : same_point(&crt->pk, ek);

	if (!same)
		return EK_OTHER_KEY;
	return is_for_an_ek(crt) ? verify(a, crt) : EK_OTHER_PURPOSE;
}

enum ek_finding ek_certificate_judge(
        const struct ek_authorities *a, const u8 *der, size_t n, const struct ek_public *ek)
{
	mbedtls_x509_crt crt;
	enum ek_finding f = EK_UNREADABLE;

	if (n == 0)
		return EK_ABSENT;
	mbedtls_x509_crt_init(&crt);
	if (n <= EK_CERTIFICATE_MAX &&
	        mbedtls_x509_crt_parse_der_with_ext_cb(&crt, der, n, 1, allow_policies, NULL) == 0)
		f = judge(a, &crt, ek);
	mbedtls_x509_crt_free(&crt);
	return f;
}

const char *ek_finding_words(enum ek_finding f)
{
	static const char *const words[EK_FINDINGS] = {
		[EK_TRUSTED] = "certified by a configured TPM maker",
		[EK_ABSENT] = "the TPM has no EK certificate",
		[EK_UNREADABLE] = "the EK certificate is unreadable",
		[EK_OTHER_KEY] = "the EK certificate is for another key",
		[EK_OTHER_PURPOSE] = "the certificate was not made for an EK",
		[EK_UNKNOWN_AUTHORITY] = "the EK certificate does not chain to a configured TPM maker",
		[EK_TIME] = "the EK certificate has expired, or is not valid yet",
	};

	return f < EK_FINDINGS ? words[f] : words[EK_UNREADABLE];
}
