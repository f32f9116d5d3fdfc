/*
 * Pages of the carve-out. The bits lie outside of the pages they speak of: what was given back holds no pointer that
 * a late writer could bend.
 * Trust: in the TCB; pure.
 */
#include "hv/mem/pool.h"

#include <string.h>

enum { BITS = 8 };

static bool is_used(const struct pool *p, u64 page)
{
	return p->used[page / BITS] & BIT(page % BITS);
}

static void mark(struct pool *p, u64 first, u64 count, bool used)
{
	for (u64 i = first; i < first + count; i++) {
		u32 bits = p->used[i / BITS] & ~BIT(i % BITS);

		p->used[i / BITS] = (u8)(bits | (used ? BIT(i % BITS) : 0));
	}
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

u64 pool_take(struct pool *pool, u64 count, u64 align)
{
	u64 page = count && count <= pool->free ? find(pool, count, align) : pool->count;

	if (page == pool->count)
		return 0;
	mark(pool, page, count, true);
	pool->free -= count;
	if (page == pool->hint)
		pool->hint = page + count;
	u64 at = pool->base + page * POOL_PAGE;
	memset((void *)(uintptr_t)at, 0, count * POOL_PAGE);
	return at;
}

enum err pool_give(struct pool *pool, u64 base, u64 count)
{
	u64 page = (base - pool->base) / POOL_PAGE;

	if (base < pool->base || !is_aligned(base, POOL_PAGE) || page < pool->own ||
	        !range_inside(page, count, pool->count))
		return ERR_INTERNAL;
	for (u64 i = page; i < page + count; i++) {
		if (!is_used(pool, i))
			return ERR_INTERNAL;
	}
	mark(pool, page, count, false);
	pool->free += count;
	if (page < pool->hint)
		pool->hint = page;
	return OK;
}
