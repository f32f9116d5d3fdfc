/*
 * Policy digests computed as the TPM computes them (TCG Part 1, section 19.7), for those who must know them beforehand.
 * Trust: in the TCB; pure.
 */
#ifndef SIGNET_LIB_TPM_POLICY_H
#define SIGNET_LIB_TPM_POLICY_H

#include "lib/crypto/crypto.h"
#include "lib/tpm/types.h"

/* Digest of a session after PolicyPCR over one SHA-256 PCR with this value; pcr 0..23. In policy_pcr.c. */
void policy_pcr_digest(u32 pcr, const u8 value[SHA256_SIZE], u8 out[SHA256_SIZE]);

/* authPolicy of PolicyAuthorize(key, policy_ref). */
void policy_authorize_digest(const struct tpm_name *key, const u8 policy_ref[SHA256_SIZE], u8 out[SHA256_SIZE]);

/* What the policy key signs to approve a digest (aHash). */
void policy_approval_hash(const u8 approved[SHA256_SIZE], const u8 policy_ref[SHA256_SIZE], u8 out[SHA256_SIZE]);

/*
 * Name of the policy key, X || Y, as LoadExternal takes it: ECDSA P-256 SHA-256. The Name covers the attributes, so
 * they are part of the format.
 */
enum { POLICY_KEY_ATTRIBUTES = TPMA_OBJECT_SIGN_ENCRYPT | TPMA_OBJECT_USERWITHAUTH };
void policy_key_name(const u8 key[P256_KEY_SIZE], struct tpm_name *name);

#endif
