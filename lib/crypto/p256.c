/*
 * ECDSA on P-256 for the verifier.
 * Trust: judges outside bytes of fixed length.
 */
#include "lib/crypto/p256.h"

#include <mbedtls/ecdsa.h>
#include <mbedtls/ecp.h>
#include <string.h>

enum { SCALAR_SIZE = P256_KEY_SIZE / 2, POINT_UNCOMPRESSED = 4 };

struct verification {
	mbedtls_ecp_group group;
	mbedtls_ecp_point key;
	mbedtls_mpi r;
	mbedtls_mpi s;
};

static int verify(struct verification *v, const u8 *key, const u8 *digest, const u8 *signature)
{
	u8 point[1 + P256_KEY_SIZE] = { POINT_UNCOMPRESSED };

	memcpy(point + 1, key, P256_KEY_SIZE);
	int rc = mbedtls_ecp_group_load(&v->group, MBEDTLS_ECP_DP_SECP256R1);
	if (rc == 0)
		rc = mbedtls_ecp_point_read_binary(&v->group, &v->key, point, sizeof(point));
	if (rc == 0)
		rc = mbedtls_ecp_check_pubkey(&v->group, &v->key);
	if (rc == 0)
		rc = mbedtls_mpi_read_binary(&v->r, signature, SCALAR_SIZE);
	if (rc == 0)
		rc = mbedtls_mpi_read_binary(&v->s, signature + SCALAR_SIZE, SCALAR_SIZE);
	return rc == 0 ? mbedtls_ecdsa_verify(&v->group, digest, SHA256_SIZE, &v->key, &v->r, &v->s) : rc;
}

enum err ecdsa_p256_verify(
        const u8 key[P256_KEY_SIZE], const u8 digest[SHA256_SIZE], const u8 signature[P256_SIGNATURE_SIZE])
{
	struct verification v;

	mbedtls_ecp_group_init(&v.group);
	mbedtls_ecp_point_init(&v.key);
	mbedtls_mpi_init(&v.r);
	mbedtls_mpi_init(&v.s);
	int rc = verify(&v, key, digest, signature);
	mbedtls_mpi_free(&v.s);
	mbedtls_mpi_free(&v.r);
	mbedtls_ecp_point_free(&v.key);
	mbedtls_ecp_group_free(&v.group);
	if (rc == 0)
		return OK;
	return rc == MBEDTLS_ERR_MPI_ALLOC_FAILED || rc == MBEDTLS_ERR_ECP_ALLOC_FAILED ? ERR_NO_MEMORY
	                                                                                : ERR_SIGNATURE_WRONG;
}
