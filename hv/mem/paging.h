/*
 * Root-mode page tables: an identity map in which nothing is both writable and executable, and what is not mapped
 * stands guard. Built before they are loaded, never changed afterwards.
 * Trust: in the TCB; pure.
 */
#ifndef SIGNET_HV_MEM_PAGING_H
#define SIGNET_HV_MEM_PAGING_H

#include "hv/mem/tables.h"

#define PAGING_PAGE TABLE_PAGE

enum paging_access { PAGING_NONE, PAGING_READ, PAGING_WRITE, PAGING_EXECUTE, PAGING_DEVICE };

/* ERR_NO_MEMORY. */
enum err paging_create(struct tables *t, const struct page_source *source, u32 levels, bool has_1g) MUST_CHECK;

/*
 * Gives [base, base + length) this access, whatever it had: PAGING_NONE unmaps it; PAGING_DEVICE is writable and not
 * cached. Whole pages below 2^47, or ERR_RANGE. ERR_NO_MEMORY leaves a part done.
 */
enum err paging_set(struct tables *t, u64 base, u64 length, enum paging_access access) MUST_CHECK;

#endif
