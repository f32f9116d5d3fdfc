/*
 * The audit of root mode's page tables: walks all that is mapped and shows that no page is both writable and
 * executable, open to user mode, or leads elsewhere than to its own address. Trust: test code; pure. Tables are at the
 * address they are read at.
 */
#ifndef SIGNET_TESTS_VMX_AUDIT_PAGING_H
#define SIGNET_TESTS_VMX_AUDIT_PAGING_H

#include "hv/mem/paging.h"

enum { PAGING_ENTRY_WRITE = BIT(1) };
#define PAGING_ENTRY_NO_EXECUTE (1ull << 63)

struct paging_audit {
	u64 pages; /* mapped, of any size */
	u64 writable, executable; /* bytes */
	u64 broken; /* pages that break a rule */
	u64 first_broken;
};

/* Walks every table below root. */
void paging_audit(u64 root, u32 levels, struct paging_audit *audit);

/* The entry that maps address, and its page's size; 0 when nothing does. */
u64 paging_lookup(u64 root, u32 levels, u64 address, u64 *size);

#endif
