/*
 * P-256 through the host's mbedTLS.
 * Test code for a host.
 */
#include "tests/tpm/test_key.h"

#include <mbedtls/ecdsa.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum { HALF = 32 };

static void must(int mbedtls_result)
{
	if (mbedtls_result != 0)
		abort();
}

static int blinding(void *context, unsigned char *out, size_t n)
{
	(void)context;
	return getrandom(out, n, 0) == (ssize_t)n ? 0 : -1;
}

void test_key_make(struct test_key *key, u8 seed)
{
	mbedtls_ecp_keypair pair;
	u8 point[1 + P256_KEY_SIZE];
	size_t n;
	sha256_of(&seed, 1, key->secret);
	mbedtls_ecp_keypair_init(&pair);
	must(mbedtls_ecp_read_key(MBEDTLS_ECP_DP_SECP256R1, &pair, key->secret, sizeof(key->secret)));
	must(mbedtls_ecp_keypair_calc_public(&pair, blinding, NULL));
	must(mbedtls_ecp_write_public_key(&pair, MBEDTLS_ECP_PF_UNCOMPRESSED, &n, point, sizeof(point)));
	memcpy(key->public, point + 1, sizeof(key->public));
	mbedtls_ecp_keypair_free(&pair);
}

void test_key_sign(const struct test_key *key, const u8 digest[SHA256_SIZE], u8 signature[POLICY_SIGNATURE_SIZE])
{
	mbedtls_ecp_group group;
	mbedtls_mpi d, r, v;
	mbedtls_ecp_group_init(&group);
	mbedtls_mpi_init(&d);
	mbedtls_mpi_init(&r);
	mbedtls_mpi_init(&v);
	must(mbedtls_ecp_group_load(&group, MBEDTLS_ECP_DP_SECP256R1));
	must(mbedtls_mpi_read_binary(&d, key->secret, sizeof(key->secret)));
	must(mbedtls_ecdsa_sign_det_ext(&group, &r, &v, &d, digest, SHA256_SIZE, MBEDTLS_MD_SHA256, blinding, NULL));
	must(mbedtls_mpi_write_binary(&r, signature, HALF));
	must(mbedtls_mpi_write_binary(&v, signature + HALF, HALF));
	mbedtls_mpi_free(&d);
	mbedtls_mpi_free(&r);
	mbedtls_mpi_free(&v);
	mbedtls_ecp_group_free(&group);
}

bool p256_verify(const u8 key[P256_KEY_SIZE], const u8 digest[SHA256_SIZE], const u8 signature[POLICY_SIGNATURE_SIZE])
{
	mbedtls_ecp_group group;
	mbedtls_ecp_point q;
	mbedtls_mpi r, v;
	u8 point[1 + P256_KEY_SIZE] = { 4 };
	memcpy(point + 1, key, P256_KEY_SIZE);
	mbedtls_ecp_group_init(&group);
	mbedtls_ecp_point_init(&q);
	mbedtls_mpi_init(&r);
	mbedtls_mpi_init(&v);
	must(mbedtls_ecp_group_load(&group, MBEDTLS_ECP_DP_SECP256R1));
	must(mbedtls_ecp_point_read_binary(&group, &q, point, sizeof(point)));
	must(mbedtls_mpi_read_binary(&r, signature, HALF));
	must(mbedtls_mpi_read_binary(&v, signature + HALF, HALF));
	bool good = mbedtls_ecdsa_verify(&group, digest, SHA256_SIZE, &q, &r, &v) == 0;
	mbedtls_mpi_free(&r);
	mbedtls_mpi_free(&v);
	mbedtls_ecp_point_free(&q);
	mbedtls_ecp_group_free(&group);
	return good;
}
