/*
 * The appraisal: its steps in order, and those that judge the evidence as such.
 * Trust: the verifier's decision; evidence is outside bytes. Pure.
 */
#include "attest/appraise.h"

#include "attest/appraise_steps.h"
#include "lib/tpm/public.h"
#include "lib/tpm/types_beyond.h"

#include <string.h>

static enum verdict step_structure(struct inquiry *q)
{
	if (evidence_parse(q->bytes, q->n, &q->evidence) != OK)
		return VERDICT_FORMAT;
	claim_decode(q->evidence.claim.bytes, &q->out->claim);
	claim_qualifying(q->evidence.claim.bytes, q->qualifying);
	return VERDICT_GOOD;
}

static enum verdict step_key(struct inquiry *q)
{
	/* A key that signs what it is given could have signed all of this by itself. */
	const u32 demanded = TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_SIGN_ENCRYPT;
	const struct bytes_view *enrolled = &q->terms->node->ak;
	const struct bytes_view *shown = &q->evidence.ak;
	struct tpm_ecc_public public = { .attributes = 0 };

	if (shown->n != enrolled->n || memcmp(shown->bytes, enrolled->bytes, shown->n) != 0)
		return VERDICT_AK_UNKNOWN;
	struct reader r = reader_on(shown->bytes, shown->n);
	read_ecc_public(&r, &public);
	if (!reader_done(&r) || (public.attributes & demanded) != demanded)
		return VERDICT_AK_KIND;
	memcpy(q->ak, public.key, sizeof(q->ak));
	return VERDICT_GOOD;
}

static enum verdict step_quote(struct inquiry *q)
{
	enum verdict v = attested_verify(&q->evidence.quote, q->ak);

	if (!v)
		v = attested_read(&q->evidence.quote.attest, TPM_ST_ATTEST_QUOTE, &q->quote);
	return v ? v : quote_covers(&q->quote.quote, &q->evidence.pcrs);
}

static enum verdict step_claim(struct inquiry *q)
{
	const struct claim *c = &q->out->claim;
	const struct appraisal_terms *t = q->terms;

	if (q->quote.extra.n != SHA256_SIZE || !digest_equal(q->quote.extra.bytes, q->qualifying, SHA256_SIZE))
		return VERDICT_QUALIFYING;
	if (!digest_equal(c->nonce, t->nonce, sizeof(c->nonce)))
		return VERDICT_NONCE;
	if (!digest_equal(c->node, t->node->id, sizeof(c->node)))
		return VERDICT_NODE;
	return digest_equal(c->tls_key, t->tls_key, sizeof(c->tls_key)) ? VERDICT_GOOD : VERDICT_CHANNEL;
}

/* TPM Part 1, section 36: resets and restarts only rise, the clock rises within a reset. */
static enum verdict step_clock(struct inquiry *q)
{
	const struct node_record *last = q->terms->node;
	const struct attested *now = &q->quote;
	u64 before = (u64)last->resets << 32 | last->restarts;
	u64 counters = (u64)now->resets << 32 | now->restarts;
	bool same_session = digest_equal(q->out->claim.session, last->session, ATTEST_ID_SIZE);

	q->out->clock = now->clock;
	q->out->resets = now->resets;
	q->out->restarts = now->restarts;
	if (!last->seen)
		return VERDICT_GOOD;
	if (counters < before || (counters == before && now->clock < last->clock))
		return VERDICT_CLOCK;
	/* A session lives exactly from one start of the TPM to the next: PCRs reset under it, or kept past it, show. */
	return same_session == (counters == before) ? VERDICT_GOOD : VERDICT_SESSION;
}

static enum verdict step_pcrs(struct inquiry *q)
{
	for (u32 pcr = 0; pcr < TPM_PCRS; pcr++) {
		const u8 *value = evidence_pcr(&q->evidence, pcr);
		bool may_be_zero = pcr == PCR_GUESTS || (q->policy.bios && pcr < 8);
		if (!value ||
		        (!bytes_are_ones(value, SHA256_SIZE) && (may_be_zero || !bytes_are_zero(value, SHA256_SIZE))))
			continue;
		q->out->difference = (struct difference){ .known = true, .pcr = pcr };
		memcpy(q->out->difference.found, value, SHA256_SIZE);
		return VERDICT_PCR_VOID;
	}
	return VERDICT_GOOD;
}

static enum verdict step_image(struct inquiry *q)
{
	const struct reference *r = q->terms->reference;
	const struct node_record *node = q->terms->node;

	if (!r)
		return VERDICT_IMAGE_SIGNATURE;
	if (!digest_equal(q->out->claim.manifest, r->image.manifest_digest, SHA384_SIZE))
		return VERDICT_IMAGE_OTHER;
	if (image_expired(&r->image.manifest, q->terms->now))
		return VERDICT_IMAGE_EXPIRED;
	if (r->image.manifest.svn < node->image_floor || r->image.keys.version < node->key_floor)
		return VERDICT_IMAGE_FLOOR;
	return r->image.manifest.flags & ~q->policy.image_flags ? VERDICT_IMAGE_DEVELOPMENT : VERDICT_GOOD;
}

static enum verdict step_firmware(struct inquiry *q)
{
	const struct bytes_view *log = &q->evidence.log;
	const struct baseline_set *set = &q->terms->baselines;
	enum baseline_reason reason;

	if (q->policy.no_baseline)
		return VERDICT_GOOD;
	const struct baseline *b = baseline_to_compare(set, q->terms->node->baseline, log->bytes, log->n, &reason);
	if (!b)
		return VERDICT_BASELINE_NONE;
	q->out->baseline = b->number;
	return baseline_matches(b, log->bytes, log->n, &q->out->difference) ? VERDICT_GOOD : VERDICT_BASELINE_DIFFERS;
}

/* Each relies on the ones before it; the first ORIGIN_STEPS tell whose the evidence is. */
enum { ORIGIN_STEPS = 4 };
static enum verdict (*const steps[])(struct inquiry *q) = {
	step_structure,
	step_key,
	step_quote,
	step_claim,
	step_clock,
	step_pcrs,
	step_log,
	step_image,
	step_own_pcrs,
	step_decisions,
	step_nv,
	step_firmware,
};

static enum verdict walk(
        const u8 *evidence, size_t n, const struct appraisal_terms *terms, size_t count, struct appraisal *out)
{
	struct inquiry q = { .bytes = evidence, .n = n, .terms = terms, .out = out };

	memset(out, 0, sizeof(*out));
	out->verdict = VERDICT_INTERNAL;
	if (terms->policy)
		q.policy = *terms->policy;
	for (size_t i = 0; i < count; i++) {
		enum verdict v = steps[i](&q);
		if (v)
			return out->verdict = v;
	}
	return out->verdict = VERDICT_GOOD;
}

enum verdict appraise_origin(const u8 *evidence, size_t n, const struct appraisal_terms *terms, struct appraisal *out)
{
	return walk(evidence, n, terms, ORIGIN_STEPS, out);
}

enum verdict appraise(const u8 *evidence, size_t n, const struct appraisal_terms *terms, struct appraisal *out)
{
	return walk(evidence, n, terms, ARRAY_SIZE(steps), out);
}
