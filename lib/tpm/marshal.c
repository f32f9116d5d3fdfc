/*
 * Wire forms that several commands share.
 * Trust: in the TCB; pure. Reads outside bytes.
 */
#include "lib/tpm/marshal.h"

#include <string.h>

enum { PCR_SELECT_SIZE = 3 };

void write_tpm2b(struct writer *w, const u8 *bytes, size_t n)
{
	if (n > UINT16_MAX) {
		w->failed = true;
		return;
	}
	write_be16(w, (u16)n);
	if (n)
		write_bytes(w, bytes, n);
}

const u8 *read_tpm2b(struct reader *r, size_t max, size_t *n)
{
	*n = read_be16(r);
	if (*n > max)
		r->failed = true;
	return r->failed ? NULL : read_bytes(r, *n);
}

u16 read_tpm2b_to(struct reader *r, u8 *to, size_t max)
{
	size_t n;
	const u8 *bytes = read_tpm2b(r, max, &n);
	if (!bytes)
		return 0;
	memcpy(to, bytes, n);
	return (u16)n;
}

u16 tpm_hash_size(u16 alg)
{
	static const struct {
		u16 alg, size;
	} sizes[] = {
		{ TPM_ALG_SHA1, 20 },
		{ TPM_ALG_SHA256, 32 },
		{ TPM_ALG_SHA384, 48 },
		{ TPM_ALG_SHA512, 64 },
		{ TPM_ALG_SM3_256, 32 },
		{ TPM_ALG_SHA3_256, 32 },
		{ TPM_ALG_SHA3_384, 48 },
		{ TPM_ALG_SHA3_512, 64 },
	};
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
		if (sizes[i].alg == alg)
			return sizes[i].size;
	return 0;
}

void write_pcr_selection(struct writer *w, struct tpm_pcr_selection s)
{
	write_be32(w, 1);
	write_be16(w, s.alg);
	write_u8(w, PCR_SELECT_SIZE);
	for (u32 i = 0; i < PCR_SELECT_SIZE; i++)
		write_u8(w, (u8)(s.pcrs >> (8 * i)));
}

void write_name(struct writer *w, const struct tpm_name *name)
{
	write_tpm2b(w, name->bytes, name->size);
}

void read_name(struct reader *r, struct tpm_name *name)
{
	name->size = read_tpm2b_to(r, name->bytes, sizeof(name->bytes));
}

static void write_ecc_parameters(struct writer *w)
{
	write_be16(w, TPM_ALG_NULL); /* symmetric: not a storage key */
	write_be16(w, TPM_ALG_ECDSA);
	write_be16(w, TPM_ALG_SHA256);
	write_be16(w, TPM_ECC_NIST_P256);
	write_be16(w, TPM_ALG_NULL); /* kdf */
}

void write_ecc_public(struct writer *w, u32 attributes, const u8 key[P256_KEY_SIZE])
{
	size_t size = bytes_are_zero(key, P256_KEY_SIZE) ? 0 : COORDINATE_SIZE;
	write_be16(w, TPM_ALG_ECC);
	write_be16(w, TPM_ALG_SHA256);
	write_be32(w, attributes);
	write_tpm2b(w, NULL, 0); /* authPolicy */
	write_ecc_parameters(w);
	write_tpm2b(w, key, size);
	write_tpm2b(w, key + COORDINATE_SIZE, size);
}

void tpm_name_of(const u8 *public_area, size_t n, struct tpm_name *name)
{
	memset(name, 0, sizeof(*name));
	name->size = 2 + SHA256_SIZE;
	store_be16(name->bytes, TPM_ALG_SHA256);
	sha256_of(public_area, n, name->bytes + 2);
}

void write_ecdsa_signature(struct writer *w, const u8 signature[TPM_SIGNATURE_SIZE])
{
	write_be16(w, TPM_ALG_ECDSA);
	write_be16(w, TPM_ALG_SHA256);
	write_tpm2b(w, signature, COORDINATE_SIZE);
	write_tpm2b(w, signature + COORDINATE_SIZE, COORDINATE_SIZE);
}
