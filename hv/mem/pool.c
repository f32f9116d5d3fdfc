/*
 * Pages of the carve-out. The bits lie outside of the pages they speak of: what was given back holds no pointer that
 * a late writer could bend.
 * Trust: in the TCB; pure.
 */
#include "hv/mem/pool.h"

#include <string.h>

enum { BITS = 8, ALL = 0xFF };

static bool is_used(const struct pool *p, u64 page)
{
	return p->used[page / BITS] & BIT(page % BITS);
}

/* Eight pages at a time where they can be: a guest has a million, and all processors wait meanwhile. */
static void mark(struct pool *p, u64 first, u64 count, bool used)
{
	for (u64 i = first, end = first + count; i < end;) {
		bool whole = i % BITS == 0 && end - i >= BITS;
		u32 mask = whole ? ALL : BIT(i % BITS), bits = p->used[i / BITS] & ~mask;

		p->used[i / BITS] = (u8)(bits | (used ? mask : 0));
		i += whole ? BITS : 1;
	}
}

static bool are_used(const struct pool *p, u64 first, u64 count)
{
	for (u64 i = first, end = first + count; i < end;) {
		bool whole = i % BITS == 0 && end - i >= BITS;

		if (whole ? p->used[i / BITS] != ALL : !is_used(p, i))
			return false;
		i += whole ? BITS : 1;
	}
	return true;
}

void pool_init(struct pool *pool, u64 base, u64 length)
{
	u64 count = length / POOL_PAGE;
	u64 own = align_up((count + BITS - 1) / BITS, POOL_PAGE) / POOL_PAGE;

	*pool = (struct pool){ .base = base, .own = own, .count = count, .free = count - own, .hint = own };
	pool->used = (u8 *)(uintptr_t)base;
	memset(pool->used, 0, own * POOL_PAGE);
	mark(pool, 0, own, true);
}

/* The first page of the run at or above page that is used; page + count when none is. */
static u64 first_used(const struct pool *p, u64 page, u64 count)
{
	u64 end = page + count;

	while (page < end && !is_used(p, page))
		page++;
	return page;
}

static u64 find(const struct pool *p, u64 count, u64 align)
{
	u64 page = p->hint;

	for (;;) {
		u64 at = align_up(p->base + page * POOL_PAGE, align);

		page = (at - p->base) / POOL_PAGE;
		if (!range_inside(page, count, p->count))
			return p->count;
		u64 stop = first_used(p, page, count);
		if (stop == page + count)
			return page;
		page = stop + 1;
	}
}

u64 pool_reserve(struct pool *pool, u64 count, u64 align)
{
	u64 page = count && count <= pool->free ? find(pool, count, align) : pool->count;

	if (page == pool->count)
		return 0;
	mark(pool, page, count, true);
	pool->free -= count;
	if (page == pool->hint)
		pool->hint = page + count;
	return pool->base + page * POOL_PAGE;
}

u64 pool_take(struct pool *pool, u64 count, u64 align)
{
	u64 at = pool_reserve(pool, count, align);

	if (at)
		memset((void *)(uintptr_t)at, 0, count * POOL_PAGE);
	return at;
}

enum err pool_give(struct pool *pool, u64 base, u64 count)
{
	u64 page = (base - pool->base) / POOL_PAGE;

	if (base < pool->base || !is_aligned(base, POOL_PAGE) || page < pool->own ||
	        !range_inside(page, count, pool->count) || !are_used(pool, page, count))
		return ERR_INTERNAL;
	mark(pool, page, count, false);
	pool->free += count;
	if (page < pool->hint)
		pool->hint = page;
	return OK;
}
