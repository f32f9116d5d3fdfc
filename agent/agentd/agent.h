/*
 * The agent as a whole: what its threads share. docs/agent.md says what it does in which order.
 *
 * Threads: the main one enrols and attests; one holds the poll open and carries out what is quick; one carries out
 * updates, and one what else takes long. Each has a conversation with the hypervisor and a connection of its own.
 * Trust: runs in the service VM, and nothing in root mode depends on it.
 */
#ifndef SIGNET_AGENT_AGENTD_AGENT_H
#define SIGNET_AGENT_AGENTD_AGENT_H

#include "agent/agentd/link.h"
#include "agent/agentd/node.h"
#include "agent/agentd/ring.h"
#include "agent/tpm/tss.h"

enum { VERDICT_NAME_SIZE = 64 };

struct agent_options {
	const char *control; /* hypervisor's control port, or a socket in its place */
	const char *tcti;
	const char *parts; /* folder of partitions; NULL: the flash disk's */
	const char *store; /* folder that outlives this boot; may be absent */
	const char *run; /* folder that outlives this process */
	const char *disks; /* where the block server looks */
};

struct agent {
	struct agent_options options;
	struct fleet fleet;
	struct fleet_place place;

	/* Of the main thread; ek and ak are fixed once prepared. */
	struct node node;
	struct link link;
	struct tss_ek ek;
	struct tss_blob ak;
	bool trial_told; /* the hypervisor has heard that this trial is well */

	/* Shared, under lock; changed is signalled with every change. */
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct agent_state state;
	bool own; /* evidence of this key was authentic: own requests may be made */
	bool attesting; /* one is under way */
	u32 attested; /* those that ended, however */
	enum agent_outcome last; /* how the last one ended */
	char verdict[VERDICT_NAME_SIZE]; /* its verdict's name, or why there is none */
};

/* Finds EK and AK. */
enum agent_outcome agent_prepare(struct agent *a);
enum agent_outcome agent_enrol(struct agent *a);
/* *again_ms: when to do it again. */
enum agent_outcome agent_attest(struct agent *a, u64 *again_ms);

/* Says what the agent waits for: log, and status screen. */
void agent_waits(struct agent *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The time in ms, for conditions: they wait on the clock that never jumps. */
struct timespec agent_after_ms(u32 ms);

/* Another thread wants an attestation and its end; at most timeout_ms. verdict: its name, or why there is none. */
enum agent_outcome agent_attest_now(struct agent *a, u32 timeout_ms, char verdict[VERDICT_NAME_SIZE]);

/* Nodes are named by lowercase hexadecimal. */
enum { NODE_TEXT_SIZE = 2 * ATTEST_ID_SIZE + 1 };
void agent_node_text(const struct agent *a, char out[NODE_TEXT_SIZE]);

#endif
