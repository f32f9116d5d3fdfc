/* Guest memory as root mode reaches it. Trust: in the TCB; pure. Guests may change what is read at any moment: copy
 * once. */
#include "hv/vm/vm.h"

static u8 *piece_at(void *context, u64 guest, u64 *n)
{
	const struct vm *vm = context;

	for (u32 i = 0; i < vm->memory_count; i++) {
		const struct vm_memory *m = &vm->memory[i];
		u64 offset = guest - m->guest;

		if (m->window && offset < m->length) {
			*n = *n < m->length - offset ? *n : m->length - offset;
			return m->window + offset;
		}
	}
	return NULL;
}

void *vm_memory(struct vm *vm, u64 guest, u64 length)
{
	u64 n = length;
	u8 *at = piece_at(vm, guest, &n);

	return n == length ? at : NULL;
}

struct guest_memory vm_guest_memory(struct vm *vm)
{
	return (struct guest_memory){ piece_at, vm };
}
