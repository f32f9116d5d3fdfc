/*
 * Evidence of this boot, gathered from TPM, hypervisor and flash disk into one container (attest/evidence.h).
 * Trust: runs in the service VM; whatever it gets wrong, the verifier refuses.
 */
#ifndef SIGNET_AGENT_AGENTD_EVIDENCE_H
#define SIGNET_AGENT_AGENTD_EVIDENCE_H

#include "agent/agentd/agent.h"

/*
 * claim: complete. slot: the running one. out has room for EVIDENCE_SIZE_MAX bytes. On an error why says more, where
 * there is more to say.
 */
enum err evidence_gather(
        struct agent *a, const struct claim *claim, u32 slot, u8 *out, size_t *n, char why[TSS_WHY_SIZE]) MUST_CHECK;

#endif
