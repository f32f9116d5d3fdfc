/*
 * Policy sessions (TCG Part 3, sections 11, 23 and 28.4).
 * Trust: in the TCB; pure. Responses are outside bytes.
 */
#include "lib/tpm/session.h"

#include "lib/tpm/command.h"
#include "lib/tpm/marshal.h"

enum err tpm_policy_session_start(struct tpm *tpm, enum tpm_se type, u32 *session)
{
	/* The caller's nonce only freshens HMACs, of which an unbound, unsalted policy session computes none. */
	static const u8 nonce[16];
	struct tpm_command c = tpm_command_begin(tpm, TPM_CC_StartAuthSession);
	write_be32(&c.w, TPM_RH_NULL); /* salt key */
	write_be32(&c.w, TPM_RH_NULL); /* bind */
	write_tpm2b(&c.w, nonce, sizeof(nonce));
	write_tpm2b(&c.w, NULL, 0); /* salt */
	write_u8(&c.w, (u8)type);
	write_be16(&c.w, TPM_ALG_NULL); /* no parameter encryption */
	write_be16(&c.w, TPM_ALG_SHA256);
	tpm_command_run(&c, session);
	size_t n;
	(void)read_tpm2b(&c.r, TPM_DIGEST_MAX, &n);
	return tpm_command_end(&c);
}

enum err tpm_policy_pcr(struct tpm *tpm, u32 session, u16 alg, u32 pcrs)
{
	struct tpm_command c = tpm_command_begin(tpm, TPM_CC_PolicyPCR);
	write_be32(&c.w, session);
	write_tpm2b(&c.w, NULL, 0); /* no expectation: PolicyAuthorize judges what comes out */
	write_pcr_selection(&c.w, (struct tpm_pcr_selection){ .alg = alg, .pcrs = pcrs });
	return tpm_command_run_plain(&c);
}

enum err tpm_policy_authorize(struct tpm *tpm, u32 session, const u8 approved[SHA256_SIZE],
        const u8 policy_ref[SHA256_SIZE], const struct tpm_name *key, const struct tpm_ticket *ticket)
{
	struct tpm_command c = tpm_command_begin(tpm, TPM_CC_PolicyAuthorize);
	write_be32(&c.w, session);
	write_tpm2b(&c.w, approved, SHA256_SIZE);
	write_tpm2b(&c.w, policy_ref, SHA256_SIZE);
	write_name(&c.w, key);
	write_be16(&c.w, TPM_ST_VERIFIED);
	write_be32(&c.w, ticket->hierarchy);
	write_tpm2b(&c.w, ticket->digest, ticket->size);
	return tpm_command_run_plain(&c);
}

enum err tpm_policy_get_digest(struct tpm *tpm, u32 session, u8 digest[SHA256_SIZE])
{
	struct tpm_command c = tpm_command_begin(tpm, TPM_CC_PolicyGetDigest);
	write_be32(&c.w, session);
	tpm_command_run(&c, NULL);
	c.r.failed |= read_tpm2b_to(&c.r, digest, SHA256_SIZE) != SHA256_SIZE;
	return tpm_command_end(&c);
}

enum err tpm_flush_context(struct tpm *tpm, u32 handle)
{
	struct tpm_command c = tpm_command_begin(tpm, TPM_CC_FlushContext);
	write_be32(&c.w, handle);
	return tpm_command_run_plain(&c);
}
