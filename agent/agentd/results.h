/*
 * Commands of the fleet server and their answers: each is carried out once, for as long as its folder lives (this boot
 * of the service VM), whichever answer was lost and however often the agent was started. Trust: runs in the service VM.
 */
#ifndef SIGNET_AGENT_AGENTD_RESULTS_H
#define SIGNET_AGENT_AGENTD_RESULTS_H

#include "lib/err.h"
#include "lib/types.h"

#include <yyjson.h>

enum { RESULTS_MAX = 64 };

/* What was there before the agent was started; a command that was amid is answered as interrupted. ERR_IO. */
enum err results_load(const char *folder) MUST_CHECK;

/*
 * True: carry it out, and call results_end(). False: it is under way, or its answer goes out once more. goes_on: when
 * this agent ends before it has, the next one does not answer it, but carries it out again when it comes again.
 */
bool results_begin(u64 id, bool goes_on);

/*
 * The answer, an object of docs/fleet-api.md; the document is freed. NULL: no memory for it, which is said instead.
 * Wakes whoever was given to results_wake().
 */
void results_end(u64 id, yyjson_mut_doc *answer);

/* What is called, without our lock, when there is an answer to send. */
void results_wake(void (*wake)(void *context), void *context);

/* For a poll: adds `results` and `running` to root. Returns a mark for results_sent(). */
u64 results_put(yyjson_mut_doc *doc, yyjson_mut_val *root);
/* The poll of that mark has been answered: what it carried has arrived. */
void results_sent(u64 mark);

/* Waits until the command's answer has arrived, at most timeout_ms. */
bool results_await_sent(u64 id, u32 timeout_ms);

#endif
