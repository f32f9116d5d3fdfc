/*
 * EPT violations: device memory on the bus, which one decoded MOV reaches. What nobody claims reads as ones and takes
 * writes without effect. Trust: in the TCB; pure.
 */
#include "hv/exit/handlers.h"
#include "hv/exit/instruction.h"
#include "hv/vm/walk.h"

#include "lib/bytes.h"

#include <string.h>

enum { PAGE = 4096, CS_DEFAULT_32 = BIT(14) };

static enum code_size code_size(const struct vcpu *v)
{
	if (vcpu_code_64(v))
		return CODE_64;
	return vcpu_get(v, VCPU_CS_ACCESS) & CS_DEFAULT_32 ? CODE_32 : CODE_16;
}

/*
 * The instruction is the same when it is fetched by the same registers through the same entries of the guest's tables,
 * and its bytes are the same: all are looked at again, as the guest changes any of them without an exit. Paging and PAE
 * are on in 64-bit code, and nothing else of CR0 and RFLAGS matters to a fetch (SDM 4.6).
 */
static bool is_kept(const struct vcpu *v, const struct fetched *f)
{
	return f->at && vcpu_get(v, VCPU_RIP) == f->by.rip && vcpu_get(v, VCPU_CR3) == f->by.cr3 &&
	        vcpu_get(v, VCPU_CR4) == f->by.cr4 && vcpu_get(v, VCPU_EFER) == f->by.efer &&
	        vcpu_get(v, VCPU_CS_ACCESS) == f->by.cs_access && vcpu_get(v, VCPU_SS_ACCESS) == f->by.ss_access &&
	        walk_is_same(&f->trail) && load_le64(f->at) == f->word[0] && load_le64(f->at + 8) == f->word[1];
}

/* Its end may share no page with its beginning: then what is to be had of it may do, and it is not kept. */
__attribute__((noinline)) static bool fetch(struct vcpu *v, struct fetched *f)
{
	enum code_size mode = code_size(v);
	u64 rip = vcpu_get(v, VCPU_RIP), linear = mode == CODE_64 ? rip : (u32)(rip + vcpu_get(v, VCPU_CS_BASE)), guest;
	u32 access = FAULT_FETCH | (vcpu_cpl(v) == 3 ? FAULT_USER : 0), border = PAGE - (u32)(linear % PAGE);
	u32 n = border < FETCH_SIZE ? border : FETCH_SIZE;
	u8 *bytes = (u8 *)f->word, *at;
	struct paging paging = paging_of(v);
	struct walk_fault fault;

	f->at = NULL;
	f->trail.used = 0;
	if (walk(v->vm, &paging, linear, access, &f->trail, &guest, &fault) != WALK_DONE)
		return false;
	at = vm_memory(v->vm, guest, n);
	if (!at)
		return false;
	memcpy(bytes, at, n);
	if (n < FETCH_SIZE &&
	        linear_read(v->vm, &paging, linear + n, access, bytes + n, FETCH_SIZE - n, &fault) == WALK_DONE)
		n = FETCH_SIZE;
	if (!instruction_decode(bytes, n, mode, &f->in))
		return false;
	f->at = mode == CODE_64 && border >= FETCH_SIZE ? at : NULL;
	f->by = (struct fetched_by){ rip, vcpu_get(v, VCPU_CR3), vcpu_get(v, VCPU_CR4), vcpu_get(v, VCPU_EFER),
		vcpu_get(v, VCPU_CS_ACCESS), vcpu_get(v, VCPU_SS_ACCESS) };
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
	if (!is_kept(v, &v->fetched) && !fetch(v, &v->fetched))
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
