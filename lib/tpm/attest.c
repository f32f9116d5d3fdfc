/*
 * Attestation commands (TCG Part 3, sections 18 and 31.16).
 * Trust: in the TCB; pure. Responses are outside bytes.
 */
#include "lib/tpm/attest.h"

#include <string.h>

static const struct tpm_auth two_empty_passwords[] = { { .session = TPM_RS_PW }, { .session = TPM_RS_PW } };

static void write_qualifying(struct writer *w, struct tpm_qualifying q)
{
	if (q.size > TPM_QUALIFYING_MAX)
		w->failed = true;
	write_tpm2b(w, q.bytes, q.size);
	write_be16(w, TPM_ALG_NULL); /* scheme: the key's own */
}

static enum err run(struct tpm_command *c, struct tpm_attested *out)
{
	memset(out, 0, sizeof(*out));
	struct reader r;
	enum err e = tpm_command_run(c, NULL, &r);
	if (e)
		return e;
	size_t n;
	const u8 *bytes = read_tpm2b(&r, sizeof(out->bytes), &n);
	if (!bytes)
		return ERR_TPM_RESPONSE;
	out->size = (u16)n;
	memcpy(out->bytes, bytes, n);
	read_ecdsa_signature(&r, out->signature);
	return tpm_parameters_end(&r);
}

enum err tpm_quote(
        struct tpm *tpm, u32 key, struct tpm_qualifying q, struct tpm_pcr_selection pcrs, struct tpm_attested *out)
{
	struct tpm_command c = tpm_command_begin(tpm, TPM_CC_Quote);
	write_be32(&c.w, key);
	tpm_command_password(&c, NULL);
	write_qualifying(&c.w, q);
	write_pcr_selection(&c.w, pcrs);
	return run(&c, out);
}

enum err tpm_certify(struct tpm *tpm, u32 key, u32 object, struct tpm_qualifying q, struct tpm_attested *out)
{
	struct tpm_command c = tpm_command_begin(tpm, TPM_CC_Certify);
	write_be32(&c.w, object);
	write_be32(&c.w, key);
	tpm_command_authorize(&c, two_empty_passwords, 2);
	write_qualifying(&c.w, q);
	return run(&c, out);
}

enum err tpm_nv_certify(
        struct tpm *tpm, u32 key, u32 index, u16 size, struct tpm_qualifying q, struct tpm_attested *out)
{
	if (size == 0 || size > TPM_NV_DATA_MAX)
		return ERR_RANGE;
	struct tpm_command c = tpm_command_begin(tpm, TPM_CC_NV_Certify);
	write_be32(&c.w, key);
	write_be32(&c.w, index); /* read under the index's own authorization */
	write_be32(&c.w, index);
	tpm_command_authorize(&c, two_empty_passwords, 2);
	write_qualifying(&c.w, q);
	write_be16(&c.w, size);
	write_be16(&c.w, 0);
	return run(&c, out);
}
