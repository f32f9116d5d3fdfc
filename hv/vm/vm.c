/* Guest memory as root mode reaches it. Trust: in the TCB; pure. Guests may change what is read at any moment: copy
 * once. */
#include "hv/vm/vm.h"

#include <string.h>

/* How much of what lies at guest is in one piece, and where; 0: it is not RAM. */
static u64 piece_at(const struct vm *vm, u64 guest, u8 **at)
{
	for (u32 i = 0; i < vm->memory_count; i++) {
		const struct vm_memory *m = &vm->memory[i];
		if (m->window && guest - m->guest < m->length) {
			*at = m->window + (guest - m->guest);
			return m->length - (guest - m->guest);
		}
	}
	return 0;
}

void *vm_memory(const struct vm *vm, u64 guest, u64 length)
{
	u8 *at = NULL;

	return length <= piece_at(vm, guest, &at) ? at : NULL;
}

static bool all_ram(const struct vm *vm, u64 guest, u64 length)
{
	for (u64 done = 0, n; done < length; done += n) {
		u8 *at;

		n = piece_at(vm, guest + done, &at);
		if (n == 0 || guest + done < guest)
			return false;
	}
	return true;
}

/* to or from is the guest's side. */
static bool copy(const struct vm *vm, u64 guest, u8 *to, const u8 *from, u64 length)
{
	if (!all_ram(vm, guest, length))
		return false;
	for (u64 done = 0, n; done < length; done += n) {
		u8 *at;

		n = piece_at(vm, guest + done, &at);
		n = n < length - done ? n : length - done;
		memcpy(to ? to + done : at, to ? at : from + done, n);
	}
	return true;
}

bool vm_read(const struct vm *vm, u64 guest, void *to, u64 length)
{
	return copy(vm, guest, to, NULL, length);
}

bool vm_write(const struct vm *vm, u64 guest, const void *from, u64 length)
{
	return copy(vm, guest, NULL, from, length);
}

static bool contains(void *context, u64 address, u64 length)
{
	return all_ram(context, address, length);
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
