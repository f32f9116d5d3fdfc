/* Copies to and from a VM's memory, piece by piece. Trust: in the TCB; pure. */
#include "hv/dev/guest_memory.h"

#include <string.h>

bool guest_contains(const struct guest_memory *m, u64 address, u64 length)
{
	for (u64 n = length; length; address += n, length -= n, n = length)
		if (!m->at(m->context, address, &n))
			return false;
	return true;
}

bool guest_read(const struct guest_memory *m, u64 address, void *to, u64 length)
{
	u8 *out = to;

	for (u64 n = length; length; address += n, out += n, length -= n, n = length) {
		const u8 *at = m->at(m->context, address, &n);

		if (!at)
			return false;
		memcpy(out, at, n);
	}
	return true;
}

bool guest_write(const struct guest_memory *m, u64 address, const void *from, u64 length)
{
	const u8 *in = from;

	for (u64 n = length; length; address += n, in += n, length -= n, n = length) {
		u8 *at = m->at(m->context, address, &n);

		if (!at)
			return false;
		memcpy(at, in, n);
	}
	return true;
}
