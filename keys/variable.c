/*
 * Authenticated variables. The signature is a bare PKCS#7 SignedData over the content's hash, without attributes: what
 * the specification describes and every firmware reads. Trust: signs with the key that may change the variable.
 */
#include "keys/variable.h"

#include "keys/der.h"
#include "keys/random.h"
#include "lib/bytes.h"
#include "lib/crypto/crypto.h"

#include <mbedtls/sha256.h>
#include <string.h>

enum {
	/* Non-volatile, boot service and runtime access, time-based authenticated write access. */
	ATTRIBUTES = 0x27,
	EFI_TIME_SIZE = 16,
	WIN_CERTIFICATE_HEADER = 8 + GUID_SIZE,
	WIN_CERTIFICATE_REVISION = 0x0200,
	WIN_CERTIFICATE_EFI_GUID = 0x0ef1,
	TAG_CERTIFICATES = MBEDTLS_ASN1_CONTEXT_SPECIFIC | MBEDTLS_ASN1_CONSTRUCTED | 0,
	TAG_SET = MBEDTLS_ASN1_CONSTRUCTED | MBEDTLS_ASN1_SET,
};

/* 8be4df61-93ca-11d2-aa0d-00e098032b8c */
const u8 guid_global[GUID_SIZE] = { 0x61, 0xdf, 0xe4, 0x8b, 0xca, 0x93, 0xd2, 0x11, 0xaa, 0x0d, 0x00, 0xe0, 0x98, 0x03,
	0x2b, 0x8c };
/* d719b2cb-3d3a-4596-a3bc-dad00e67656f */
const u8 guid_database[GUID_SIZE] = { 0xcb, 0xb2, 0x19, 0xd7, 0x3a, 0x3d, 0x96, 0x45, 0xa3, 0xbc, 0xda, 0xd0, 0x0e,
	0x67, 0x65, 0x6f };
/* EFI_CERT_TYPE_PKCS7_GUID 4aafd29d-68df-49ee-8aa9-347d375665a7 */
static const u8 guid_pkcs7[GUID_SIZE] = { 0x9d, 0xd2, 0xaf, 0x4a, 0xdf, 0x68, 0xee, 0x49, 0x8a, 0xa9, 0x34, 0x7d, 0x37,
	0x56, 0x65, 0xa7 };

/* UTC; nanoseconds, zone and daylight must be zero here. */
static enum err time_encode(time_t when, u8 out[EFI_TIME_SIZE])
{
	struct tm t;

	if (!gmtime_r(&when, &t) || t.tm_year < 0 || t.tm_year > 9999 - 1900)
		return ERR_ARGUMENT;
	memset(out, 0, EFI_TIME_SIZE);
	store_le16(out, (u16)(t.tm_year + 1900));
	out[2] = (u8)(t.tm_mon + 1);
	out[3] = (u8)t.tm_mday;
	out[4] = (u8)t.tm_hour;
	out[5] = (u8)t.tm_min;
	out[6] = (u8)t.tm_sec;
	return OK;
}

/* What is signed: name in UTF-16 without its end, vendor, attributes, time stamp, content. */
static enum err message_hash(const struct variable_update *u, const u8 stamp[EFI_TIME_SIZE], u8 hash[SHA256_SIZE])
{
	u8 head[2 * VARIABLE_NAME_MAX + GUID_SIZE + 4 + EFI_TIME_SIZE];
	struct writer w = writer_on(head, sizeof(head));
	mbedtls_sha256_context h;
	int status;

	if (strlen(u->name) > VARIABLE_NAME_MAX)
		return ERR_ARGUMENT;
	for (const char *c = u->name; *c; c++)
		write_le16(&w, (u8)*c);
	write_bytes(&w, u->guid, GUID_SIZE);
	write_le32(&w, ATTRIBUTES);
	write_bytes(&w, stamp, EFI_TIME_SIZE);
	mbedtls_sha256_init(&h);
	status = mbedtls_sha256_starts(&h, 0);
	if (status == 0)
		status = mbedtls_sha256_update(&h, head, w.used);
	if (status == 0)
		status = mbedtls_sha256_update(&h, u->content, u->length);
	if (status == 0)
		status = mbedtls_sha256_finish(&h, hash);
	mbedtls_sha256_free(&h);
	return status == 0 && !w.failed ? OK : ERR_INTERNAL;
}

static void put_signer_info(struct der *d, const mbedtls_x509_crt *crt, const u8 *signature, size_t n)
{
	size_t before = der_length(d), names;

	der_octets(d, signature, n);
	DER_ALGORITHM(d, MBEDTLS_OID_PKCS1_RSA);
	DER_ALGORITHM(d, MBEDTLS_OID_DIGEST_ALG_SHA256);
	names = der_length(d);
	der_raw(d, crt->serial.p, crt->serial.len);
	der_header(d, MBEDTLS_ASN1_INTEGER, crt->serial.len);
	der_raw(d, crt->issuer_raw.p, crt->issuer_raw.len);
	der_wrap(d, DER_SEQUENCE, names);
	der_number(d, 1);
	der_wrap(d, DER_SEQUENCE, before);
}

static void put_signed_data(struct der *d, const mbedtls_x509_crt *crt, const u8 *signature, size_t n)
{
	size_t before;

	put_signer_info(d, crt, signature, n);
	der_wrap(d, TAG_SET, 0);
	before = der_length(d);
	der_raw(d, crt->raw.p, crt->raw.len);
	der_wrap(d, TAG_CERTIFICATES, before);
	before = der_length(d);
	DER_OID(d, MBEDTLS_OID_PKCS7_DATA);
	der_wrap(d, DER_SEQUENCE, before);
	before = der_length(d);
	DER_ALGORITHM(d, MBEDTLS_OID_DIGEST_ALG_SHA256);
	der_wrap(d, TAG_SET, before);
	der_number(d, 1);
	der_wrap(d, DER_SEQUENCE, 0);
}

static enum err write_auth(
        const struct variable_update *u, const u8 stamp[EFI_TIME_SIZE], const struct der *d, u8 *out, size_t *n)
{
	struct writer w = writer_on(out, VARIABLE_OVERHEAD_MAX + u->length);

	write_bytes(&w, stamp, EFI_TIME_SIZE);
	write_le32(&w, WIN_CERTIFICATE_HEADER + (u32)der_length(d));
	write_le16(&w, WIN_CERTIFICATE_REVISION);
	write_le16(&w, WIN_CERTIFICATE_EFI_GUID);
	write_bytes(&w, guid_pkcs7, GUID_SIZE);
	write_bytes(&w, d->at, der_length(d));
	write_bytes(&w, u->content, u->length);
	*n = w.used;
	return w.failed ? ERR_INTERNAL : OK;
}

enum err variable_sign(
        const struct variable_update *u, mbedtls_pk_context *key, const mbedtls_x509_crt *crt, u8 *out, size_t *n)
{
	u8 stamp[EFI_TIME_SIZE], hash[SHA256_SIZE], signature[MBEDTLS_PK_SIGNATURE_MAX_SIZE];
	size_t length;
	struct der d;
	enum err e = time_encode(u->when, stamp);

	if (!e)
		e = message_hash(u, stamp, hash);
	if (!e &&
	        mbedtls_pk_sign(key, MBEDTLS_MD_SHA256, hash, sizeof(hash), signature, sizeof(signature), &length,
	                random_source, NULL) != 0)
		e = ERR_INTERNAL;
	if (e)
		return e;
	der_start(&d);
	put_signed_data(&d, crt, signature, length);
	return d.status ? ERR_INTERNAL : write_auth(u, stamp, &d, out, n);
}
