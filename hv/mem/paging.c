/*
 * Root-mode page tables (SDM volume 3, 5.5).
 * Trust: in the TCB; pure.
 */
#include "hv/mem/paging.h"

enum { PRESENT = BIT(0), WRITE = BIT(1), WRITE_THROUGH = BIT(3), CACHE_DISABLE = BIT(4), ACCESSED = BIT(5) };
enum { DIRTY = BIT(6) };

#define NO_EXECUTE (1ull << 63)
#define LOWER_HALF_END (1ull << 47)

/* Access and dirty bits are set once and for all. */
static const u64 page_flags[] = {
	[PAGING_NONE] = 0,
	[PAGING_READ] = PRESENT | ACCESSED | NO_EXECUTE,
	[PAGING_WRITE] = PRESENT | WRITE | ACCESSED | DIRTY | NO_EXECUTE,
	[PAGING_EXECUTE] = PRESENT | ACCESSED,
	[PAGING_DEVICE] = PRESENT | WRITE | WRITE_THROUGH | CACHE_DISABLE | ACCESSED | DIRTY | NO_EXECUTE,
};

/* A table's own entry takes no right away: what holds is the page's. */
enum err paging_create(struct tables *t, const struct page_source *source, u32 levels, bool has_1g)
{
	*t = (struct tables){
		.source = source, .levels = levels, .largest = has_1g ? 3 : 2, .link = PRESENT | WRITE | ACCESSED
	};
	return tables_create(t);
}

enum err paging_set(struct tables *t, u64 base, u64 length, enum paging_access access)
{
	u64 done;

	if (!is_aligned(base | length, TABLE_PAGE) || !range_inside(base, length, LOWER_HALF_END))
		return ERR_RANGE;
	return tables_set(t, &(struct table_range){ base, base, length, page_flags[access], t->largest }, &done);
}
