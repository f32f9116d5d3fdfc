/*
 * The project's cryptography over mbedTLS: SHA-2 and ECDSA P-384 verification.
 * Trust: in the TCB. Inputs are outside bytes of bounded length.
 */
#include "lib/crypto/crypto.h"

#include <assert.h>
#include <mbedtls/ecdsa.h>
#include <mbedtls/ecp.h>
#include <mbedtls/sha256.h>
#include <string.h>

enum { P384_SCALAR_SIZE = 48, POINT_UNCOMPRESSED = 4 };

static_assert(P384_KEY_SIZE == 2 * P384_SCALAR_SIZE && P384_SIGNATURE_SIZE == 2 * P384_SCALAR_SIZE, "halves");

/* mbedTLS's software SHA-2 fails only for a wrong variant flag, which is a constant here. */
void sha384_init(struct sha384 *h)
{
	mbedtls_sha512_init(&h->context);
	(void)mbedtls_sha512_starts(&h->context, 1);
}

void sha384_update(struct sha384 *h, const u8 *bytes, size_t n)
{
	(void)mbedtls_sha512_update(&h->context, bytes, n);
}

void sha384_final(struct sha384 *h, u8 digest[SHA384_SIZE])
{
	/* mbedTLS writes 48 bytes for SHA-384, though its prototype speaks of 64. */
	(void)mbedtls_sha512_finish(&h->context, digest);
	mbedtls_sha512_free(&h->context);
}

void sha384_of(const u8 *bytes, size_t n, u8 digest[SHA384_SIZE])
{
	struct sha384 h;
	sha384_init(&h);
	sha384_update(&h, bytes, n);
	sha384_final(&h, digest);
}

void sha256_of(const u8 *bytes, size_t n, u8 digest[SHA256_SIZE])
{
	sha256_of_two(bytes, n, NULL, 0, digest);
}

void sha256_of_two(const u8 *first, size_t n1, const u8 *second, size_t n2, u8 digest[SHA256_SIZE])
{
	mbedtls_sha256_context h;
	mbedtls_sha256_init(&h);
	(void)mbedtls_sha256_starts(&h, 0);
	(void)mbedtls_sha256_update(&h, first, n1);
	(void)mbedtls_sha256_update(&h, second, n2);
	(void)mbedtls_sha256_finish(&h, digest);
	mbedtls_sha256_free(&h);
}

struct verification {
	mbedtls_ecp_group group;
	mbedtls_ecp_point key;
	mbedtls_mpi r;
	mbedtls_mpi s;
};

/* Returns mbedTLS's error, zero when everything is in place and the key is a point of the curve. */
static int load(struct verification *v, const u8 *key, const u8 *signature)
{
	u8 point[1 + P384_KEY_SIZE] = { POINT_UNCOMPRESSED };
	memcpy(point + 1, key, P384_KEY_SIZE);
	int rc = mbedtls_ecp_group_load(&v->group, MBEDTLS_ECP_DP_SECP384R1);
	if (rc == 0)
		rc = mbedtls_ecp_point_read_binary(&v->group, &v->key, point, sizeof(point));
	/* A point of a weaker curve must not get in; mbedTLS looks again later, without a promise. */
	if (rc == 0)
		rc = mbedtls_ecp_check_pubkey(&v->group, &v->key);
	if (rc == 0)
		rc = mbedtls_mpi_read_binary(&v->r, signature, P384_SCALAR_SIZE);
	if (rc == 0)
		rc = mbedtls_mpi_read_binary(&v->s, signature + P384_SCALAR_SIZE, P384_SCALAR_SIZE);
	return rc;
}

static enum err verdict(int rc)
{
	if (rc == 0)
		return OK;
	return rc == MBEDTLS_ERR_MPI_ALLOC_FAILED || rc == MBEDTLS_ERR_ECP_ALLOC_FAILED ? ERR_NO_MEMORY
	                                                                                : ERR_SIGNATURE_WRONG;
}

enum err ecdsa_p384_verify(
        const u8 key[P384_KEY_SIZE], const u8 digest[SHA384_SIZE], const u8 signature[P384_SIGNATURE_SIZE])
{
	struct verification v;
	mbedtls_ecp_group_init(&v.group);
	mbedtls_ecp_point_init(&v.key);
	mbedtls_mpi_init(&v.r);
	mbedtls_mpi_init(&v.s);
	int rc = load(&v, key, signature);
	if (rc == 0)
		rc = mbedtls_ecdsa_verify(&v.group, digest, SHA384_SIZE, &v.key, &v.r, &v.s);
	mbedtls_mpi_free(&v.s);
	mbedtls_mpi_free(&v.r);
	mbedtls_ecp_point_free(&v.key);
	mbedtls_ecp_group_free(&v.group);
	return verdict(rc);
}

bool digest_equal(const u8 *a, const u8 *b, size_t n)
{
	u8 differs = 0;
	for (size_t i = 0; i < n; i++)
		differs |= a[i] ^ b[i];
	return differs == 0;
}
