/*
 * What the agent does next: two const tables over a small state, shown in docs/agent.md. Knows no network, TPM or
 * clock. Trust: pure.
 */
#ifndef SIGNET_AGENT_AGENTD_STEP_H
#define SIGNET_AGENT_AGENTD_STEP_H

#include "lib/types.h"

enum agent_step {
	STEP_WAIT,
	STEP_PREPARE, /* find EK and AK */
	STEP_ENROL, /* make the fleet server know this node */
	STEP_ATTEST,
	AGENT_STEPS,
};

/* How a step ended. */
enum agent_outcome {
	OUTCOME_DONE,
	OUTCOME_UNKNOWN, /* the fleet server does not know this node */
	OUTCOME_UNREACHABLE, /* no address of it answers as it should */
	OUTCOME_REFUSED, /* it says no, and will say so again until somebody acts */
	OUTCOME_FAILED, /* something here: TPM, hypervisor, flash disk */
	AGENT_OUTCOMES,
};

struct agent_state {
	bool prepared; /* EK and AK are known */
	bool known; /* the fleet server knows this node, as far as we have heard */
	bool asked; /* somebody wants an attestation now */
	u64 due; /* ms: when the next one is due by itself */
	u64 rest; /* ms: nothing is tried before */
	u32 failures; /* in a row */
};

enum { REST_LEAST_MS = 1000, REST_MOST_MS = 60000, REST_REFUSED_MS = 300000 };

enum agent_step agent_next(const struct agent_state *s, u64 now);

/* The step begins: who asks from now on wants another one. */
void agent_begin(struct agent_state *s, enum agent_step step);

/* random: of any range, spreads the rests of many nodes. again_ms: when a done attestation wants its next one. */
void agent_after(
        struct agent_state *s, enum agent_step step, enum agent_outcome outcome, u64 now, u64 again_ms, u32 random);

/* Somebody wants an attestation: now, whatever was waited for. */
void agent_ask(struct agent_state *s);

/* Milliseconds until agent_next() may give something else than STEP_WAIT; at most REST_MOST_MS. */
u32 agent_sleep(const struct agent_state *s, u64 now);

/* Between half and all of a rest that doubles with each failure, from REST_LEAST_MS to REST_MOST_MS. */
u32 rest_of(u32 failures, u32 random);

#endif
