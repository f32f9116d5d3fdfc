/*
 * The attestation key, and what the TPM says under its signature: commands that no code of ours sends but tests; the
 * agent has TPM2-TSS for them.
 * Test code for a host.
 */
#ifndef SIGNET_TESTS_TPM_AK_H
#define SIGNET_TESTS_TPM_AK_H

#include "lib/tpm/key.h"
#include "lib/tpm/public.h"

/* A public area as the TPM marshals it (TPMT_PUBLIC), and its Name. */
struct tpm_public {
	struct tpm_name name;
	u16 size;
	u8 bytes[TPM_PUBLIC_MAX];
};

/* The attestation key: restricted ECDSA P-256 in the owner hierarchy, so that TPM2_Clear ends it. Always the same one
 * until then. */
enum err tpm_create_ak(
        struct tpm *tpm, const struct tpm_auth_value *owner, u32 *handle, struct tpm_public *out) MUST_CHECK;

/* Public area of a loaded object; ERR_TPM_RESPONSE if it does not fit the Name. */
enum err tpm_read_public(struct tpm *tpm, u32 handle, struct tpm_public *out) MUST_CHECK;

/* ERR_TPM_RESPONSE unless it is one of our kind: ECDSA P-256 SHA-256, no policy. */
enum err tpm_ecc_public_decode(const struct tpm_public *p, struct tpm_ecc_public *out) MUST_CHECK;

/* Makes a transient object persistent; given the persistent handle itself, removes it. */
enum err tpm_evict_control(struct tpm *tpm, const struct tpm_auth_value *owner, u32 object, u32 persistent) MUST_CHECK;

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
