/*
 * Whose request an answer belongs to: every request goes out under a tag of ours, its answer goes back under its
 * asker's. Trust: pure.
 */
#ifndef SIGNET_AGENT_PORTD_ROUTE_H
#define SIGNET_AGENT_PORTD_ROUTE_H

#include "lib/types.h"

enum { ROUTES_MAX = 16 };

struct route {
	u32 ours; /* 0: free */
	u32 theirs;
	u32 asker;
};

struct routes {
	u32 last; /* tag given out */
	struct route route[ROUTES_MAX];
};

/* The tag to ask under, never 0; 0 when all places are taken. */
u32 route_add(struct routes *r, u32 asker, u32 tag);
/* Frees the place of an answer's tag; false: nobody waits for it any more. */
bool route_take(struct routes *r, u32 tag, struct route *out);
/* The asker is gone: what it asked for has nowhere to go. Places stay taken until the answers have come. */
void route_forget(struct routes *r, u32 asker);

#endif
