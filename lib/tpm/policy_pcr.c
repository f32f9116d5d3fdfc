/*
 * The digest of a policy over one PCR, for those who approve it or tell a TPM of it.
 * Trust: pure. Root mode and stage compute none: it comes to them signed.
 */
#include "lib/tpm/policy.h"

#include "lib/tpm/marshal.h"

void policy_pcr_digest(u32 pcr, const u8 value[SHA256_SIZE], u8 out[SHA256_SIZE])
{
	u8 bytes[SHA256_SIZE + 4 + 10 + SHA256_SIZE];
	struct writer w = writer_on(bytes, sizeof(bytes));
	write_zero(&w, SHA256_SIZE); /* a session starts at zero */
	write_be32(&w, TPM_CC_PolicyPCR);
	write_pcr_selection(&w, (struct tpm_pcr_selection){ .alg = TPM_ALG_SHA256, .pcrs = BIT(pcr) });
	u8 composite[SHA256_SIZE];
	sha256_of(value, SHA256_SIZE, composite);
	write_bytes(&w, composite, sizeof(composite));
	sha256_of(bytes, w.used, out);
}
