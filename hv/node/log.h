/*
 * The event log and what goes into it, for the files of hv/node alone.
 * Trust: in the TCB.
 */
#ifndef SIGNET_HV_NODE_LOG_H
#define SIGNET_HV_NODE_LOG_H

#include "attest/event.h"
#include "hv/boot/handoff.h"

/* Copies the stage's log to where it has room to grow. ERR_NO_MEMORY, ERR_BOOT_LOG. */
enum err node_log_start(const struct boot_info *info) MUST_CHECK;

/* digest NULL: zeros. */
void node_event_init(
        struct event *event, enum event_kind kind, const u8 *digest, u64 first, u64 second, const char *text);

/*
 * Extends and logs, at once. In a worker job or before the scheduler; lock not held. After ERR_NO_MEMORY, nothing was
 * extended; after another error PCR and log may differ.
 */
enum err node_measure(u32 pcr, const struct event *event) MUST_CHECK;

#endif
