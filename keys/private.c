/*
 * Making, saving and loading private keys.
 * Trust: holds private keys; buffers that held one are wiped.
 */
#include "keys/private.h"

#include "keys/files.h"
#include "keys/pkcs8.h"
#include "keys/random.h"

#include <mbedtls/ecp.h>
#include <mbedtls/platform_util.h>
#include <mbedtls/rsa.h>
#include <string.h>

/* Firmware in the field reads RSA-2048 everywhere, larger keys only in places. */
enum { RSA_BITS = 2048, RSA_EXPONENT = 65537 };

enum err private_key_make(enum key_type type, mbedtls_pk_context *key)
{
	bool rsa = type == KEY_RSA_2048;
	int status = mbedtls_pk_setup(key, mbedtls_pk_info_from_type(rsa ? MBEDTLS_PK_RSA : MBEDTLS_PK_ECKEY));

	if (status != 0)
		return ERR_NO_MEMORY;
	if (rsa)
		status = mbedtls_rsa_gen_key(mbedtls_pk_rsa(*key), random_source, NULL, RSA_BITS, RSA_EXPONENT);
	else
		status = mbedtls_ecp_gen_key(type == KEY_EC_P384 ? MBEDTLS_ECP_DP_SECP384R1 : MBEDTLS_ECP_DP_SECP256R1,
		        mbedtls_pk_ec(*key), random_source, NULL);
	return status == 0 ? OK : ERR_INTERNAL;
}

enum err private_key_save(const mbedtls_pk_context *key, const struct passphrase *passphrase, const char *path)
{
	char pem[KEY_PEM_MAX];
	size_t n;
	enum err e = pkcs8_write(key, passphrase, pem, &n);

	if (!e)
		e = file_create(path, pem, n, SECRET_MODE);
	mbedtls_platform_zeroize(pem, sizeof(pem));
	return e;
}

/* With a wrong passphrase one key in 256 unpads by chance and then fails to parse: that is the passphrase too. */
static enum err parse_error(const char *pem)
{
	return strstr(pem, "ENCRYPTED") ? ERR_KEY_PASSPHRASE : ERR_KEY_FILE;
}

enum err private_key_load(const char *path, const struct passphrase *passphrase, mbedtls_pk_context *key)
{
	u8 pem[KEY_PEM_MAX];
	size_t n;
	enum err e = secret_read(path, pem, sizeof(pem), &n);

	if (!e &&
	        mbedtls_pk_parse_key(
	                key, pem, n + 1, (const u8 *)passphrase->text, passphrase->length, random_source, NULL) != 0)
		e = parse_error((const char *)pem);
	mbedtls_platform_zeroize(pem, sizeof(pem));
	return e;
}

enum err public_key_save(const mbedtls_pk_context *key, const char *path)
{
	u8 pem[KEY_PEM_MAX];

	if (mbedtls_pk_write_pubkey_pem(key, pem, sizeof(pem)) != 0)
		return ERR_INTERNAL;
	return file_create(path, pem, strlen((const char *)pem), PUBLIC_MODE);
}

/* Other curves have these sizes too. */
static bool is_our_curve(const mbedtls_pk_context *key)
{
	mbedtls_ecp_group_id curve;

	if (mbedtls_pk_get_type(key) != MBEDTLS_PK_ECKEY)
		return false;
	curve = mbedtls_ecp_keypair_get_group_id(mbedtls_pk_ec(*key));
	return curve == MBEDTLS_ECP_DP_SECP384R1 || curve == MBEDTLS_ECP_DP_SECP256R1;
}

enum err ec_public_bytes(const mbedtls_pk_context *key, u8 out[P384_KEY_SIZE], size_t *n)
{
	u8 point[1 + P384_KEY_SIZE]; /* 04 || X || Y */

	if (!is_our_curve(key) ||
	        mbedtls_ecp_write_public_key(
	                mbedtls_pk_ec(*key), MBEDTLS_ECP_PF_UNCOMPRESSED, n, point, sizeof(point)) != 0)
		return ERR_KEY_FILE;
	*n -= 1;
	memset(out, 0, P384_KEY_SIZE);
	memcpy(out, point + 1, *n);
	return OK;
}
