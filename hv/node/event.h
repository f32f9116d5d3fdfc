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
 * Asks the gate, and measures into PCR13 a guest that it lets through, before its first instruction; a refused one is
 * in no PCR and takes no room in the log. Only in a worker job, lock not held: it waits for the TPM. As gate_check;
 * after ERR_BOOT_MEASURE nothing starts any more.
 */
enum err node_admit_guest(const u8 digest[SHA384_SIZE], u32 id, const char *name) MUST_CHECK;

#endif
