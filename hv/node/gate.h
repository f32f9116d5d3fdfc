/*
 * The gate: whether a guest may run at all. Asked by node_admit_guest() before a guest is measured, with the lock held
 * right before its first instruction, and about those that run when a ticket is taken or its lease ends.
 * Trust: in the TCB; pure.
 */
#ifndef SIGNET_HV_NODE_GATE_H
#define SIGNET_HV_NODE_GATE_H

#include "attest/ticket.h"

/* What the gate stands on. All zeros: nothing may run. */
struct gate {
	bool ungated; /* the fleet configuration lets guests start without a ticket */
	bool development; /* the image is a development image */
	bool measured; /* everything this boot decided stands in the TPM and in the log; once lost, it stays so */
	u64 lease_end; /* TSC: what the ticket allows holds until then; 0: none was taken in this boot */
	struct ticket ticket; /* the last one taken */
};

/* This boot's. Changed with the lock held. */
extern struct gate node_gate;

/* The last ticket, as of now (TSC). */
enum gate_lease { LEASE_NONE, LEASE_OVER, LEASE_RUNS, LEASES };
enum gate_lease gate_lease(const struct gate *g, u64 now);

/*
 * Whether something lets the guest of this launch measurement run; load: all guests there would be. ERR_GATE_TICKET: no
 * ticket was taken; ERR_TICKET_LEASE: its lease is over; ERR_TICKET_GUEST, ERR_TICKET_LIMIT: it does not allow this;
 * ERR_FLEET_UNGATED.
 */
enum err gate_allows(
        const struct gate *g, u64 now, const u8 digest[SHA384_SIZE], const struct ticket_load *load) MUST_CHECK;

/* The same for one that is to start. ERR_BOOT_MEASURE: what this boot did is no longer measured completely. */
enum err gate_check(
        const struct gate *g, u64 now, const u8 digest[SHA384_SIZE], const struct ticket_load *load) MUST_CHECK;

/* What becomes of a guest that runs or is paused, by gate_allows() and the last ticket's rule. */
enum gate_fate { FATE_STAYS, FATE_RUNS, FATE_PAUSED, FATE_ENDED };
enum gate_fate gate_fate(const struct gate *g, bool allowed);

#endif
