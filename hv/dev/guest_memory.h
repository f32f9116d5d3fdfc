/*
 * The only way from a device model into a VM's memory: bounded copies. What was copied is judged; nothing is read
 * twice. Trust: in the TCB; the VM says where its memory is, tests that it is an array.
 */
#ifndef SIGNET_HV_DEV_GUEST_MEMORY_H
#define SIGNET_HV_DEV_GUEST_MEMORY_H

#include "lib/types.h"

struct guest_memory {
	/* Root mode's pointer to what lies at address; *n, not 0, falls to what is there in one piece. NULL: no RAM. */
	u8 *(*at)(void *context, u64 address, u64 *n);
	void *context;
};

/* Root mode's side of a copy: one of the two is set. Neither: it is only asked whether the memory is there. */
struct guest_copy {
	u8 *to;
	const u8 *from;
};

/* False: not all of [address, address + length) is RAM of this VM; what lies before its end is copied all the same. */
bool guest_copy(const struct guest_memory *m, u64 address, u64 length, struct guest_copy *c);

#endif
