/*
 * The next boot state, before the jump and on the running system's reports (docs/states.md).
 * Trust: in the TCB; pure.
 */
#include "update/plan.h"

#include "lib/bytes.h"

/*
 * What an error of verification says of the slot's image. What is not listed says nothing of it: memory, TPM, firmware
 * may fail on a good image, and a slot is not condemned for that.
 */
static const struct {
	enum err error;
	enum slot_cause cause;
} causes[] = {
	{ ERR_IMAGE_ABSENT, CAUSE_VERIFICATION },
	{ ERR_IMAGE_HEADER, CAUSE_VERIFICATION },
	{ ERR_IMAGE_LENGTH, CAUSE_VERIFICATION },
	{ ERR_IMAGE_MANIFEST, CAUSE_VERIFICATION },
	{ ERR_SIGNATURE_LIST, CAUSE_VERIFICATION },
	{ ERR_SIGNATURE_WRONG, CAUSE_VERIFICATION },
	{ ERR_SIGNATURE_MISSING, CAUSE_VERIFICATION },
	{ ERR_KEYS_FORMAT, CAUSE_VERIFICATION },
	{ ERR_KEYS_CHAIN, CAUSE_VERIFICATION },
	{ ERR_KEYS_OTHER, CAUSE_VERIFICATION },
	{ ERR_IMAGE_CONTENT, CAUSE_VERIFICATION },
	{ ERR_IMAGE_MERKLE, CAUSE_VERIFICATION },
	{ ERR_IMAGE_HYPERVISOR, CAUSE_VERIFICATION },
	{ ERR_KEYS_FLOOR, CAUSE_REFUSED },
	{ ERR_IMAGE_FLOOR, CAUSE_REFUSED },
	{ ERR_IMAGE_LEAP, CAUSE_REFUSED },
	{ ERR_IMAGE_STAGE, CAUSE_REFUSED },
	{ ERR_IMAGE_HARDWARE, CAUSE_REFUSED },
	{ ERR_IMAGE_DEVELOPMENT, CAUSE_REFUSED },
	{ ERR_IMAGE_DEBUG, CAUSE_REFUSED },
	{ ERR_IMAGE_PRODUCT, CAUSE_REFUSED },
};

static enum slot_cause cause_of(enum err e)
{
	for (size_t i = 0; i < ARRAY_SIZE(causes); i++) {
		if (causes[i].error == e)
			return causes[i].cause;
	}
	return CAUSE_NONE;
}

struct slot_facts slot_facts_of(const struct nv_view *view, u8 slot, const struct verified_image *image)
{
	struct slot_facts f = { .valid = image != NULL };

	if (view->status == NV_PROVISIONED)
		f.record = view->state.slot[slot];
	if (image) {
		f.svn = image->manifest.svn;
		f.created = image->manifest.created;
		f.digest_fits = digest_equal(image->manifest_digest, f.record.digest, SHA384_SIZE);
	}
	return f;
}

/* Why the slot's record no longer holds, CAUSE_NONE if it does or nothing is known against it. */
static enum slot_cause verdict(const struct slot_record *r, const struct slot_facts *facts, enum err found)
{
	if (found != OK)
		return cause_of(found);
	if (!facts->digest_fits)
		return CAUSE_VERIFICATION;
	return r->state == SLOT_TRYING && r->tries == 0 ? CAUSE_TRIAL_EXHAUSTED : CAUSE_NONE;
}

/* Nothing can be known against a record that promises no image, or is condemned already. */
static bool can_fail(const struct slot_record *r)
{
	return r->state != SLOT_EMPTY && r->state != SLOT_WRITING && r->state != SLOT_BAD;
}

static enum err judge_slot(struct slot_record *r, const struct slot_facts *facts, enum err found, bool *changed)
{
	enum slot_cause cause = can_fail(r) ? verdict(r, facts, found) : CAUSE_NONE;

	if (cause == CAUSE_NONE)
		return OK;
	*changed = true;
	return slot_transition(r, SLOT_FAIL, NULL, cause);
}

static enum err start_slot(struct slot_record *r, bool *changed)
{
	*changed = *changed || r->state == SLOT_STAGED || r->state == SLOT_TRYING;
	return slot_transition(r, SLOT_START, NULL, CAUSE_NONE);
}

enum err boot_plan(const struct nv_view *view, const struct slot_facts facts[SLOTS], const enum err found[SLOTS],
        const struct boot_choice *choice, struct boot_state *next, bool *changed)
{
	*next = view->state;
	*changed = false;
	if (choice->slot >= SLOTS || found[choice->slot] != OK ||
	        slot_reason(view->status, view->writable, &facts[choice->slot]) != choice->reason ||
	        choice->reason == REASON_NONE)
		return ERR_INTERNAL;
	if (view->status != NV_PROVISIONED || !view->writable)
		return OK;
	*changed = view->floors_lag;
	for (u8 i = 0; i < SLOTS; i++) {
		enum err e = judge_slot(&next->slot[i], &facts[i], found[i], changed);

		if (e)
			return e;
	}
	/* An unstaged image is not the one the record counts tries for. */
	return choice->reason == REASON_UNSTAGED ? OK : start_slot(&next->slot[choice->slot], changed);
}

enum err plan_stage(const struct nv_view *view, u8 running, bool trial, u8 slot, const u8 digest[SHA384_SIZE],
        struct boot_state *next)
{
	enum slot_event event = bytes_are_zero(digest, SHA384_SIZE) ? SLOT_BEGIN_WRITE : SLOT_STAGE;

	*next = view->state;
	if (slot >= SLOTS || running >= SLOTS || slot == running)
		return ERR_ARGUMENT;
	/* A running trial may yet have to fall back, and this slot is where to. */
	if (trial)
		return ERR_STATE_TRANSITION;
	return slot_transition(&next->slot[slot], event, digest, CAUSE_NONE);
}

enum err plan_healthy(const struct nv_view *view, u8 slot, struct boot_state *next)
{
	*next = view->state;
	return slot_transition(&next->slot[slot], SLOT_HEALTHY, NULL, CAUSE_NONE);
}

enum err plan_commit(const struct nv_view *view, u8 slot, const struct running_image *running, u64 image_floor,
        u64 key_floor, struct boot_state *next)
{
	*next = view->state;
	if (!digest_equal(running->manifest_digest, view->state.slot[slot].digest, SHA384_SIZE))
		return ERR_STATE_TRANSITION;
	if (image_floor > running->svn || key_floor > running->keys_version)
		return ERR_RANGE;
	if (image_floor > next->image_floor)
		next->image_floor = image_floor;
	if (key_floor > next->key_floor)
		next->key_floor = key_floor;
	return slot_transition(&next->slot[slot], SLOT_COMMIT, NULL, CAUSE_NONE);
}
