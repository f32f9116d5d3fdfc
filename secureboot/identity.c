/*
 * Identity page tables (Intel SDM volume 3, 4.5): one page directory a GiB where there are no 1 GiB pages.
 * Trust: in the TCB; pure.
 */
#include "secureboot/identity.h"

#include <string.h>

enum { ENTRIES = 512, TABLE_SIZE = 4096, PRESENT_WRITABLE = 3, LARGE_PAGE = 0x80 };

#define GIB ((u64)1 << 30)
#define LARGE_PAGE_SIZE ((u64)2 << 20)

static u64 gibs_of(u64 top)
{
	u64 gibs = top / GIB + (top % GIB != 0);

	return gibs < 4 ? 4 : gibs;
}

/* How many tables of 512 entries hold n of them. */
static u64 tables_for(u64 n)
{
	return n / ENTRIES + (n % ENTRIES != 0);
}

u64 identity_size(u64 top, struct paging_features f)
{
	u64 gibs = gibs_of(top);
	u64 pointers = tables_for(gibs);
	/* One PML4 reaches 256 TiB, more than the memory map of any machine. */
	u64 tables = 1 + pointers + (f.giant_pages ? 0 : gibs) + (f.five_levels ? 1 : 0);

	return tables * TABLE_SIZE;
}

static void fill(u64 *table, u64 count, u64 first, u64 step, u64 flags)
{
	for (u64 i = 0; i < count; i++)
		table[i] = (first + i * step) | flags;
}

/* Consecutive tables below one level: entry i points at the i-th. */
static void point(u64 *table, u64 count, const u64 *below)
{
	fill(table, count, (u64)below, TABLE_SIZE, PRESENT_WRITABLE);
}

u64 identity_build(void *memory, u64 top, struct paging_features f)
{
	u64 gibs = gibs_of(top);
	u64 pointers = tables_for(gibs);
	u64 *pml4 = memory;
	u64 *pdpt = pml4 + ENTRIES;
	u64 *next = pdpt + pointers * ENTRIES;

	memset(memory, 0, identity_size(top, f));
	point(pml4, pointers, pdpt);
	if (f.giant_pages) {
		fill(pdpt, gibs, 0, GIB, LARGE_PAGE | PRESENT_WRITABLE);
	} else {
		point(pdpt, gibs, next);
		fill(next, gibs * ENTRIES, 0, LARGE_PAGE_SIZE, LARGE_PAGE | PRESENT_WRITABLE);
		next += gibs * ENTRIES;
	}
	if (!f.five_levels)
		return (u64)pml4;
	point(next, 1, pml4);
	return (u64)next;
}
