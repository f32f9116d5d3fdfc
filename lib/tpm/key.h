/*
 * Keys in the TPM: loading a public one to verify with, the attestation key, persistence.
 * Trust: in the TCB; pure over the transport.
 */
#ifndef SIGNET_LIB_TPM_KEY_H
#define SIGNET_LIB_TPM_KEY_H

#include "lib/tpm/command.h"
#include "lib/tpm/marshal.h"

enum { TPM_PUBLIC_MAX = 512 };

/* TPMT_TK_VERIFIED */
struct tpm_ticket {
	u32 hierarchy;
	u16 size;
	u8 digest[TPM_DIGEST_MAX];
};

/* A public area as the TPM marshals it (TPMT_PUBLIC), and its Name. */
struct tpm_public {
	struct tpm_name name;
	u16 size;
	u8 bytes[TPM_PUBLIC_MAX];
};

/* Public area under which a P-256 verification key, X || Y, is loaded. */
struct tpm_ecc_public tpm_external_key(const u8 key[P256_KEY_SIZE]);

/*
 * Loads it into the owner hierarchy, the only one whose tickets PolicyAuthorize takes from us; the Name the TPM
 * computes must be ours. Flush *handle after use.
 */
enum err tpm_load_external(struct tpm *tpm, const u8 key[P256_KEY_SIZE], u32 *handle) MUST_CHECK;

/* ERR_TPM_REFUSED with TPM_RC_SIGNATURE: the signature is wrong. */
enum err tpm_verify_signature(struct tpm *tpm, u32 key, const u8 digest[SHA256_SIZE],
        const u8 signature[TPM_SIGNATURE_SIZE], struct tpm_ticket *ticket) MUST_CHECK;

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

#endif
