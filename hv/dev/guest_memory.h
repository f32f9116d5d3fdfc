/*
 * The only way from a device model into a VM's memory: bounded copies. What was copied is judged; nothing is read
 * twice. Trust: in the TCB; the VM implements it over its own ranges, tests over an array.
 */
#ifndef SIGNET_HV_DEV_GUEST_MEMORY_H
#define SIGNET_HV_DEV_GUEST_MEMORY_H

#include "lib/types.h"

struct guest_memory {
	/* Whether all of [address, address + length) is RAM of this VM; must not overflow. */
	bool (*contains)(void *context, u64 address, u64 length);
	/* False, with nothing copied, when it is not. */
	bool (*read)(void *context, u64 address, void *to, u32 length);
	bool (*write)(void *context, u64 address, const void *from, u32 length);
	void *context;
};

static inline bool guest_contains(const struct guest_memory *m, u64 address, u64 length)
{
	return m->contains(m->context, address, length);
}

static inline bool guest_read(const struct guest_memory *m, u64 address, void *to, u32 length)
{
	return m->read(m->context, address, to, length);
}

static inline bool guest_write(const struct guest_memory *m, u64 address, const void *from, u32 length)
{
	return m->write(m->context, address, from, length);
}

#endif
