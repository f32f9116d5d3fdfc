/*
 * The boot state as root mode keeps it, for slots.c and provision.c alone.
 * Trust: in the TCB.
 */
#ifndef SIGNET_HV_NODE_STATE_H
#define SIGNET_HV_NODE_STATE_H

#include "hv/boot/handoff.h"
#include "update/nv_tpm.h"

struct node_state {
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

/* What is called when the running trial's time is over: the machine starts anew. */
void state_end_trial(void);

#endif
