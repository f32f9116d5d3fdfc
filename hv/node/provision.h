/*
 * CONTROL_PROVISION: enrolment's part in the TPM.
 * Trust: in the TCB; the order comes from the service VM.
 */
#ifndef SIGNET_HV_NODE_PROVISION_H
#define SIGNET_HV_NODE_PROVISION_H

#include "lib/control/wire.h"
#include "lib/err.h"

/*
 * authority: the write authority (docs/format.md) that follows the order to the frame's end; without one that approves
 * this boot's PCR7 nothing can be written. Node id and policy key must be the authority's, the policy key that of the
 * key manifest in force. Only in a worker job, lock not held. ERR_ARGUMENT, ERR_AUTHORITY_FORMAT, and those of
 * update/provision.h.
 */
enum err node_provision(const struct control_provision *order, const u8 *authority, size_t n) MUST_CHECK;

#endif
