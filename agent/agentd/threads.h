/*
 * The threads beside the main one: one that holds the poll, one for what takes long.
 * Trust: see agent.h.
 */
#ifndef SIGNET_AGENT_AGENTD_THREADS_H
#define SIGNET_AGENT_AGENTD_THREADS_H

#include "agent/agentd/command.h"

/* ERR_NO_MEMORY: a thread could not be made. They run until the process ends. */
enum err poll_start(struct agent *a) MUST_CHECK;
enum err worker_start(struct agent *a) MUST_CHECK;

/* Queues a command; arguments are copied, NULL: none. False: too much is under way. */
bool worker_give(enum lane lane, u64 id, const char *kind, yyjson_val *arguments);

/* An order waits for the end of an attestation that begins after it. */
void attest_wanted(struct agent *a, u64 id);
/* Those whose attestation has ended have their answer, or everybody who waits. */
void attest_answer(struct agent *a, bool everybody);

/* control_status in words, for a poll; NULL: nothing in it has changed, or the hypervisor does not say. force: say it
 * anyway. */
yyjson_mut_val *report_make(struct node *n, yyjson_mut_doc *doc, bool force);
/* The poll with the last one was answered: until then it counts as untold. */
void report_arrived(void);
/* The same whatever was told before; for other threads than the poll's. */
yyjson_mut_val *report_now(struct node *n, yyjson_mut_doc *doc);
/* The update under way, for a report; nothing without one. */
void update_put(yyjson_mut_doc *doc, yyjson_mut_val *report);

#endif
