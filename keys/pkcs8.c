/*
 * PKCS#8 writer. mbedTLS's ASN.1 writers fill a buffer from its end backwards, so everything reads last field first.
 * Trust: handles private keys.
 */
#include "keys/pkcs8.h"

#include "keys/der.h"
#include "keys/random.h"

#include <mbedtls/aes.h>
#include <mbedtls/pem.h>
#include <mbedtls/pkcs5.h>
#include <mbedtls/platform_util.h>
#include <string.h>

enum { SALT_SIZE = 16, BLOCK = 16, AES_KEY_SIZE = 32 };

static void put_algorithm(struct der *d, const mbedtls_pk_context *key)
{
	size_t before = der_length(d);

	if (mbedtls_pk_get_type(key) == MBEDTLS_PK_RSA) {
		der_null(d);
		DER_OID(d, MBEDTLS_OID_PKCS1_RSA);
	} else {
		if (mbedtls_pk_get_bitlen(key) == 384)
			DER_OID(d, MBEDTLS_OID_EC_GRP_SECP384R1);
		else
			DER_OID(d, MBEDTLS_OID_EC_GRP_SECP256R1);
		DER_OID(d, MBEDTLS_OID_EC_ALG_UNRESTRICTED);
	}
	der_wrap(d, DER_SEQUENCE, before);
}

/* PrivateKeyInfo ::= SEQUENCE { version, algorithm, OCTET STRING } around the traditional encoding. */
static enum err plain_der(struct der *d, const mbedtls_pk_context *key)
{
	int n = mbedtls_pk_write_key_der(key, d->bytes, DER_MAX);

	if (n < 0)
		return ERR_INTERNAL;
	d->at -= n;
	der_header(d, MBEDTLS_ASN1_OCTET_STRING, (size_t)n);
	put_algorithm(d, key);
	der_number(d, 0);
	der_wrap(d, DER_SEQUENCE, 0);
	return d->status ? ERR_INTERNAL : OK;
}

struct pbes2 {
	u8 salt[SALT_SIZE];
	u8 iv[BLOCK];
};

/* AES-256-CBC with PKCS#7 padding, in place; text has room for one more block. */
static enum err encrypt(const struct passphrase *p, const struct pbes2 *parameters, u8 *text, size_t *n)
{
	u8 key[AES_KEY_SIZE], iv[BLOCK];
	u8 pad = (u8)(BLOCK - *n % BLOCK);
	mbedtls_aes_context aes;
	int status;

	memset(text + *n, pad, pad);
	*n += pad;
	memcpy(iv, parameters->iv, BLOCK);
	mbedtls_aes_init(&aes);
	status = mbedtls_pkcs5_pbkdf2_hmac_ext(MBEDTLS_MD_SHA256, (const u8 *)p->text, p->length, parameters->salt,
	        SALT_SIZE, PBKDF2_ITERATIONS, AES_KEY_SIZE, key);
	if (status == 0)
		status = mbedtls_aes_setkey_enc(&aes, key, AES_KEY_SIZE * 8);
	if (status == 0)
		status = mbedtls_aes_crypt_cbc(&aes, MBEDTLS_AES_ENCRYPT, *n, iv, text, text);
	mbedtls_aes_free(&aes);
	mbedtls_platform_zeroize(key, sizeof(key));
	return status ? ERR_INTERNAL : OK;
}

static void put_pbkdf2(struct der *d, const struct pbes2 *parameters)
{
	size_t before = der_length(d);

	DER_ALGORITHM(d, MBEDTLS_OID_HMAC_SHA256);
	der_number(d, PBKDF2_ITERATIONS);
	der_octets(d, parameters->salt, SALT_SIZE);
	der_wrap(d, DER_SEQUENCE, before);
	DER_OID(d, MBEDTLS_OID_PKCS5_PBKDF2);
	der_wrap(d, DER_SEQUENCE, before);
}

static void put_pbes2(struct der *d, const struct pbes2 *parameters)
{
	size_t before = der_length(d);

	der_octets(d, parameters->iv, BLOCK);
	DER_OID(d, MBEDTLS_OID_AES_256_CBC);
	der_wrap(d, DER_SEQUENCE, before);
	put_pbkdf2(d, parameters);
	der_wrap(d, DER_SEQUENCE, before);
	DER_OID(d, MBEDTLS_OID_PKCS5_PBES2);
	der_wrap(d, DER_SEQUENCE, before);
}

/* EncryptedPrivateKeyInfo ::= SEQUENCE { algorithm, OCTET STRING }; replaces d's content. */
static enum err encrypted_der(struct der *d, const struct passphrase *passphrase)
{
	u8 text[DER_MAX + BLOCK];
	size_t n = der_length(d);
	struct pbes2 parameters;
	enum err e;

	memcpy(text, d->at, n);
	e = random_bytes((u8 *)&parameters, sizeof(parameters));
	if (!e)
		e = encrypt(passphrase, &parameters, text, &n);
	if (e) {
		mbedtls_platform_zeroize(text, sizeof(text));
		return e;
	}
	mbedtls_platform_zeroize(d->bytes, DER_MAX);
	der_start(d);
	der_octets(d, text, n);
	put_pbes2(d, &parameters);
	der_wrap(d, DER_SEQUENCE, 0);
	return d->status ? ERR_INTERNAL : OK;
}

static enum err write_pem(const struct der *d, bool encrypted, char out[KEY_PEM_MAX], size_t *n)
{
	const char *begin = encrypted ? "-----BEGIN ENCRYPTED PRIVATE KEY-----\n" : "-----BEGIN PRIVATE KEY-----\n";
	const char *end = encrypted ? "-----END ENCRYPTED PRIVATE KEY-----\n" : "-----END PRIVATE KEY-----\n";

	if (mbedtls_pem_write_buffer(begin, end, d->at, der_length(d), (u8 *)out, KEY_PEM_MAX, n) != 0)
		return ERR_INTERNAL;
	*n -= 1; /* the NUL */
	return OK;
}

enum err pkcs8_write(
        const mbedtls_pk_context *key, const struct passphrase *passphrase, char out[KEY_PEM_MAX], size_t *n)
{
	struct der d;
	enum err e;

	der_start(&d);
	e = plain_der(&d, key);
	if (!e && passphrase->length)
		e = encrypted_der(&d, passphrase);
	if (!e)
		e = write_pem(&d, passphrase->length != 0, out, n);
	mbedtls_platform_zeroize(&d, sizeof(d));
	return e;
}
