/*
 * Root-mode page tables: an identity map in which nothing is both writable and executable, and what is not mapped
 * stands guard. Built before they are loaded, never changed afterwards.
 * Trust: in the TCB; pure. Tables are at the address they are read at.
 */
#ifndef SIGNET_HV_MEM_PAGING_H
#define SIGNET_HV_MEM_PAGING_H

#include "lib/err.h"

#define PAGING_PAGE KIB(4)

enum paging_access { PAGING_NONE, PAGING_READ, PAGING_WRITE, PAGING_EXECUTE, PAGING_DEVICE };

/* Where tables come from: zeroed pages, 0 when there is none left. */
struct page_source {
	u64 (*take)(void *context);
	void *context;
};

struct paging {
	const struct page_source *source;
	u64 root;
	u32 levels; /* 4 or 5 */
	bool has_1g;
	u32 tables;
};

/* ERR_NO_MEMORY. */
enum err paging_create(struct paging *p, const struct page_source *source, u32 levels, bool has_1g) MUST_CHECK;

/*
 * Gives [base, base + length) this access, whatever it had: PAGING_NONE unmaps it; PAGING_DEVICE is writable and not
 * cached. Whole pages below 2^47, or ERR_RANGE. ERR_NO_MEMORY leaves a part done.
 */
enum err paging_set(struct paging *p, u64 base, u64 length, enum paging_access access) MUST_CHECK;

#endif
