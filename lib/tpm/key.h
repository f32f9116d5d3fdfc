/*
 * Keys in the TPM: loading a public one to verify with.
 * Trust: in the TCB; pure over the transport.
 */
#ifndef SIGNET_LIB_TPM_KEY_H
#define SIGNET_LIB_TPM_KEY_H

#include "lib/tpm/command.h"
#include "lib/tpm/marshal.h"

/* TPMT_TK_VERIFIED */
struct tpm_ticket {
	u32 hierarchy;
	u16 size;
	u8 digest[TPM_DIGEST_MAX];
};

/*
 * Loads the policy key, X || Y, into the owner hierarchy, the only one whose tickets PolicyAuthorize takes from us; the
 * Name the TPM computes must be ours. Flush *handle after use.
 */
enum err tpm_load_external(struct tpm *tpm, const u8 key[P256_KEY_SIZE], u32 *handle) MUST_CHECK;

/* ERR_TPM_REFUSED with TPM_RC_SIGNATURE: the signature is wrong. */
enum err tpm_verify_signature(struct tpm *tpm, u32 key, const u8 digest[SHA256_SIZE],
        const u8 signature[TPM_SIGNATURE_SIZE], struct tpm_ticket *ticket) MUST_CHECK;

/* The Name the TPM gives must be the one computed: the reader fails otherwise. */
void read_name_as(struct reader *r, const struct tpm_name *name);

#endif
