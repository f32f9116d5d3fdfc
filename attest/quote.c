/*
 * Reading what a TPM attested.
 * Trust: handles outside bytes; pure. A length that does not fit, or a byte too many, refuses all of it.
 */
#include "attest/quote.h"

#include <string.h>

enum { TPM_GENERATED = 0xFF544347, PCR_SELECT_SIZE = 3, EXTRA_MAX = 64 };

static struct bytes_view read_sized(struct reader *r, size_t max)
{
	struct bytes_view v;

	v.bytes = read_tpm2b(r, max, &v.n);
	return v;
}

static struct tpm_pcr_selection read_selection(struct reader *r)
{
	struct tpm_pcr_selection s = { .alg = read_be16(r) };

	/* Another size would be a second way to say the same. */
	if (read_u8(r) != PCR_SELECT_SIZE)
		r->failed = true;
	for (u32 i = 0; i < PCR_SELECT_SIZE; i++)
		s.pcrs |= (u32)read_u8(r) << (8 * i);
	return s;
}

static void read_quote(struct reader *r, struct attested_quote *q)
{
	q->banks = read_be32(r);
	if (q->banks > TPM_BANKS_MAX)
		r->failed = true;
	for (u32 i = 0; i < q->banks && !r->failed; i++) {
		struct tpm_pcr_selection s = read_selection(r);
		if (i == 0)
			q->selection = s;
	}
	q->digest = read_sized(r, TPM_DIGEST_MAX);
}

static void read_nv(struct reader *r, struct attested_nv *nv)
{
	nv->name = read_sized(r, TPM_NAME_MAX);
	nv->offset = read_be16(r);
	nv->content = read_sized(r, TPM_NV_DATA_MAX);
}

static void read_clock(struct reader *r, struct attested *out)
{
	out->clock = read_be64(r);
	out->resets = read_be32(r);
	out->restarts = read_be32(r);
	u8 safe = read_u8(r);
	if (safe > 1)
		r->failed = true;
	(void)read_be64(r); /* the TPM's firmware version */
}

enum verdict attested_read(const struct bytes_view *attest, u16 type, struct attested *out)
{
	struct reader r = reader_on(attest->bytes, attest->n);
	u32 magic = read_be32(&r);
	u16 found = read_be16(&r);

	memset(out, 0, sizeof(*out));
	if (r.failed)
		return VERDICT_ATTEST_FORMAT;
	if (magic != TPM_GENERATED)
		return VERDICT_ATTEST_MAGIC;
	if (found != type)
		return VERDICT_ATTEST_TYPE;
	(void)read_sized(&r, TPM_NAME_MAX); /* qualified name of the signer: the signature says who it is */
	out->extra = read_sized(&r, EXTRA_MAX);
	read_clock(&r, out);
	if (type == TPM_ST_ATTEST_QUOTE)
		read_quote(&r, &out->quote);
	else
		read_nv(&r, &out->nv);
	return reader_done(&r) ? VERDICT_GOOD : VERDICT_ATTEST_FORMAT;
}

enum verdict attested_verify(const struct signed_view *s, const u8 key[P256_KEY_SIZE])
{
	u8 digest[SHA256_SIZE];

	sha256_of(s->attest.bytes, s->attest.n, digest);
	enum err e = ecdsa_p256_verify(key, digest, s->signature);
	if (e)
		return e == ERR_SIGNATURE_WRONG ? VERDICT_SIGNATURE : VERDICT_INTERNAL;
	return VERDICT_GOOD;
}

enum verdict quote_covers(const struct attested_quote *q, const struct bytes_view *pcrs)
{
	u8 digest[SHA256_SIZE];

	if (q->banks != 1 || q->selection.alg != TPM_ALG_SHA256 || q->selection.pcrs != EVIDENCE_PCRS)
		return VERDICT_SELECTION;
	sha256_of(pcrs->bytes, pcrs->n, digest);
	if (q->digest.n != SHA256_SIZE || !digest_equal(q->digest.bytes, digest, SHA256_SIZE))
		return VERDICT_PCR_DIGEST;
	return VERDICT_GOOD;
}
