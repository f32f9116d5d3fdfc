/*
 * Pages of the carve-out: taken and given back in runs, fixed in number from the start.
 * Trust: in the TCB; pure. One caller at a time.
 */
#ifndef SIGNET_HV_MEM_POOL_H
#define SIGNET_HV_MEM_POOL_H

#include "lib/err.h"

#define POOL_PAGE KIB(4)

struct pool {
	u64 base; /* physical address of the first page */
	u64 own, count, free; /* pages: of the bits, in all, to be had */
	u64 hint; /* no page below it is free */
	u8 *used; /* a bit a page */
};

/*
 * All of [base, base + length), which is mapped at its physical address; the first pages keep the pool's own bits.
 * base and length: whole pages, at least two.
 */
void pool_init(struct pool *pool, u64 base, u64 length);

/*
 * The physical address of count pages in a row, zeroed, on a multiple of align bytes (a power of two, at least
 * POOL_PAGE); 0 when there are none.
 */
u64 pool_take(struct pool *pool, u64 count, u64 align);

/* The same with what others left in them, for memory so large that zeroing it has to wait for a better time. */
u64 pool_reserve(struct pool *pool, u64 count, u64 align);

/* Gives pages back that were taken, in runs or parts of them. Pages that are not in use are a defect: ERR_INTERNAL. */
enum err pool_give(struct pool *pool, u64 base, u64 count) MUST_CHECK;

#endif
