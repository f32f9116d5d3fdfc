/*
 * Public areas and signatures as a TPM gives them.
 * Trust: pure; reads outside bytes. Root mode and stage read neither.
 */
#include "lib/tpm/public.h"

#include <string.h>

static void expect_be16(struct reader *r, u16 value)
{
	if (read_be16(r) != value)
		r->failed = true;
}

/* TPMs differ in whether they strip leading zeros: pad to the curve's size. */
static void read_coordinate(struct reader *r, u8 to[COORDINATE_SIZE])
{
	size_t n;
	const u8 *bytes = read_tpm2b(r, COORDINATE_SIZE, &n);
	memset(to, 0, COORDINATE_SIZE);
	if (bytes)
		memcpy(to + COORDINATE_SIZE - n, bytes, n);
}

void read_ecc_public(struct reader *r, struct tpm_ecc_public *p)
{
	expect_be16(r, TPM_ALG_ECC);
	expect_be16(r, TPM_ALG_SHA256);
	p->attributes = read_be32(r);
	expect_be16(r, 0); /* authPolicy: none of our keys has one */
	expect_be16(r, TPM_ALG_NULL);
	expect_be16(r, TPM_ALG_ECDSA);
	expect_be16(r, TPM_ALG_SHA256);
	expect_be16(r, TPM_ECC_NIST_P256);
	expect_be16(r, TPM_ALG_NULL);
	read_coordinate(r, p->key);
	read_coordinate(r, p->key + COORDINATE_SIZE);
}

void read_ecdsa_signature(struct reader *r, u8 signature[TPM_SIGNATURE_SIZE])
{
	expect_be16(r, TPM_ALG_ECDSA);
	expect_be16(r, TPM_ALG_SHA256);
	read_coordinate(r, signature);
	read_coordinate(r, signature + COORDINATE_SIZE);
}
