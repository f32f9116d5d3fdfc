/*
 * What the stage does to the boot state once it knows which slot it will start. On an ordinary boot: nothing.
 * Trust: in the TCB; pure, so that stage and simulator run the same code.
 */
#ifndef SIGNET_UPDATE_PLAN_H
#define SIGNET_UPDATE_PLAN_H

#include "image/verify.h"
#include "update/nv.h"

/*
 * The facts of one slot for boot_order. image is what verified and was judged fit, or NULL. A component that turns out
 * bad later clears facts.valid: order and plan again.
 */
struct slot_facts slot_facts_of(const struct nv_view *view, u8 slot, const struct verified_image *image);

/*
 * The state to commit before the jump. found is what verification said of each slot, as far as it was looked at: OK, or
 * the error that ruled it out; found of the chosen slot is OK. Sets *next (always) and *changed (nv_commit is needed):
 *  - a try is counted on a chosen STAGED or TRYING slot (START);
 *  - a slot in trial without tries left becomes BAD, CAUSE_TRIAL_EXHAUSTED;
 *  - a slot whose recorded image is no longer there or no longer verifies becomes BAD, CAUSE_VERIFICATION; one that
 *    verifies but is refused by policy, CAUSE_REFUSED; an error that says nothing of the image changes nothing;
 *  - floors that lag behind the state are repaired.
 * Without a writable, provisioned state nothing changes. When nv_commit then fails, the caller clears view->writable
 * and decides again: a try that is not counted must not be started. ERR_INTERNAL when the chosen slot is not one that
 * may boot.
 */
enum err boot_plan(const struct nv_view *view, const struct slot_facts facts[SLOTS], const enum err found[SLOTS],
        const struct boot_choice *choice, struct boot_state *next, bool *changed) MUST_CHECK;

/*
 * An installation into slot while another one runs: a digest of zeros makes it WRITING, a manifest's STAGED. trial:
 * what runs is on trial; the other slot is its way back. ERR_ARGUMENT: the running slot; ERR_STATE_TRANSITION.
 */
enum err plan_stage(const struct nv_view *view, u8 running, bool trial, u8 slot, const u8 digest[SHA384_SIZE],
        struct boot_state *next) MUST_CHECK;

/* The running trial reached local health: TRYING becomes UNCONFIRMED. ERR_STATE_TRANSITION. */
enum err plan_healthy(const struct nv_view *view, u8 slot, struct boot_state *next) MUST_CHECK;

/* What the running system knows of its own image, by the stage that verified it. */
struct running_image {
	const u8 *manifest_digest; /* SHA384_SIZE bytes */
	u64 svn, keys_version;
};

/*
 * The commit verdict of the verifier: UNCONFIRMED becomes GOOD and the floors rise to what the verdict asks. ERR_RANGE
 * when it asks for more than the running image itself reaches (the node could not boot again), ERR_STATE_TRANSITION.
 */
enum err plan_commit(const struct nv_view *view, u8 slot, const struct running_image *running, u64 image_floor,
        u64 key_floor, struct boot_state *next) MUST_CHECK;

#endif
