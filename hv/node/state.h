/*
 * What root mode keeps of this boot, for the files of hv/node alone.
 * Trust: in the TCB.
 */
#ifndef SIGNET_HV_NODE_STATE_H
#define SIGNET_HV_NODE_STATE_H

#include "attest/ticket.h"
#include "hv/boot/handoff.h"
#include "update/nv_tpm.h"

/* What the next ticket has to answer. */
struct challenge {
	bool open; /* issued, and not answered */
	u8 bytes[ATTEST_ID_SIZE];
	u64 issued; /* TSC */
};

struct node_state {
	u8 session[ATTEST_ID_SIZE];
	u32 epoch; /* lowest of a leaf: the fleet configuration's, or the highest seen in this boot */
	struct challenge challenge;
	const struct boot_info *boot;
	struct authority authority;
	struct nv_tpm nv;
	struct nv_view view; /* changed by the worker alone, under the lock */
	u32 stagings; /* in this boot, also those that the TPM refused: STAGINGS_MAX at most */
	u64 deadline; /* TSC at which the running trial ends; 0: none is running */
};

extern struct node_state node_state;

/* Goes on with this authority, NULL: none, and with what the TPM holds. Lock not held. */
enum err state_read(const struct authority *authority) MUST_CHECK;

/* The authority's word counts once the TPM's indices bear it out: zeros until then. */
const u8 *state_node_id(void);

/* A leaf of this epoch was taken. Lock held. */
void state_saw_epoch(u32 epoch);

/* What is called when the running trial's time is over: the machine starts anew. */
void state_end_trial(void);

#endif
