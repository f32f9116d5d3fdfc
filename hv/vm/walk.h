/*
 * The guest's own page tables, walked for it: instructions and string operands that root mode has to fetch.
 * Trust: in the TCB; pure. The tables are the guest's and may change while they are read.
 */
#ifndef SIGNET_HV_VM_WALK_H
#define SIGNET_HV_VM_WALK_H

#include "hv/vm/vcpu.h"

enum page_fault_bits {
	FAULT_PRESENT = BIT(0),
	FAULT_WRITE = BIT(1),
	FAULT_USER = BIT(2),
	FAULT_FETCH = BIT(4),
};

/* What is to be done there, in the bits of a page fault's error code: FAULT_WRITE, FAULT_USER, FAULT_FETCH. */
enum walk_result {
	WALK_DONE,
	WALK_FAULT, /* a page fault for the guest */
	WALK_OUTSIDE, /* the tables, or what they lead to, lie in no memory of the VM */
};

struct walk_fault {
	u64 linear;
	u32 error;
};

/* Paging as it is switched on, by the vCPU's control registers. */
struct paging {
	u64 root; /* CR3 */
	bool on, pae, long_mode;
	bool write_protect, no_execute, smep, smap, large_32; /* CR0.WP, EFER.NXE, CR4.SMEP, SMAP and AC, PSE */
};
struct paging paging_of(const struct vcpu *v);

/* One linear address to a guest-physical one; sets accessed and dirty bits as a processor does. trail may be NULL. */
enum walk_result walk(const struct vm *vm, const struct paging *p, u64 linear, u32 access, struct walk_trail *trail,
        u64 *guest, struct walk_fault *fault);
/* Whether a walk in long mode, by the same registers, would go the same way again. */
static inline bool walk_is_same(const struct walk_trail *t)
{
	for (u32 i = 0; i < t->used; i++)
		if (__atomic_load_n(t->entry[i], __ATOMIC_RELAXED) != t->value[i])
			return false;
	return true;
}

/* Copies up to a page's worth at a linear address, over at most one page border. Nothing is written on a fault. */
enum walk_result linear_read(
        const struct vm *vm, const struct paging *p, u64 linear, u32 access, void *to, u32 n, struct walk_fault *fault);
enum walk_result linear_write(const struct vm *vm, const struct paging *p, u64 linear, u32 access, const void *from,
        u32 n, struct walk_fault *fault);

#endif
