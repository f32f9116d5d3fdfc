/*
 * What happens in this boot, measured: an event into a PCR and into the log that the stage began.
 * Trust: in the TCB.
 */
#ifndef SIGNET_HV_NODE_EVENT_H
#define SIGNET_HV_NODE_EVENT_H

#include "attest/event.h"

/*
 * Into PCR14, soon, by the worker. Any time, lock held. digest NULL: zeros; text longer than the record has room for is
 * cut. An event that cannot be kept or measured closes the gate for good.
 */
void node_event(enum event_kind kind, const u8 *digest, u64 first, u64 second, const char *text);

/*
 * Into PCR13, before gate_check and before the guest starts. Only in a worker job, lock not held: it waits for the TPM.
 * ERR_BOOT_MEASURE, and nothing may start.
 */
enum err node_measure_guest(const u8 digest[SHA384_SIZE], u32 id, const char *name) MUST_CHECK;

#endif
