/*
 * Root mode's TPM: found once, then used by the worker alone, between whose looks at the device others run.
 * Trust: in the TCB; hardware access.
 */
#ifndef SIGNET_HV_NODE_TPM_H
#define SIGNET_HV_NODE_TPM_H

#include "lib/tpm/tpm.h"

/* Once, before the scheduler. ERR_TPM_ABSENT. */
enum err node_tpm_start(void) MUST_CHECK;

/* Only in a worker job, or before the scheduler. */
struct tpm *node_tpm(void);

#endif
