/* Copies to and from a VM's memory, piece by piece. Trust: in the TCB; pure. */
#include "hv/dev/guest_memory.h"

#include <string.h>

bool guest_copy(const struct guest_memory *m, u64 address, u64 length, struct guest_copy *c)
{
	for (u64 n = length; length; address += n, length -= n, n = length) {
		u8 *at = m->at(m->context, address, &n);

		if (!at)
			return false;
		if (c->to) {
			memcpy(c->to, at, n);
			c->to += n;
		} else if (c->from) {
			memcpy(at, c->from, n);
			c->from += n;
		}
	}
	return true;
}
