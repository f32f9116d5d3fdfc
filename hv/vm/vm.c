/* Guest memory as root mode reaches it. Trust: in the TCB; pure. Guests may change what is read at any moment: copy
 * once. */
#include "hv/vm/vm.h"

#include <string.h>

void *vm_memory(const struct vm *vm, u64 guest, u64 length)
{
	for (u32 i = 0; i < vm->memory_count; i++) {
		const struct vm_memory *m = &vm->memory[i];
		if (m->window && guest >= m->guest && range_inside(guest - m->guest, length, m->length))
			return m->window + (guest - m->guest);
	}
	return NULL;
}

bool vm_read(const struct vm *vm, u64 guest, void *to, u64 length)
{
	const void *from = vm_memory(vm, guest, length);

	if (from)
		memcpy(to, from, length);
	return from;
}

bool vm_write(const struct vm *vm, u64 guest, const void *from, u64 length)
{
	void *to = vm_memory(vm, guest, length);

	if (to)
		memcpy(to, from, length);
	return to;
}

static bool contains(void *context, u64 address, u64 length)
{
	return vm_memory(context, address, length);
}

static bool read(void *context, u64 address, void *to, u32 length)
{
	return vm_read(context, address, to, length);
}

static bool write(void *context, u64 address, const void *from, u32 length)
{
	return vm_write(context, address, from, length);
}

struct guest_memory vm_guest_memory(struct vm *vm)
{
	return (struct guest_memory){ contains, read, write, vm };
}
