/*
 * The evidence container.
 * Trust: handles outside bytes; pure. One encoding: evidence_build(evidence_parse(b)) == b.
 */
#include "attest/evidence.h"

#include <assert.h>
#include <string.h>

enum { SECTION_ALIGN = 8 };

static_assert(4 * ATTEST_ID_SIZE + SHA384_SIZE + SHA256_SIZE == CLAIM_SIZE, "claim layout");

static const u8 magic[MAGIC_SIZE] = { 'S', 'I', 'G', 'N', 'E', 'T', 'V', '1' };
static const char domain[] = "signet evidence 1";
static const u8 no_signature[TPM_SIGNATURE_SIZE];

void claim_encode(const struct claim *c, u8 out[CLAIM_SIZE])
{
	struct writer w = writer_on(out, CLAIM_SIZE);

	write_bytes(&w, c->nonce, sizeof(c->nonce));
	write_bytes(&w, c->challenge, sizeof(c->challenge));
	write_bytes(&w, c->node, sizeof(c->node));
	write_bytes(&w, c->session, sizeof(c->session));
	write_bytes(&w, c->manifest, sizeof(c->manifest));
	write_bytes(&w, c->tls_key, sizeof(c->tls_key));
}

void claim_decode(const u8 bytes[CLAIM_SIZE], struct claim *out)
{
	struct reader r = reader_on(bytes, CLAIM_SIZE);

	read_copy(&r, out->nonce, sizeof(out->nonce));
	read_copy(&r, out->challenge, sizeof(out->challenge));
	read_copy(&r, out->node, sizeof(out->node));
	read_copy(&r, out->session, sizeof(out->session));
	read_copy(&r, out->manifest, sizeof(out->manifest));
	read_copy(&r, out->tls_key, sizeof(out->tls_key));
}

void claim_qualifying(const u8 claim[CLAIM_SIZE], u8 out[SHA256_SIZE])
{
	sha256_of_two((const u8 *)domain, sizeof(domain) - 1, claim, CLAIM_SIZE, out);
}

static void write_signed(struct writer *w, const struct signed_view *s)
{
	write_le32(w, (u32)s->attest.n);
	write_bytes(w, s->attest.bytes, s->attest.n);
	write_bytes(w, s->attest.n ? s->signature : no_signature, TPM_SIGNATURE_SIZE);
}

static void write_view(struct writer *w, const struct bytes_view *v)
{
	write_bytes(w, v->bytes, v->n);
}

static void write_content(struct writer *w, enum evidence_kind kind, const struct evidence *e)
{
	/* Order and kinds are the container's; -Wswitch-enum keeps the list whole. */
	switch (kind) {
	case EVIDENCE_CLAIM:
		write_view(w, &e->claim);
		break;
	case EVIDENCE_AK:
		write_view(w, &e->ak);
		break;
	case EVIDENCE_QUOTE:
		write_signed(w, &e->quote);
		break;
	case EVIDENCE_PCR_VALUES:
		write_view(w, &e->pcrs);
		break;
	case EVIDENCE_NV:
		for (u32 i = 0; i < EVIDENCE_NV_COUNT; i++)
			write_signed(w, &e->nv[i]);
		break;
	case EVIDENCE_HEAD:
		write_view(w, &e->head);
		break;
	case EVIDENCE_LOG:
		write_view(w, &e->log);
		break;
	case EVIDENCE_KIND_END:
		break;
	}
}

static void write_section(struct writer *w, enum evidence_kind kind, const struct evidence *e)
{
	write_le32(w, (u32)kind);
	write_le32(w, 0);
	size_t at = w->used;
	write_content(w, kind, e);
	if (w->failed)
		return;
	size_t n = w->used - at;
	store_le32(w->start + at - 4, (u32)n);
	write_zero(w, (size_t)align_up(n, SECTION_ALIGN) - n);
}

static bool within(const struct bytes_view *v, size_t least, size_t most)
{
	return v->n >= least && v->n <= most;
}

static bool lengths_fit(const struct evidence *e)
{
	bool fit = within(&e->claim, CLAIM_SIZE, CLAIM_SIZE) && within(&e->ak, 1, EVIDENCE_AK_MAX) &&
	        within(&e->quote.attest, 1, EVIDENCE_ATTEST_MAX) &&
	        within(&e->pcrs, (size_t)EVIDENCE_PCR_COUNT * SHA256_SIZE, (size_t)EVIDENCE_PCR_COUNT * SHA256_SIZE) &&
	        within(&e->head, IMAGE_HEADER_SIZE, IMAGE_HEAD_MAX) && within(&e->log, 1, EVIDENCE_LOG_MAX);

	for (u32 i = 0; i < EVIDENCE_NV_COUNT; i++)
		fit = fit && within(&e->nv[i].attest, 0, EVIDENCE_ATTEST_MAX);
	return fit;
}

enum err evidence_build(const struct evidence *e, u8 *out, size_t room, size_t *n)
{
	struct writer w = writer_on(out, room);

	*n = 0;
	if (!lengths_fit(e))
		return ERR_RANGE;
	write_bytes(&w, magic, sizeof(magic));
	write_le32(&w, EVIDENCE_VERSION);
	write_le32(&w, 0);
	for (enum evidence_kind kind = EVIDENCE_CLAIM; kind < EVIDENCE_KIND_END; kind++)
		write_section(&w, kind, e);
	if (w.failed)
		return ERR_NO_MEMORY;
	store_le32(out + MAGIC_SIZE + 4, (u32)w.used);
	*n = w.used;
	return OK;
}

static struct bytes_view take(struct reader *r, size_t n)
{
	return (struct bytes_view){ .bytes = read_bytes(r, n), .n = n };
}

static struct signed_view take_signed(struct reader *r)
{
	struct signed_view s = { .attest = take(r, read_le32(r)) };

	s.signature = read_bytes(r, TPM_SIGNATURE_SIZE);
	/* An absent certification has one encoding too. */
	if (s.signature && s.attest.n == 0 && !bytes_are_zero(s.signature, TPM_SIGNATURE_SIZE))
		r->failed = true;
	return s;
}

/* One section of the kind that has to come now; its content alone is left to read. */
static struct reader open_section(struct reader *r, enum evidence_kind kind)
{
	u32 found = read_le32(r);
	u32 n = read_le32(r);
	const u8 *content = read_bytes(r, n);

	if (r->failed || found != (u32)kind) {
		r->failed = true;
		return reader_on(NULL, 0);
	}
	read_zero(r, (size_t)align_up(n, SECTION_ALIGN) - n);
	return reader_on(content, n);
}

static struct bytes_view take_section(struct reader *r, enum evidence_kind kind)
{
	struct reader content = open_section(r, kind);

	return take(&content, content.left);
}

static void take_signed_section(struct reader *r, enum evidence_kind kind, u32 count, struct signed_view *s)
{
	struct reader content = open_section(r, kind);

	for (u32 i = 0; i < count; i++)
		s[i] = take_signed(&content);
	if (!reader_done(&content))
		r->failed = true;
}

enum err evidence_parse(const u8 *bytes, size_t n, struct evidence *out)
{
	struct evidence e;
	struct reader r = reader_on(bytes, n);
	const u8 *found = read_bytes(&r, MAGIC_SIZE);
	u32 version = read_le32(&r);
	u32 length = read_le32(&r);

	memset(&e, 0, sizeof(e));
	memset(out, 0, sizeof(*out));
	if (r.failed || memcmp(found, magic, sizeof(magic)) != 0 || version != EVIDENCE_VERSION || length != n)
		return ERR_EVIDENCE_FORMAT;
	e.claim = take_section(&r, EVIDENCE_CLAIM);
	e.ak = take_section(&r, EVIDENCE_AK);
	take_signed_section(&r, EVIDENCE_QUOTE, 1, &e.quote);
	e.pcrs = take_section(&r, EVIDENCE_PCR_VALUES);
	take_signed_section(&r, EVIDENCE_NV, EVIDENCE_NV_COUNT, e.nv);
	e.head = take_section(&r, EVIDENCE_HEAD);
	e.log = take_section(&r, EVIDENCE_LOG);
	if (!reader_done(&r) || !lengths_fit(&e))
		return ERR_EVIDENCE_FORMAT;
	*out = e;
	return OK;
}

const u8 *evidence_pcr(const struct evidence *e, u32 pcr)
{
	size_t at = 0;

	if (pcr >= TPM_PCRS || !(EVIDENCE_PCRS & BIT(pcr)))
		return NULL;
	for (u32 i = 0; i < pcr; i++)
		at += (EVIDENCE_PCRS & BIT(i)) ? SHA256_SIZE : 0;
	return e->pcrs.bytes + at;
}
