/*
 * The agent's own log: lines on standard error, the last of them kept for `signet node logs`.
 * Trust: runs in the service VM.
 */
#ifndef SIGNET_AGENT_AGENTD_RING_H
#define SIGNET_AGENT_AGENTD_RING_H

#include "lib/types.h"

enum { RING_SIZE = 65536, RING_LINE_MAX = 512 };

/* One line, time before it. From any thread. */
void tell(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/*
 * Copies up to n bytes from *offset on, or from the oldest there are; *offset becomes where they begin, *end where the
 * text ends so far. Returns how many.
 */
size_t ring_read(u64 *offset, u64 *end, char *to, size_t n);

#endif
