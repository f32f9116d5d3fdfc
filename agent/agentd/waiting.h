/*
 * Orders that wait for an attestation. One that is under way may have begun before what its order is about: a guest
 * defined meanwhile is in no ticket of it. So each waits for the end of one that began after it came.
 * Trust: pure; the caller holds the agent's lock.
 */
#ifndef SIGNET_AGENT_AGENTD_WAITING_H
#define SIGNET_AGENT_AGENTD_WAITING_H

#include "lib/types.h"

enum { WAITING_MAX = 16 };

struct waiting {
	struct {
		u64 id; /* of the order */
		u32 for_end; /* of the attestation of this number */
	} order[WAITING_MAX];
	u32 count;
};

/* The number of the first attestation that begins from now on: ended of them are over, one may be under way. */
u32 waiting_for(u32 ended, bool under_way);

/* Whether attestation `number` is over; numbers may wrap. */
bool waiting_is_over(u32 number, u32 ended);

/* False: there is no room. */
bool waiting_add(struct waiting *w, u64 id, u32 for_end);

/* Takes out those whose attestation is over, or everybody, in the order they came; tells how many. */
u32 waiting_take(struct waiting *w, u32 ended, bool everybody, u64 ids[static WAITING_MAX]);

#endif
