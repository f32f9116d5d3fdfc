/*
 * EPT violations: device memory on the bus, which one decoded MOV of 64-bit code reaches. What nobody claims reads as
 * ones and takes writes without effect. Trust: in the TCB; pure.
 */
#include "hv/exit/handlers.h"
#include "hv/exit/instruction.h"

#include "lib/bytes.h"

#include <string.h>

enum { PAGE = 4096, PAGE_SHIFT = 12, TOP_SHIFT = 39, INDEX_BITS = 9, PRESENT = BIT(0), LARGE = BIT(7) };
#define ENTRY_ADDRESS 0x000FFFFFFFFFF000ull

static u64 load_entry(const u64 *entry)
{
	return __atomic_load_n(entry, __ATOMIC_RELAXED);
}

/*
 * The n bytes at linear, by the tables that the processor has just fetched the instruction through. By what right is
 * its affair: a guest that has changed tables or code since then deceives itself alone.
 */
static const u8 *walk(struct vm *vm, u64 root, u64 linear, u32 n, struct fetched *f)
{
	u64 value = root, in_page;
	u32 shift = TOP_SHIFT;

	for (f->entries = 0;; shift -= INDEX_BITS) {
		u64 index = linear >> shift & ((1u << INDEX_BITS) - 1);
		const u64 *entry = vm_memory(vm, (value & ENTRY_ADDRESS) + index * sizeof(value), sizeof(value));

		value = entry ? load_entry(entry) : 0;
		if (!(value & PRESENT))
			return NULL;
		f->entry[f->entries] = entry;
		f->value[f->entries++] = value;
		if (shift == PAGE_SHIFT || (shift < TOP_SHIFT && value & LARGE))
			break;
	}
	in_page = (1ull << shift) - 1;
	return vm_memory(vm, (value & ENTRY_ADDRESS & ~in_page) | (linear & in_page), n);
}

/*
 * The instruction is the same when it is fetched from the same place through the same entries of the guest's tables,
 * and its bytes are the same: all are looked at again, as the guest changes any of them without an exit.
 */
static bool is_kept(const struct vcpu *v, const struct fetched *f)
{
	bool same = f->at && vcpu_get(v, VCPU_RIP) == f->rip && vcpu_get(v, VCPU_CR3) == f->cr3;

	for (u32 i = 0; same && i < f->entries; i++)
		same = load_entry(f->entry[i]) == f->value[i];
	return same && load_le64(f->at) == f->word[0] && load_le64(f->at + 8) == f->word[1];
}

/* Its end may share no page with its beginning: then what is to be had of it may do, and it is not kept. */
__attribute__((noinline)) static bool fetch(struct vcpu *v, struct fetched *f)
{
	u64 rip = vcpu_get(v, VCPU_RIP), cr3 = vcpu_get(v, VCPU_CR3);
	u32 border = PAGE - (u32)(rip % PAGE), n = border < FETCH_SIZE ? border : FETCH_SIZE;
	u8 *bytes = (u8 *)f->word;
	const u8 *at = walk(v->vm, cr3, rip, n, f), *rest;

	f->at = NULL;
	if (!at)
		return false;
	memcpy(bytes, at, n);
	rest = n < FETCH_SIZE ? walk(v->vm, cr3, rip + n, FETCH_SIZE - n, f) : NULL;
	if (rest)
		memcpy(bytes + n, rest, FETCH_SIZE - n);
	if (!instruction_decode(bytes, rest ? FETCH_SIZE : n, &f->in))
		return false;
	f->at = n < FETCH_SIZE ? NULL : at;
	f->rip = rip;
	f->cr3 = cr3;
	return true;
}

static u64 extended(u64 value, const struct instruction *in)
{
	u64 sign = 1ull << (8 * in->size - 1);

	return in->sign_extend ? (value ^ sign) - sign : value;
}

static void load(struct vcpu *v, const struct instruction *in, u64 value)
{
	if (in->high_byte)
		vcpu_set_gpr(v, in->gpr, (vcpu_gpr(v, in->gpr) & ~(u64)0xFF00) | (value & 0xFF) << 8, 8);
	else
		vcpu_set_gpr(v, in->gpr, extended(value, in), in->result_size);
}

static u64 stored(const struct vcpu *v, const struct instruction *in)
{
	u64 value = in->has_immediate ? in->immediate : vcpu_gpr(v, in->gpr) >> (in->high_byte ? 8 : 0);

	return value & (UINT64_MAX >> (64 - 8 * in->size));
}

__attribute__((flatten)) enum exit_result handle_memory(struct vcpu *v, const struct exit *x)
{
	const struct exit_memory *m = &x->memory;
	const struct instruction *in = &v->fetched.in;

	if (m->fetch)
		return vcpu_stop(v, x, "it executes what is not its memory");
	/* The processor's own accesses: page tables, descriptors and stacks of an event in the middle of its delivery.
	 */
	if (m->walking || !m->has_linear || v->due.type != EVENT_NONE)
		return vcpu_stop(v, x, "its tables or stacks lie outside its memory");
	if (!vcpu_code_64(v) || (!is_kept(v, &v->fetched) && !fetch(v, &v->fetched)))
		return vcpu_raise(v, VECTOR_UD, 0);
	/* Another processor has changed the instruction since: let it run what is there now. */
	if (in->write != m->write)
		return EXIT_RETRY;
	if (in->write)
		bus_write(&v->vm->bus, BUS_MMIO, m->guest, in->size, stored(v, in));
	else
		load(v, in, bus_read(&v->vm->bus, BUS_MMIO, m->guest, in->size));
	vcpu_skip(v, in->length);
	return EXIT_RETRY;
}
