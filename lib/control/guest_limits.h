/*
 * What a node takes of a guest: root mode, and before it those who order guests, the agent, its files, the fleet
 * server. Trust: pure.
 */
#ifndef SIGNET_LIB_CONTROL_GUEST_LIMITS_H
#define SIGNET_LIB_CONTROL_GUEST_LIMITS_H

#include "lib/control/wire.h"

enum {
	GUEST_MOST_VCPUS = 32,
	GUEST_MOST_COMMAND_LINE = 2047, /* bytes; the hypervisor takes more */
};
/* Bytes of memory: a multiple of the step. Above the most there is no machine. */
#define GUEST_LEAST_MEMORY MIB(32)
#define GUEST_MEMORY_STEP MIB(2)
#define GUEST_MOST_MEMORY MIB(1 << 20)

static inline bool guest_memory_fits(u64 bytes)
{
	return bytes >= GUEST_LEAST_MEMORY && bytes <= GUEST_MOST_MEMORY && is_aligned(bytes, GUEST_MEMORY_STEP);
}

#endif
