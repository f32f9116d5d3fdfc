/* Guest page walks: one loop over a description of the paging mode (SDM volume 3A, 4.3-4.6). Trust: in the TCB; pure.
 */
#include "hv/vm/walk.h"

#include <string.h>

enum entry_bits {
	ENTRY_PRESENT = BIT(0),
	ENTRY_WRITE = BIT(1),
	ENTRY_USER = BIT(2),
	ENTRY_ACCESSED = BIT(5),
	ENTRY_DIRTY = BIT(6),
	ENTRY_LARGE = BIT(7),
};
#define ENTRY_NO_EXECUTE (1ull << 63)
#define ENTRY_ADDRESS 0x000FFFFFFFFFF000ull

enum { PAGE = 4096 };

struct walk_mode {
	u8 levels, index_bits, entry_size, large_top; /* levels up to large_top may hold pages */
};

static const struct walk_mode mode_32 = { 2, 10, 4, 2 }, mode_pae = { 3, 9, 8, 2 }, mode_long = { 4, 9, 8, 3 };

struct paging paging_of(const struct vcpu *v)
{
	u64 cr0 = vcpu_get(v, VCPU_CR0), cr4 = vcpu_get(v, VCPU_CR4), efer = vcpu_get(v, VCPU_EFER);
	bool ac = vcpu_get(v, VCPU_RFLAGS) & RFLAGS_AC;

	return (struct paging){ .root = vcpu_get(v, VCPU_CR3),
		.on = cr0 & CR0_PG,
		.pae = cr4 & CR4_PAE,
		.long_mode = efer & EFER_LMA,
		.write_protect = cr0 & CR0_WP,
		.no_execute = efer & EFER_NXE,
		.smep = cr4 & CR4_SMEP,
		.smap = cr4 & CR4_SMAP && !ac,
		.large_32 = cr4 & CR4_PSE };
}

static const struct walk_mode *mode_of(const struct paging *p)
{
	if (p->long_mode)
		return &mode_long;
	return p->pae ? &mode_pae : &mode_32;
}

static u64 load(const void *entry, u8 size)
{
	return size == 8 ? __atomic_load_n((const u64 *)entry, __ATOMIC_RELAXED)
	                 : __atomic_load_n((const u32 *)entry, __ATOMIC_RELAXED);
}

/* Both sizes have these bits in their first byte; other processors may set others at the same time. */
static void set_bits(void *entry, u8 bits)
{
	(void)__atomic_fetch_or((u8 *)entry, bits, __ATOMIC_RELAXED);
}

/* What all levels together allow, as if in one entry. */
static bool allowed(const struct paging *p, u64 rights, u32 access)
{
	bool user = access & FAULT_USER, user_page = rights & ENTRY_USER;

	if (user && !user_page)
		return false;
	if (access & FAULT_WRITE && !(rights & ENTRY_WRITE) && (user || p->write_protect))
		return false;
	if (access & FAULT_FETCH)
		return !(p->no_execute && rights & ENTRY_NO_EXECUTE) && !(p->smep && !user && user_page);
	return !(p->smap && !user && user_page);
}

static enum walk_result fault_at(const struct paging *p, u64 linear, u32 access, u32 present, struct walk_fault *fault)
{
	/* Fetches are told apart only where something may be forbidden to execute (SDM 4.7). */
	u32 shown = access & (p->no_execute || p->smep ? ~0u : ~(u32)FAULT_FETCH);

	*fault = (struct walk_fault){ .linear = linear, .error = shown | present };
	return WALK_FAULT;
}

struct walk_step {
	u64 table, rights;
	void *entry;
	u64 value;
	u32 level, shift;
};

static bool holds_page(const struct paging *p, const struct walk_mode *m, const struct walk_step *s)
{
	if (s->level == 1)
		return true;
	return s->level <= m->large_top && s->value & ENTRY_LARGE && (m != &mode_32 || p->large_32);
}

/* The entries of 32-bit PAE's first level carry no rights. */
static void take_rights(const struct walk_mode *m, struct walk_step *s)
{
	if (m == &mode_pae && s->level == 3)
		return;
	s->rights = (s->rights & s->value & (ENTRY_WRITE | ENTRY_USER)) | ((s->rights | s->value) & ENTRY_NO_EXECUTE);
	set_bits(s->entry, ENTRY_ACCESSED);
}

static u64 page_address(const struct walk_mode *m, const struct walk_step *s, u64 linear)
{
	u64 size = 1ull << s->shift, base = s->value & ENTRY_ADDRESS & ~(size - 1);

	/* 4 MiB pages keep address bits 39:32 in 20:13 (SDM table 4-4). */
	if (m == &mode_32 && s->level == 2)
		base = (s->value & 0xFFC00000) | (s->value >> 13 & 0xFF) << 32;
	return base | (linear & (size - 1));
}

static u64 root_of(const struct paging *p, const struct walk_mode *m)
{
	return m == &mode_pae ? p->root & 0xFFFFFFE0 : p->root & ENTRY_ADDRESS & (m == &mode_32 ? UINT32_MAX : ~0ull);
}

enum walk_result walk(const struct vm *vm, const struct paging *p, u64 linear, u32 access, struct walk_trail *trail,
        u64 *guest, struct walk_fault *fault)
{
	const struct walk_mode *m = mode_of(p);
	struct walk_step s = { .table = root_of(p, m), .rights = ENTRY_WRITE | ENTRY_USER };

	linear = p->long_mode ? linear : (u32)linear;
	*guest = linear;
	if (!p->on)
		return WALK_DONE;
	for (s.level = m->levels;; s.level--) {
		s.shift = 12u + m->index_bits * (s.level - 1);
		u64 index = linear >> s.shift & ((1u << m->index_bits) - 1);
		s.entry = vm_memory(vm, s.table + index * m->entry_size, m->entry_size);
		if (!s.entry)
			return WALK_OUTSIDE;
		s.value = load(s.entry, m->entry_size);
		if (!(s.value & ENTRY_PRESENT))
			return fault_at(p, linear, access, 0, fault);
		take_rights(m, &s);
		if (trail && m == &mode_long) {
			trail->entry[trail->used] = s.entry;
			trail->value[trail->used++] = s.value | ENTRY_ACCESSED;
		}
		if (holds_page(p, m, &s))
			break;
		s.table = s.value & ENTRY_ADDRESS;
	}
	if (!allowed(p, s.rights, access))
		return fault_at(p, linear, access, FAULT_PRESENT, fault);
	if (access & FAULT_WRITE)
		set_bits(s.entry, ENTRY_DIRTY);
	*guest = page_address(m, &s, linear);
	return WALK_DONE;
}

/* The one or two pieces of an operand. */
struct pieces {
	u8 *at[2];
	u32 length[2];
};

static enum walk_result find_pieces(const struct vm *vm, const struct paging *p, u64 linear, u32 access, u32 n,
        struct pieces *pieces, struct walk_fault *fault)
{
	u32 first = PAGE - (u32)(linear % PAGE);

	if (n > PAGE)
		return WALK_OUTSIDE;
	pieces->length[0] = n < first ? n : first;
	pieces->length[1] = n - pieces->length[0];
	for (u32 i = 0; i < 2 && pieces->length[i]; i++) {
		u64 guest;
		enum walk_result r = walk(vm, p, linear + (i ? first : 0), access, NULL, &guest, fault);
		if (r != WALK_DONE)
			return r;
		pieces->at[i] = vm_memory(vm, guest, pieces->length[i]);
		if (!pieces->at[i])
			return WALK_OUTSIDE;
	}
	return WALK_DONE;
}

enum walk_result linear_read(
        const struct vm *vm, const struct paging *p, u64 linear, u32 access, void *to, u32 n, struct walk_fault *fault)
{
	struct pieces s = { 0 };
	enum walk_result r = find_pieces(vm, p, linear, access, n, &s, fault);

	for (u32 i = 0, done = 0; r == WALK_DONE && i < 2 && s.length[i]; done += s.length[i++])
		memcpy((u8 *)to + done, s.at[i], s.length[i]);
	return r;
}

enum walk_result linear_write(const struct vm *vm, const struct paging *p, u64 linear, u32 access, const void *from,
        u32 n, struct walk_fault *fault)
{
	struct pieces s = { 0 };
	enum walk_result r = find_pieces(vm, p, linear, access | FAULT_WRITE, n, &s, fault);

	for (u32 i = 0, done = 0; r == WALK_DONE && i < 2 && s.length[i]; done += s.length[i++])
		memcpy(s.at[i], (const u8 *)from + done, s.length[i]);
	return r;
}
