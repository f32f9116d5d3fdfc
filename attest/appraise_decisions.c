/*
 * PCR14 against what a boot of ours decides: each kind of event as often as it may come, each judged by the policy.
 * Trust: the verifier's decision; the log led to the quoted PCRs before. Pure.
 */
#include "attest/appraise_steps.h"

/* What PCR14 says, gathered event by event. */
struct decisions {
	u32 count[EVENT_GUEST + 1];
	bool provisioned;
	u64 ticket; /* sequence of the one in force, 0: none */
	u64 last_ticket;
};

static enum verdict judge_slot(struct inquiry *q, struct decisions *d, const struct event *e)
{
	(void)d;
	q->out->slot = (u32)e->value[0];
	return digest_equal(e->digest, q->out->claim.manifest, SHA384_SIZE) ? VERDICT_GOOD : VERDICT_IMAGE_OTHER;
}

/* Its digest is that of the state record used; without one there is none. */
static enum verdict judge_nv_state(struct inquiry *q, struct decisions *d, const struct event *e)
{
	(void)q;
	d->provisioned = !bytes_are_zero(e->digest, sizeof(e->digest));
	return VERDICT_GOOD;
}

static enum verdict judge_measured(struct inquiry *q, struct decisions *d, const struct event *e)
{
	(void)d;
	if (e->value[0] != 1)
		return q->policy.bios ? VERDICT_GOOD : VERDICT_FIRMWARE_UNMEASURED;
	return e->value[1] != 1 && !q->policy.secure_boot_off ? VERDICT_SECURE_BOOT : VERDICT_GOOD;
}

static enum verdict judge_session(struct inquiry *q, struct decisions *d, const struct event *e)
{
	(void)d;
	return digest_equal(e->digest, q->out->claim.session, ATTEST_ID_SIZE) ? VERDICT_GOOD : VERDICT_SESSION;
}

static enum verdict judge_gate(struct inquiry *q, struct decisions *d, const struct event *e)
{
	(void)d;
	return e->value[0] != 0 && !q->policy.ungated ? VERDICT_UNGATED : VERDICT_GOOD;
}

static enum verdict judge_dma(struct inquiry *q, struct decisions *d, const struct event *e)
{
	(void)d;
	return e->value[0] != 1 && !q->policy.no_dma_protection ? VERDICT_DMA : VERDICT_GOOD;
}

static enum verdict judge_provisioned(struct inquiry *q, struct decisions *d, const struct event *e)
{
	(void)q;
	(void)e;
	d->provisioned = true;
	return VERDICT_GOOD;
}

static enum verdict judge_ticket(struct inquiry *q, struct decisions *d, const struct event *e)
{
	(void)q;
	if (e->value[0] <= d->last_ticket)
		return VERDICT_DECISION_EVENT;
	d->ticket = d->last_ticket = e->value[0];
	return VERDICT_GOOD;
}

/* Of the ticket in force, once. */
static enum verdict judge_lease(struct inquiry *q, struct decisions *d, const struct event *e)
{
	(void)q;
	if (!d->ticket || e->value[0] != d->ticket)
		return VERDICT_DECISION_EVENT;
	d->ticket = 0;
	return VERDICT_GOOD;
}

/* What may stand in PCR14 and how often; the stage's come before the boot session begins. */
static const struct decision {
	enum event_kind kind;
	u32 least, most;
	bool before_session;
	enum verdict (*judge)(struct inquiry *q, struct decisions *d, const struct event *e);
} known[] = {
	{ EVENT_SLOT, 1, 1, true, judge_slot },
	{ EVENT_NV_STATE, 1, 1, true, judge_nv_state },
	{ EVENT_FIRMWARE, 1, 1, true, judge_measured },
	{ EVENT_SESSION, 1, 1, true, judge_session },
	{ EVENT_GATE, 1, 1, false, judge_gate },
	{ EVENT_DMA, 1, 1, false, judge_dma },
	{ EVENT_BUILD, 0, 1, false, NULL },
	{ EVENT_SERVICE, 0, UINT32_MAX, false, NULL },
	{ EVENT_PROVISIONED, 0, 1, false, judge_provisioned },
	{ EVENT_TICKET, 0, UINT32_MAX, false, judge_ticket },
	{ EVENT_LEASE, 0, UINT32_MAX, false, judge_lease },
};

static const struct decision *find_decision(enum event_kind kind)
{
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (known[i].kind == kind)
			return &known[i];
	return NULL;
}

static enum verdict judge_decision(struct inquiry *q, struct decisions *d, const struct log_event *e)
{
	struct event event;

	if (e->type != EV_EVENT_TAG || event_decode(e->data, e->length, &event) != OK)
		return VERDICT_DECISION_EVENT;
	const struct decision *known_one = find_decision(event.kind);
	if (!known_one || d->count[event.kind] == known_one->most)
		return VERDICT_DECISION_EVENT;
	if (known_one->before_session == (d->count[EVENT_SESSION] != 0))
		return VERDICT_DECISION_EVENT;
	d->count[event.kind]++;
	return known_one->judge ? known_one->judge(q, d, &event) : VERDICT_GOOD;
}

static enum verdict visit_decision(
        struct inquiry *q, void *context, u32 index, const struct log_event *e, const u8 *digest)
{
	if (e->pcr != PCR_DECISIONS)
		return VERDICT_GOOD;
	enum verdict v = judge_decision(q, context, e);
	if (v)
		inquiry_differs(q, index, e->pcr, NULL, digest);
	return v;
}

enum verdict step_decisions(struct inquiry *q)
{
	struct decisions d = { .provisioned = false };
	enum verdict v = inquiry_walk(q, visit_decision, &d);

	if (v)
		return v;
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (d.count[known[i].kind] < known[i].least)
			return VERDICT_DECISION_MISSING;
	return d.provisioned ? VERDICT_GOOD : VERDICT_UNPROVISIONED;
}
