/*
 * The fleet server's addresses, and which to try: each that failed rests, longer each time.
 * Trust: pure. The list comes from the measured fleet configuration.
 */
#ifndef SIGNET_AGENT_AGENTD_ADDRESSES_H
#define SIGNET_AGENT_AGENTD_ADDRESSES_H

#include "lib/err.h"
#include "lib/tls/socket.h"

enum { ADDRESSES_MAX = 16 };

struct address {
	char host[SOCKET_HOST_SIZE], port[SOCKET_PORT_SIZE];
	u32 failures; /* in a row */
	u64 rest; /* ms: not tried before */
};

struct addresses {
	u32 count, current;
	struct address at[ADDRESSES_MAX];
};

/* "host:port,host:port". ERR_ARGUMENT: none, too many, or one that is no address. */
enum err addresses_read(struct addresses *a, const char *text) MUST_CHECK;

/* The current one, or the next that has rested; NULL: all rest. */
struct address *address_pick(struct addresses *a, u64 now);
void address_failed(struct addresses *a, struct address *which, u64 now, u32 random);
void address_good(struct addresses *a, struct address *which);

#endif
