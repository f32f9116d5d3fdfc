/*
 * The gate: whether a guest may run at all. Asked by node_admit_guest() before a guest is measured, and again after.
 * Trust: in the TCB; pure.
 */
#ifndef SIGNET_HV_NODE_GATE_H
#define SIGNET_HV_NODE_GATE_H

#include "lib/crypto/crypto.h"
#include "lib/err.h"
#include "lib/types.h"

/* What the gate stands on. All false: nothing may run. */
struct gate {
	bool ungated; /* the fleet configuration lets guests start without a ticket */
	bool development; /* the image is a development image */
	bool measured; /* everything this boot decided stands in the TPM and in the log */
};

void gate_set(const struct gate *gate);
/* A measurement was lost: from now on nothing starts. */
void gate_unmeasured(void);

/*
 * digest: the guest's launch measurement. Lock held or not. ERR_GATE_TICKET: no ticket
 * authorizes it; ERR_BOOT_MEASURE: what this boot did is no longer measured completely.
 */
enum err gate_check(const u8 digest[SHA384_SIZE]) MUST_CHECK;

#endif
