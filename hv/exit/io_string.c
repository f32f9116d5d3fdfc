/*
 * INS and OUTS: one element after the other through the guest's page tables. A long repetition is cut: the guest is
 * entered again at the same instruction with its registers moved on, as after an interrupt. Trust: in the TCB; pure.
 */
#include "hv/exit/handlers.h"
#include "hv/vm/walk.h"

/* Root mode's time for one exit stays bounded. */
enum { ELEMENTS_MAX = 64, PAGE = 4096 };

struct string {
	const struct exit_io *io;
	struct paging paging;
	u64 linear, left; /* the next element, and how many there are */
	u32 access;
	u8 index; /* RSI or RDI */
	bool down;
};

static u64 masked(u64 value, u8 address_size)
{
	return address_size == 8 ? value : value & (UINT64_MAX >> (64 - 8 * address_size));
}

static enum walk_result element(const struct vcpu *v, const struct string *s, struct walk_fault *fault)
{
	const struct exit_io *io = s->io;
	u32 value = 0;
	enum walk_result r;

	if (!io->in) {
		r = linear_read(v->vm, &s->paging, s->linear, s->access, &value, io->size, fault);
		if (r == WALK_DONE)
			bus_write(&v->vm->bus, BUS_PORT, io->port, io->size, value);
		return r;
	}
	/* The device is asked only when there is a place for what it says: reading it may change it. */
	r = linear_read(v->vm, &s->paging, s->linear, s->access | FAULT_WRITE, &value, io->size, fault);
	if (r != WALK_DONE)
		return r;
	value = (u32)bus_read(&v->vm->bus, BUS_PORT, io->port, io->size);
	return linear_write(v->vm, &s->paging, s->linear, s->access, &value, io->size, fault);
}

/* Registers of a 16-bit address keep their upper part, of a 32-bit one lose it. */
static void advance(struct vcpu *v, struct string *s)
{
	const struct exit_io *io = s->io;
	u64 step = s->down ? (u64)0 - io->size : io->size;

	vcpu_set_gpr(v, s->index, vcpu_gpr(v, s->index) + step, io->address_size);
	if (io->rep)
		vcpu_set_gpr(v, RCX, v->gpr[RCX] - 1, io->address_size);
	s->linear += step;
	s->left--;
}

/* Where segments wrap only the processor knows: it computes every page's first address itself. */
static bool same_page(u64 a, u64 b)
{
	return (a ^ b) / PAGE == 0;
}

enum exit_result handle_string_io(struct vcpu *v, const struct exit *x)
{
	const struct exit_io *io = &x->io;
	struct string s = { .io = io, .paging = paging_of(v), .linear = io->linear };
	struct walk_fault fault;

	if (io->address_size == 0)
		return vcpu_stop(v, x, "a string instruction of an address size that does not exist");
	s.left = io->rep ? masked(v->gpr[RCX], io->address_size) : 1;
	s.access = vcpu_cpl(v) == 3 ? FAULT_USER : 0;
	s.index = io->in ? RDI : RSI;
	s.down = vcpu_get(v, VCPU_RFLAGS) & RFLAGS_DF;
	for (u32 n = 0; s.left && n < ELEMENTS_MAX && same_page(s.linear, io->linear); n++) {
		enum walk_result r = element(v, &s, &fault);
		if (r == WALK_FAULT)
			return vcpu_page_fault(v, fault.linear, fault.error);
		if (r == WALK_OUTSIDE)
			return vcpu_stop(v, x, "a string instruction on what is not memory");
		advance(v, &s);
	}
	return s.left ? EXIT_RETRY : EXIT_SKIP;
}
