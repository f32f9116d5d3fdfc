/*
 * Attestation: what the TPM says under a key's signature. The attested bytes are handed on as they are; the verifier's
 * parser (attest/) judges them.
 * Trust: in the TCB; pure over the transport.
 */
#ifndef SIGNET_LIB_TPM_ATTEST_H
#define SIGNET_LIB_TPM_ATTEST_H

#include "lib/tpm/key.h"

enum { TPM_ATTEST_MAX = 1024, TPM_QUALIFYING_MAX = 64 };

struct tpm_attested {
	u16 size;
	u8 bytes[TPM_ATTEST_MAX]; /* TPMS_ATTEST */
	u8 signature[TPM_SIGNATURE_SIZE];
};

/* Caller's bytes inside the attested structure: a nonce, or a hash over one; at most TPM_QUALIFYING_MAX. */
struct tpm_qualifying {
	size_t size;
	const u8 *bytes;
};

/* key: a restricted signing key with an empty authValue, as tpm_create_ak makes it. */
enum err tpm_quote(struct tpm *tpm, u32 key, struct tpm_qualifying q, struct tpm_pcr_selection pcrs,
        struct tpm_attested *out) MUST_CHECK;

/* That object is loaded in this TPM; object too has an empty authValue. */
enum err tpm_certify(
        struct tpm *tpm, u32 key, u32 object, struct tpm_qualifying q, struct tpm_attested *out) MUST_CHECK;

/* Content of an NV index, 1 <= size <= TPM_NV_DATA_MAX bytes from its start, read under its own empty authValue. */
enum err tpm_nv_certify(
        struct tpm *tpm, u32 key, u32 index, u16 size, struct tpm_qualifying q, struct tpm_attested *out) MUST_CHECK;

#endif
