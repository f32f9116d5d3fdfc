/*
 * The event log against the quoted PCRs, and PCR12 against what the signed image makes.
 * Trust: the verifier's decision; the log is outside bytes, of which only what leads to the quoted PCRs is believed.
 */
#include "attest/appraise_steps.h"
#include "attest/replay.h"

#include <string.h>

/* Events whose digest is the hash of their data, so that the data can be held to it (PFP, "Event Types"). */
enum { EV_SEPARATOR = 4, EV_EFI_VARIABLE_DRIVER_CONFIG = 0x80000001, EV_EFI_ACTION = 0x80000007 };

static const u32 hashed_as_they_are[] = { EV_SEPARATOR, EV_EVENT_TAG, EV_EFI_VARIABLE_DRIVER_CONFIG, EV_EFI_ACTION };

static const u8 *sha256_digest(const struct log_format *format, const struct log_event *e)
{
	u16 size;

	return log_digest(format, e, TPM_ALG_SHA256, &size);
}

void inquiry_differs(struct inquiry *q, u32 index, u32 pcr, const u8 *expected, const u8 *found)
{
	struct difference *d = &q->out->difference;

	*d = (struct difference){ .known = true, .index = index, .pcr = pcr };
	if (expected)
		memcpy(d->expected, expected, SHA256_SIZE);
	memcpy(d->found, found, SHA256_SIZE);
}

static enum verdict judge_data(struct inquiry *q, u32 index, const struct log_event *e, const u8 *digest)
{
	u8 hash[SHA256_SIZE];

	for (size_t i = 0; i < ARRAY_SIZE(hashed_as_they_are); i++) {
		if (e->type != hashed_as_they_are[i])
			continue;
		sha256_of(e->data, e->length, hash);
		if (digest_equal(hash, digest, SHA256_SIZE))
			return VERDICT_GOOD;
		inquiry_differs(q, index, e->pcr, digest, hash);
		return VERDICT_LOG_DATA;
	}
	return VERDICT_GOOD;
}

enum verdict inquiry_walk(struct inquiry *q, inquiry_visit *each, void *context)
{
	struct log_reader r;
	struct log_event e;
	enum verdict v = VERDICT_GOOD;

	if (log_open(&r, q->evidence.log.bytes, q->evidence.log.n) != OK)
		return VERDICT_LOG_FORMAT;
	for (u32 index = 0; !v && !log_at_end(&r); index++) {
		if (log_next(&r, &e) != OK)
			return VERDICT_LOG_FORMAT;
		if (e.type != EV_NO_ACTION)
			v = each(q, context, index, &e, sha256_digest(&r.format, &e));
	}
	return v;
}

static enum verdict visit_data(struct inquiry *q, void *context, u32 index, const struct log_event *e, const u8 *digest)
{
	(void)context;
	return judge_data(q, index, e, digest);
}

enum verdict step_log(struct inquiry *q)
{
	struct replay p;

	if (replay_log(&p, q->evidence.log.bytes, q->evidence.log.n) != OK)
		return VERDICT_LOG_FORMAT;
	/* Each event has a digest of each bank that the log names: none is without one from here on. */
	if (!p.bank[REPLAY_SHA256].present)
		return VERDICT_LOG_BANK;
	for (u32 pcr = 0; pcr < TPM_PCRS; pcr++) {
		const u8 *quoted = evidence_pcr(&q->evidence, pcr);
		const u8 *replayed = p.bank[REPLAY_SHA256].pcr[pcr];
		if (!quoted || digest_equal(quoted, replayed, SHA256_SIZE))
			continue;
		inquiry_differs(q, 0, pcr, quoted, replayed);
		return VERDICT_LOG_REPLAY;
	}
	return inquiry_walk(q, visit_data, NULL);
}

static enum verdict visit_image(
        struct inquiry *q, void *context, u32 index, const struct log_event *e, const u8 *digest)
{
	u32 *seen = context;
	struct event expected;
	struct event found;
	u8 tagged[EVENT_TAGGED_SIZE];
	u8 hash[SHA256_SIZE];

	if (e->pcr != PCR_IMAGE)
		return VERDICT_GOOD;
	if (*seen >= reference_event_count(q->terms->reference)) {
		inquiry_differs(q, index, e->pcr, NULL, digest);
		return VERDICT_IMAGE_MEASURED;
	}
	/* Which version of the stage it is, the stage says in the first; that it is a good one, PCR4 and Secure Boot
	 * say. */
	bool ours = e->type == EV_EVENT_TAG && event_decode(e->data, e->length, &found) == OK;
	reference_event(q->terms->reference, *seen, ours ? (u32)found.value[0] : 0, &expected);
	event_encode(&expected, tagged);
	sha256_of(tagged, sizeof(tagged), hash);
	if (!ours || !digest_equal(hash, digest, SHA256_SIZE)) {
		inquiry_differs(q, index, e->pcr, hash, digest);
		return VERDICT_IMAGE_MEASURED;
	}
	(*seen)++;
	return VERDICT_GOOD;
}

enum verdict step_own_pcrs(struct inquiry *q)
{
	u32 seen = 0;
	enum verdict v = inquiry_walk(q, visit_image, &seen);

	if (!v && seen != reference_event_count(q->terms->reference))
		v = VERDICT_IMAGE_MEASURED;
	return v;
}
