/* Guest memory as root mode reaches it. Trust: in the TCB; pure. Guests may change what is read at any moment: copy
 * once. */
#include "hv/vm/vm.h"

#include <string.h>

/* Root mode's pointer to what lies at guest, with *n of the length bytes from there in one piece; NULL: it is no RAM.
 */
static u8 *piece_at(const struct vm *vm, u64 guest, u64 length, u64 *n)
{
	for (u32 i = 0; i < vm->memory_count; i++) {
		const struct vm_memory *m = &vm->memory[i];
		u64 offset = guest - m->guest;

		if (m->window && offset < m->length) {
			*n = length < m->length - offset ? length : m->length - offset;
			return m->window + offset;
		}
	}
	return NULL;
}

void *vm_memory(const struct vm *vm, u64 guest, u64 length)
{
	u64 n = 0;
	u8 *at = piece_at(vm, guest, length, &n);

	return n == length ? at : NULL;
}

static bool all_ram(const struct vm *vm, u64 guest, u64 length)
{
	for (u64 n = 0; length; guest += n, length -= n)
		if (!piece_at(vm, guest, length, &n))
			return false;
	return true;
}

bool vm_read(const struct vm *vm, u64 guest, void *to, u64 length)
{
	u8 *out = to;
	bool good = all_ram(vm, guest, length);

	for (u64 n = 0; good && length; guest += n, out += n, length -= n) {
		const u8 *at = piece_at(vm, guest, length, &n);

		if (at)
			memcpy(out, at, n);
	}
	return good;
}

bool vm_write(const struct vm *vm, u64 guest, const void *from, u64 length)
{
	const u8 *in = from;
	bool good = all_ram(vm, guest, length);

	for (u64 n = 0; good && length; guest += n, in += n, length -= n) {
		u8 *at = piece_at(vm, guest, length, &n);

		if (at)
			memcpy(at, in, n);
	}
	return good;
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
