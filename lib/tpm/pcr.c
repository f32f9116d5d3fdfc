/*
 * Events into PCRs (TCG Part 3, section 22.3).
 * Trust: in the TCB; pure. Responses are outside bytes.
 */
#include "lib/tpm/pcr.h"

#include "lib/tpm/command.h"
#include "lib/tpm/marshal.h"

#include <string.h>

static enum err read_digests(struct reader *r, struct tpm_digests *out)
{
	memset(out, 0, sizeof(*out));
	u32 count = read_be32(r);
	if (count > TPM_BANKS_MAX)
		return ERR_TPM_RESPONSE;
	for (u32 i = 0; i < count; i++) {
		struct tpm_bank_digest *b = &out->bank[i];
		b->alg = read_be16(r);
		b->size = tpm_hash_size(b->alg);
		if (!b->size)
			return ERR_TPM_BANK;
		read_copy(r, b->digest, b->size);
	}
	out->count = count;
	return OK;
}

enum err tpm_pcr_event(struct tpm *tpm, u32 pcr, const u8 *data, size_t n, struct tpm_digests *out)
{
	if (pcr >= TPM_PCRS || n > TPM_EVENT_DATA_MAX)
		return ERR_RANGE;
	struct tpm_command c = tpm_command_begin(tpm, TPM_CC_PCR_Event);
	write_be32(&c.w, pcr);
	tpm_command_authorize(&c, TPM_RS_PW, NULL);
	write_tpm2b(&c.w, data, n);
	tpm_command_run(&c, NULL);
	enum err e = read_digests(&c.r, out);
	return e ? e : tpm_command_end(&c);
}
