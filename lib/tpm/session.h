/*
 * Policy sessions: SHA-256, unsalted, unbound. They prove facts to the TPM and carry no secret.
 * Trust: in the TCB; pure over the transport.
 */
#ifndef SIGNET_LIB_TPM_SESSION_H
#define SIGNET_LIB_TPM_SESSION_H

#include "lib/crypto/crypto.h"
#include "lib/tpm/key.h"
#include "lib/tpm/tpm.h"
#include "lib/tpm/types.h"

enum err tpm_policy_session_start(struct tpm *tpm, enum tpm_se type, u32 *session) MUST_CHECK;

/* Binds the session to the present values of the selected PCRs of one bank. */
enum err tpm_policy_pcr(struct tpm *tpm, u32 session, u16 alg, u32 pcrs) MUST_CHECK;

/*
 * Replaces the session's digest, which must be approved, by the one of PolicyAuthorize(key, policy_ref); ticket is
 * VerifySignature's over SHA-256(approved || policy_ref). In a trial session neither is checked.
 */
enum err tpm_policy_authorize(struct tpm *tpm, u32 session, const u8 approved[SHA256_SIZE],
        const u8 policy_ref[SHA256_SIZE], const struct tpm_name *key, const struct tpm_ticket *ticket) MUST_CHECK;

enum err tpm_policy_get_digest(struct tpm *tpm, u32 session, u8 digest[SHA256_SIZE]) MUST_CHECK;

/* Ends a session or unloads a transient object. */
enum err tpm_flush_context(struct tpm *tpm, u32 handle) MUST_CHECK;

#endif
