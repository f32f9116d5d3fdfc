/*
 * What happens in this boot, measured: an event into a PCR and into the log that the stage began.
 * Trust: in the TCB.
 */
#ifndef SIGNET_HV_NODE_EVENT_H
#define SIGNET_HV_NODE_EVENT_H

#include "attest/event.h"
#include "attest/ticket.h"

/*
 * Into PCR14, soon, by the worker. Any time, lock held. digest NULL: zeros; text longer than the record has room for is
 * cut. An event that cannot be kept or measured closes the gate for good.
 */
void node_event(enum event_kind kind, const u8 *digest, u64 first, u64 second, const char *text);

/*
 * Measures what node_event() was told so far. Only in a worker job, lock not held. ERR_BOOT_MEASURE: in this boot
 * something could not be measured.
 */
enum err node_events_measured(void) MUST_CHECK;

/*
 * Asks the gate, and measures into PCR13 a guest that it lets through; a refused one is in no PCR and takes no room in
 * the log. load: as gate_check(), which is to be asked again, with the lock held, right before its first instruction.
 * Only in a worker job, lock not held: it waits for the TPM. After ERR_BOOT_MEASURE nothing starts any more.
 */
enum err node_admit_guest(
        const u8 digest[SHA384_SIZE], const struct ticket_load *load, u32 id, const char *name) MUST_CHECK;

#endif
