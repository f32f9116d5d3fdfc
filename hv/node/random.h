/*
 * Numbers that nobody foretells: the boot-session id, challenges.
 * Trust: in the TCB; hardware access.
 */
#ifndef SIGNET_HV_NODE_RANDOM_H
#define SIGNET_HV_NODE_RANDOM_H

#include "attest/ticket.h"

/* Only in a worker job, or before the scheduler: it waits for the TPM, whose errors it gives. */
enum err node_random(u8 out[ATTEST_ID_SIZE]) MUST_CHECK;

#endif
