/*
 * Policy digests.
 * Trust: in the TCB; pure.
 */
#include "lib/tpm/policy.h"

#include "lib/tpm/marshal.h"

void policy_authorize_digest(const struct tpm_name *key, const u8 policy_ref[SHA256_SIZE], u8 out[SHA256_SIZE])
{
	u8 bytes[SHA256_SIZE + 4 + TPM_NAME_MAX];
	struct writer w = writer_on(bytes, sizeof(bytes));
	write_zero(&w, SHA256_SIZE); /* PolicyAuthorize starts over from zero */
	write_be32(&w, TPM_CC_PolicyAuthorize);
	write_bytes(&w, key->bytes, key->size);
	u8 with_key[SHA256_SIZE];
	sha256_of(bytes, w.used, with_key);
	sha256_of_two(with_key, SHA256_SIZE, policy_ref, SHA256_SIZE, out);
}

void policy_approval_hash(const u8 approved[SHA256_SIZE], const u8 policy_ref[SHA256_SIZE], u8 out[SHA256_SIZE])
{
	sha256_of_two(approved, SHA256_SIZE, policy_ref, SHA256_SIZE, out);
}

void policy_key_name(const u8 key[P256_KEY_SIZE], struct tpm_name *name)
{
	u8 bytes[ECC_PUBLIC_MAX];
	struct writer w = writer_on(bytes, sizeof(bytes));
	write_ecc_public(&w, POLICY_KEY_ATTRIBUTES, key);
	tpm_name_of(bytes, w.used, name);
}
