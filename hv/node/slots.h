/*
 * The slots' state in TPM NV as the running system changes it, and the end of a trial that nobody confirms.
 * Trust: in the TCB.
 */
#ifndef SIGNET_HV_NODE_SLOTS_H
#define SIGNET_HV_NODE_SLOTS_H

#include "hv/boot/handoff.h"
#include "lib/control/wire.h"
#include "lib/err.h"

enum {
	TRIAL_SECONDS = 600,
	/* Staging orders in one boot, two for a release: NV wears out, and a compromised service VM could hurry it on.
	 */
	STAGINGS_MAX = 16,
};

/*
 * Reads the state by the TPM that node_tpm_start() found. A running trial has TRIAL_SECONDS from now to be found well:
 * then the machine starts anew, with the reason kept for the next boot. After dispatch_init(), before the scheduler
 * runs.
 */
enum err slots_start(const struct boot_info *info) MUST_CHECK;

/* The boot state is there. */
bool slots_provisioned(void);

/* Lock held. A slot's svn is 0 unless it is the running one. */
void slots_report(struct control_slots *out);

/*
 * CONTROL_STAGE: WRITING when order's digest is zero, STAGED otherwise, of the slot that is not running.
 * CONTROL_HEALTHY: the running trial becomes UNCONFIRMED. Only in a worker job, lock not held. ERR_ARGUMENT,
 * ERR_STATE_TRANSITION, ERR_CONTROL_BUSY (STAGINGS_MAX reached), ERR_NV_ABSENT (not provisioned), ERR_NV_POLICY, or
 * the TPM's.
 */
enum err slots_stage(const struct control_stage *order) MUST_CHECK;
enum err slots_healthy(void) MUST_CHECK;

/*
 * A commit verdict: the running slot, UNCONFIRMED, becomes GOOD, and the floors rise as it asks. In a worker job as
 * well. Those of verdict_open(), verdict_judge() and plan_commit(), ERR_NV_POLICY, or the TPM's.
 */
enum err slots_commit(const u8 *bytes, size_t n) MUST_CHECK;

#endif
