/*
 * The fleet's word for this boot: the challenge it has to answer, the ticket in force, the end of its lease.
 * Trust: in the TCB; tickets are outside bytes.
 */
#ifndef SIGNET_HV_NODE_TICKET_H
#define SIGNET_HV_NODE_TICKET_H

#include "lib/control/wire.h"
#include "lib/err.h"

/*
 * Makes the one open challenge; the one before is answered by nothing any more. Only in a worker job, lock not held, as
 * the next: it waits for the TPM, whose errors it gives.
 */
enum err ticket_challenge(u8 out[CONTROL_CHALLENGE_SIZE]) MUST_CHECK;

/*
 * Takes a ticket for this boot: measured, then in force until its lease ends, and guests that run are held to it
 * (guests_enforce). One that is refused changes nothing, and the challenge stays open. Those of ticket_open() and
 * ticket_judge(); ERR_BOOT_MEASURE: nothing starts in this boot any more.
 */
enum err ticket_take(const u8 *bytes, size_t n) MUST_CHECK;

/* Challenge, ticket and lease, and the flags that tell of them. Lock held. */
void ticket_status(struct control_status *out);

#endif
