/*
 * NV indices of a TPM.
 * Trust: in the TCB; pure over the transport.
 */
#ifndef SIGNET_LIB_TPM_NV_H
#define SIGNET_LIB_TPM_NV_H

#include "lib/tpm/command.h"

/* TPMS_NV_PUBLIC */
struct tpm_nv_public {
	u32 index;
	u16 name_alg;
	u32 attributes; /* enum tpma_nv */
	u16 policy_size;
	u8 policy[TPM_DIGEST_MAX];
	u16 size; /* of the content, bytes */
};
enum { NV_PUBLIC_MAX = 4 + 2 + 4 + 2 + TPM_DIGEST_MAX + 2 };

/* At most NV_PUBLIC_MAX bytes. */
void write_nv_public(struct writer *w, const struct tpm_nv_public *p);

/* TPM_RC_HANDLE: not defined. The Name, which covers all of the public area, is checked when it is a SHA-256 one. */
enum err tpm_nv_read_public(struct tpm *tpm, u32 index, struct tpm_nv_public *out, struct tpm_name *name) MUST_CHECK;

/* size <= TPM_NV_DATA_MAX bytes from the start, under the index's own, empty authValue. */
enum err tpm_nv_read(struct tpm *tpm, u32 index, u8 *out, u16 size) MUST_CHECK;

/* Writes n <= TPM_NV_DATA_MAX bytes at the start, authorized through the index itself by a session, or its empty value.
 */
enum err tpm_nv_write(struct tpm *tpm, u32 index, u32 session, const u8 *bytes, size_t n) MUST_CHECK;

/* With an empty authValue. TPM_RC_NV_SPACE: full; TPM_RC_NV_DEFINED: there already. */
enum err tpm_nv_define(struct tpm *tpm, const struct tpm_auth_value *owner, const struct tpm_nv_public *p) MUST_CHECK;

#endif
