/*
 * The NV state as the TPM certifies it: the indices made at enrolment, no lower than what is on record.
 * Trust: the verifier's decision; evidence is outside bytes. Pure.
 */
#include "attest/appraise_steps.h"
#include "update/nv.h"

#include <assert.h>

static_assert((u32)NV_INDEXES == (u32)EVIDENCE_NV_COUNT, "one certification an index");

static enum verdict certified(const struct inquiry *q, u32 index, struct bytes_view *content)
{
	const struct signed_view *s = &q->evidence.nv[index];
	const struct tpm_name *name = &q->terms->node->nv_name[index];
	struct attested a;
	enum verdict v = attested_verify(s, q->ak);

	if (!v)
		v = attested_read(&s->attest, TPM_ST_ATTEST_NV, &a);
	if (v)
		return v;
	if (a.extra.n != SHA256_SIZE || !digest_equal(a.extra.bytes, q->qualifying, SHA256_SIZE))
		return VERDICT_QUALIFYING;
	if (a.resets != q->quote.resets || a.restarts != q->quote.restarts)
		return VERDICT_CLOCK;
	if (name->size == 0 || a.nv.name.n != name->size || !digest_equal(a.nv.name.bytes, name->bytes, name->size))
		return VERDICT_NV_NAME;
	*content = a.nv.content;
	return a.nv.offset == 0 ? VERDICT_GOOD : VERDICT_NV_CONTENT;
}

/* Either state record may never have been written; what is there must not be older than what was seen. */
static enum verdict judge_states(struct inquiry *q)
{
	bool any = false;

	for (u32 i = NV_STATE_0; i <= NV_STATE_1; i++) {
		struct bytes_view content;
		struct boot_state state;
		if (q->evidence.nv[i].attest.n == 0)
			continue;
		enum verdict v = certified(q, i, &content);
		if (v)
			return v;
		/* A torn write leaves one of the two unreadable, and the node goes on with the other. */
		if (boot_state_decode(content.bytes, content.n, &state) != OK)
			continue;
		if (!any || state.sequence > q->out->state_sequence) {
			q->out->state_sequence = state.sequence;
			q->out->state = state;
		}
		any = true;
	}
	if (!any)
		return VERDICT_NV_MISSING;
	return q->out->state_sequence < q->terms->node->state_sequence ? VERDICT_NV_SEQUENCE : VERDICT_GOOD;
}

static enum verdict judge_floor(struct inquiry *q, u32 index, u64 least, u64 *value)
{
	struct bytes_view content;

	if (q->evidence.nv[index].attest.n == 0)
		return VERDICT_NV_MISSING;
	enum verdict v = certified(q, index, &content);
	if (v)
		return v;
	if (floor_decode(content.bytes, content.n, value) != OK)
		return VERDICT_NV_CONTENT;
	return *value < least ? VERDICT_NV_FLOOR : VERDICT_GOOD;
}

enum verdict step_nv(struct inquiry *q)
{
	const struct node_record *node = q->terms->node;
	enum verdict v = judge_states(q);

	if (!v)
		v = judge_floor(q, NV_IMAGE_FLOOR, node->image_floor, &q->out->image_floor);
	return v ? v : judge_floor(q, NV_KEY_FLOOR, node->key_floor, &q->out->key_floor);
}
