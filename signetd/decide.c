/*
 * From appraisals to records.
 * Trust: decides for the fleet. Pure.
 */
#include "signetd/decide.h"

#include "update/nv_tpm.h"

#include <stdio.h>
#include <string.h>

bool verdict_is_authentic(enum verdict v)
{
	return v == VERDICT_GOOD || v > VERDICT_CHANNEL;
}

bool verdict_is_of_firmware(enum verdict v)
{
	return v == VERDICT_BASELINE_NONE || v == VERDICT_BASELINE_DIFFERS;
}

/* Until a node was provisioned, the indices' Names are nobody's. */
void decide_view(const struct node_entry *n, struct node_record *view)
{
	*view = (struct node_record){
		.ak = { n->ak, n->ak_size },
		.image_floor = n->image_floor,
		.key_floor = n->key_floor,
		.state_sequence = n->state_sequence,
		.seen = n->seen,
		.clock = n->clock,
		.resets = n->resets,
		.restarts = n->restarts,
		.baseline = n->baseline,
	};
	memcpy(view->id, n->id, sizeof(view->id));
	memcpy(view->session, n->session, sizeof(view->session));
	if (n->state == NODE_ENROLLED)
		nv_tpm_names(n->policy_key, n->id, view->nv_name);
}

/*
 * Of an enrolled node every failure sticks, but for what a node shows between its enrolment and the end of its
 * provisioning.
 */
static bool sticks(const struct node_entry *n, enum verdict v)
{
	bool may_be_early = v == VERDICT_UNPROVISIONED || v == VERDICT_NV_MISSING;

	return v != VERDICT_GOOD && !(may_be_early && !n->seen);
}

/*
 * The first failure is the one that an approver sees and clears. A hold for firmware ends with the next baseline of the
 * class, though: behind it no other failure may hide.
 */
static bool may_be_held_anew(const struct node_entry *n, enum verdict v)
{
	return !n->held || (verdict_is_of_firmware(n->held) && !verdict_is_of_firmware(v));
}

static u64 higher(u64 a, u64 b)
{
	return a > b ? a : b;
}

static void learn_good(struct node_entry *n, const struct appraisal *a)
{
	if (n->baseline != a->baseline || !n->baseline_since)
		n->baseline_since = n->appraised_at;
	n->baseline = a->baseline;
	n->seen = true;
	memcpy(n->session, a->claim.session, sizeof(n->session));
	n->clock = a->clock;
	n->resets = a->resets;
	n->restarts = a->restarts;
	n->image_floor = higher(n->image_floor, a->image_floor);
	n->key_floor = higher(n->key_floor, a->key_floor);
	n->state_sequence = higher(n->state_sequence, a->state_sequence);
}

/* PCR12 led to the image: what it is, is known. */
static bool image_is_proven(enum verdict v)
{
	return v == VERDICT_GOOD || v >= VERDICT_DECISION_MISSING;
}

static void learn_image(struct node_entry *n, const struct reference *r)
{
	(void)snprintf(n->release, sizeof(n->release), "%s", r->image.manifest.release);
	n->svn = r->image.manifest.svn;
	memcpy(n->manifest, r->image.manifest_digest, sizeof(n->manifest));
}

static void learn(struct node_entry *n, const struct decide_facts *f)
{
	enum verdict v = f->appraisal->verdict;

	n->appraised = true;
	n->verdict = v;
	n->appraised_at = f->now;
	n->appraisal++;
	n->has_pcr7 = true;
	memcpy(n->pcr7, f->pcr7, sizeof(n->pcr7));
	if (f->reference && image_is_proven(v))
		learn_image(n, f->reference);
	if (n->state != NODE_ENROLLED)
		return;
	if (v == VERDICT_GOOD)
		learn_good(n, f->appraisal);
	if (sticks(n, v) && may_be_held_anew(n, v))
		n->held = v;
}

static bool waits_for_commit(const struct appraisal *a)
{
	const struct slot_record *slot = a->slot < SLOTS ? &a->state.slot[a->slot] : NULL;

	return slot && slot->state == SLOT_UNCONFIRMED &&
	        digest_equal(slot->digest, a->claim.manifest, sizeof(slot->digest));
}

void decide(struct node_entry *n, const struct decide_facts *f, struct decision *out)
{
	const struct appraisal *a = f->appraisal;

	*out = (struct decision){ .authentic = verdict_is_authentic(a->verdict) };
	if (out->authentic)
		learn(n, f);
	bool good = out->authentic && a->verdict == VERDICT_GOOD && n->state == NODE_ENROLLED && !n->held;
	out->ticket = good;
	out->commit = good && waits_for_commit(a);
	if (n->state == NODE_PENDING)
		out->state = "pending";
	else if (a->verdict != VERDICT_GOOD)
		out->state = "failed";
	else
		out->state = n->held ? "held" : "good";
}

const char *node_state_words(const struct node_entry *n)
{
	if (n->state == NODE_PENDING)
		return "pending";
	if (!n->appraised)
		return "enrolled";
	if (n->verdict != VERDICT_GOOD)
		return "failed";
	return n->held ? "held" : "good";
}

void node_clear(struct node_entry *n)
{
	n->held = VERDICT_GOOD;
	n->seen = false;
	memset(n->session, 0, sizeof(n->session));
	n->clock = 0;
	n->resets = n->restarts = 0;
}

enum err decide_ticket(struct node_entry *n, const struct claim *c, const struct ticket_terms *terms,
        const u8 (*guests)[SHA384_SIZE], size_t count, struct ticket *out)
{
	enum err e = OK;

	if (memcmp(n->ticket_session, c->session, sizeof(n->ticket_session)) != 0) {
		memcpy(n->ticket_session, c->session, sizeof(n->ticket_session));
		n->ticket_sequence = 0;
	}
	*out = (struct ticket){
		.rule = terms->rule,
		.sequence = ++n->ticket_sequence,
		.lease = terms->lease,
		.guests = terms->guests,
		.vcpus = terms->vcpus,
		.memory = terms->memory,
	};
	memcpy(out->node, n->id, sizeof(out->node));
	memcpy(out->session, c->session, sizeof(out->session));
	memcpy(out->challenge, c->challenge, sizeof(out->challenge));
	memcpy(out->manifest, c->manifest, sizeof(out->manifest));
	for (size_t i = 0; !e && i < count; i++)
		e = ticket_allow(out, guests[i]);
	return e;
}

void decide_commit(
        const struct node_entry *n, const struct appraisal *a, const struct reference *r, struct commit_verdict *out)
{
	*out = (struct commit_verdict){
		.slot = a->slot,
		.image_floor = r->image.manifest.svn,
		.key_floor = r->image.keys.version,
	};
	memcpy(out->node, n->id, sizeof(out->node));
	memcpy(out->session, a->claim.session, sizeof(out->session));
	memcpy(out->manifest, a->claim.manifest, sizeof(out->manifest));
}
