/*
 * The TPM's banks and the values in them (TCG Part 3, sections 22.2, 22.4, 30.2).
 * Trust: in the TCB; pure. Responses are outside bytes.
 */
#include "lib/tpm/bank.h"

#include "lib/tpm/command.h"
#include "lib/tpm/marshal.h"
#include "lib/tpm/types_beyond.h"

#include <string.h>

enum { SELECT_MIN = 3, SELECT_MAX = 4 };

static enum err add_bank(struct tpm_banks *banks, u16 alg, const u8 *select)
{
	if (bytes_are_zero(select, SELECT_MIN))
		return OK;
	if (!bytes_are_ones(select, SELECT_MIN) || !tpm_hash_size(alg) || banks->count == TPM_BANKS_MAX)
		return ERR_TPM_BANK;
	banks->alg[banks->count++] = alg;
	return OK;
}

static enum err read_banks(struct reader *r, struct tpm_banks *banks)
{
	u32 count = read_be32(r);
	for (u32 i = 0; i < count && !r->failed; i++) {
		u16 alg = read_be16(r);
		u8 size = read_u8(r);
		if (size < SELECT_MIN || size > SELECT_MAX)
			return ERR_TPM_RESPONSE;
		const u8 *select = read_bytes(r, size);
		enum err e = select ? add_bank(banks, alg, select) : ERR_TPM_RESPONSE;
		if (e)
			return e;
	}
	return OK;
}

bool tpm_bank_is_reliable(u16 alg)
{
	return alg == TPM_ALG_SHA256 || alg == TPM_ALG_SHA384;
}

static bool any_is_reliable(const struct tpm_banks *banks)
{
	for (u32 i = 0; i < banks->count; i++)
		if (tpm_bank_is_reliable(banks->alg[i]))
			return true;
	return false;
}

enum err tpm_pcr_banks(struct tpm *tpm, struct tpm_banks *out)
{
	memset(out, 0, sizeof(*out));
	struct tpm_command c = tpm_command_begin(tpm, TPM_CC_GetCapability);
	write_be32(&c.w, TPM_CAP_PCRS);
	write_be32(&c.w, 0);
	write_be32(&c.w, 1);
	tpm_command_run(&c, NULL);
	u8 more = read_u8(&c.r);
	u32 capability = read_be32(&c.r);
	c.r.failed |= more || capability != TPM_CAP_PCRS;
	enum err e = read_banks(&c.r, out);
	if (!e)
		e = tpm_command_end(&c);
	if (e)
		return e;
	return any_is_reliable(out) ? OK : ERR_TPM_BANK;
}

/* The TPM repeats the selection, without what it has not: true if ours came back whole. */
static bool read_same_selection(struct reader *r, struct tpm_pcr_selection s)
{
	u8 expected[10];
	struct writer w = writer_on(expected, sizeof(expected));
	write_pcr_selection(&w, s);
	const u8 *got = read_bytes(r, w.used);
	return got && memcmp(got, expected, w.used) == 0;
}

enum err tpm_pcr_read(struct tpm *tpm, u16 alg, u32 pcr, struct tpm_bank_digest *out)
{
	u16 size = tpm_hash_size(alg);
	if (pcr >= TPM_PCRS || !size)
		return ERR_RANGE;
	struct tpm_pcr_selection selection = { .alg = alg, .pcrs = BIT(pcr) };
	struct tpm_command c = tpm_command_begin(tpm, TPM_CC_PCR_Read);
	write_pcr_selection(&c.w, selection);
	tpm_command_run(&c, NULL);
	(void)read_be32(&c.r); /* update counter */
	bool ours = read_same_selection(&c.r, selection);
	if (!c.error && !ours)
		return ERR_TPM_BANK;
	*out = (struct tpm_bank_digest){ .alg = alg, .size = size };
	c.r.failed |= read_be32(&c.r) != 1;
	c.r.failed |= read_tpm2b_to(&c.r, out->digest, size) != size;
	return tpm_command_end(&c);
}

enum err tpm_pcr_extend(struct tpm *tpm, u32 pcr, const struct tpm_digests *digests)
{
	if (pcr >= TPM_PCRS || digests->count > TPM_BANKS_MAX)
		return ERR_RANGE;
	struct tpm_command c = tpm_command_begin(tpm, TPM_CC_PCR_Extend);
	write_be32(&c.w, pcr);
	tpm_command_authorize(&c, TPM_RS_PW, NULL);
	write_be32(&c.w, digests->count);
	for (u32 i = 0; i < digests->count; i++) {
		const struct tpm_bank_digest *b = &digests->bank[i];
		if (!b->size || b->size != tpm_hash_size(b->alg))
			return ERR_RANGE;
		write_be16(&c.w, b->alg);
		write_bytes(&c.w, b->digest, b->size);
	}
	return tpm_command_run_plain(&c);
}
