/*
 * This node in this boot: its TPM, boot-session id, fleet configuration, event log, gate.
 * Trust: in the TCB.
 */
#ifndef SIGNET_HV_NODE_NODE_H
#define SIGNET_HV_NODE_NODE_H

#include "hv/boot/handoff.h"
#include "image/fleet.h"
#include "lib/control/wire.h"

/*
 * Finds the TPM, continues the event log, reads the fleet configuration and the slots' state, measures what this boot
 * stands for. Once, before the scheduler, with the clock calibrated and the pool set up; info stays. Waits for the TPM,
 * and stops the machine when one of these fails.
 */
void node_start(const struct boot_info *info);

/* Zero where the image has none. */
const struct fleet *node_fleet(void);

/* The node's part of the status: all but what is counted elsewhere, which stays as it is. Lock held. */
void node_status(struct control_status *out);

/* The fleet configuration's bytes from offset, as node_log_read(); *end 0: the image has none. */
size_t node_fleet_read(u64 offset, u8 *out, size_t room, u64 *end);

/* The event log from offset, at most room bytes; returns how many. *end: its length. Lock held. */
size_t node_log_read(u64 offset, u8 *out, size_t room, u64 *end);

#endif
