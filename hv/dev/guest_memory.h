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

/* Whether all of [address, address + length) is RAM of this VM. */
bool guest_contains(const struct guest_memory *m, u64 address, u64 length);
/* False when it is not; what lies before its end is copied all the same. */
bool guest_read(const struct guest_memory *m, u64 address, void *to, u64 length);
bool guest_write(const struct guest_memory *m, u64 address, const void *from, u64 length);

#endif
