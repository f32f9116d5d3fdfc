/*
 * EPT violations: device memory on the bus, which one decoded MOV reaches. What nobody claims reads as ones and takes
 * writes without effect. Trust: in the TCB; pure.
 */
#include "hv/exit/handlers.h"
#include "hv/exit/instruction.h"
#include "hv/vm/walk.h"

enum { PAGE = 4096, CS_DEFAULT_32 = BIT(14) };

static enum code_size code_size(const struct vcpu *v)
{
	if (vcpu_code_64(v))
		return CODE_64;
	return vcpu_get(v, VCPU_CS_ACCESS) & CS_DEFAULT_32 ? CODE_32 : CODE_16;
}

/* How many bytes were to be had at the instruction pointer. Its end may share no page with its beginning. */
static u32 fetch(const struct vcpu *v, enum code_size mode, u8 bytes[INSTRUCTION_MAX])
{
	u64 rip = vcpu_get(v, VCPU_RIP), linear = mode == CODE_64 ? rip : (u32)(rip + vcpu_get(v, VCPU_CS_BASE));
	u32 access = FAULT_FETCH | (vcpu_cpl(v) == 3 ? FAULT_USER : 0), to_border = PAGE - (u32)(linear % PAGE);
	struct paging paging = paging_of(v);
	struct walk_fault fault;

	if (linear_read(v->vm, &paging, linear, access, bytes, INSTRUCTION_MAX, &fault) == WALK_DONE)
		return INSTRUCTION_MAX;
	if (to_border >= INSTRUCTION_MAX)
		return 0;
	return linear_read(v->vm, &paging, linear, access, bytes, to_border, &fault) == WALK_DONE ? to_border : 0;
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

enum exit_result handle_memory(struct vcpu *v, const struct exit *x)
{
	const struct exit_memory *m = &x->memory;
	enum code_size mode = code_size(v);
	u8 bytes[INSTRUCTION_MAX] = { 0 };
	struct instruction in;

	if (m->fetch)
		return vcpu_stop(v, x, "it executes what is not its memory");
	/* The processor's own accesses: page tables, descriptors and stacks of an event in the middle of its delivery.
	 */
	if (m->walking || !m->has_linear || v->due.type != EVENT_NONE)
		return vcpu_stop(v, x, "its tables or stacks lie outside its memory");
	if (!instruction_decode(bytes, fetch(v, mode, bytes), mode, &in))
		return vcpu_raise(v, VECTOR_UD, 0);
	/* Another processor has changed the instruction since: let it run what is there now. */
	if (in.write != m->write)
		return EXIT_RETRY;
	if (in.write)
		bus_write(&v->vm->bus, BUS_MMIO, m->guest, in.size, stored(v, &in));
	else
		load(v, &in, bus_read(&v->vm->bus, BUS_MMIO, m->guest, in.size));
	vcpu_skip(v, in.length);
	return EXIT_RETRY;
}
