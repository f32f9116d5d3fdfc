/*
 * Root-mode page tables (SDM volume 3, 5.5).
 * Trust: in the TCB; pure.
 */
#include "hv/mem/paging.h"

enum { ENTRIES = 512, INDEX_BITS = 9, PAGE_BITS = 12 };
enum { PRESENT = BIT(0), WRITE = BIT(1), WRITE_THROUGH = BIT(3), CACHE_DISABLE = BIT(4), ACCESSED = BIT(5) };
enum { DIRTY = BIT(6), LARGE = BIT(7) };

#define NO_EXECUTE (1ull << 63)

#define ADDRESS_MASK 0x000FFFFFFFFFF000ull
#define LOWER_HALF_END (1ull << 47)

/* A table's own entry takes no right away: what holds is the page's. Access and dirty bits are set once and for all. */
static const u64 table_flags = PRESENT | WRITE | ACCESSED;
static const u64 page_flags[] = {
	[PAGING_NONE] = 0,
	[PAGING_READ] = PRESENT | ACCESSED | NO_EXECUTE,
	[PAGING_WRITE] = PRESENT | WRITE | ACCESSED | DIRTY | NO_EXECUTE,
	[PAGING_EXECUTE] = PRESENT | ACCESSED,
	[PAGING_DEVICE] = PRESENT | WRITE | WRITE_THROUGH | CACHE_DISABLE | ACCESSED | DIRTY | NO_EXECUTE,
};

static u64 page_size(u32 level)
{
	return 1ull << (PAGE_BITS + INDEX_BITS * (level - 1));
}

static u64 *table_at(u64 entry)
{
	return (u64 *)(uintptr_t)(entry & ADDRESS_MASK);
}

static u32 index_of(u64 address, u32 level)
{
	return (u32)(address >> (PAGE_BITS + INDEX_BITS * (level - 1))) & (ENTRIES - 1);
}

static bool is_page(u64 entry, u32 level)
{
	return level == 1 || (entry & LARGE);
}

static u64 take_table(struct paging *p)
{
	u64 page = p->source->take(p->source->context);

	if (page)
		p->tables++;
	return page;
}

enum err paging_create(struct paging *p, const struct page_source *source, u32 levels, bool has_1g)
{
	*p = (struct paging){ .source = source, .levels = levels, .has_1g = has_1g };
	p->root = take_table(p);
	return p->root ? OK : ERR_NO_MEMORY;
}

/* Makes a table of what entry maps at this level, or of nothing, with the same access everywhere. */
static enum err split(struct paging *p, u64 *entry, u32 level)
{
	u64 page = take_table(p), size = page_size(level - 1), old = *entry;

	if (!page)
		return ERR_NO_MEMORY;
	if (level == 2)
		old &= ~(u64)LARGE;
	for (u32 i = 0; (old & PRESENT) && i < ENTRIES; i++)
		table_at(page)[i] = old + i * size;
	*entry = page | table_flags;
	return OK;
}

static bool page_fits(const struct paging *p, u32 level, u64 at, u64 end)
{
	u64 size = page_size(level);

	return level <= (p->has_1g ? 3 : 2) && is_aligned(at, size) && end - at >= size;
}

/* Sets the largest page that begins at `at` and ends at or before end; *size is its size. */
static enum err set_one(struct paging *p, u64 at, u64 end, u64 flags, u64 *size)
{
	u32 level = p->levels;
	u64 *entry = &table_at(p->root)[index_of(at, level)];

	while (level > 1 && !page_fits(p, level, at, end)) {
		bool is_table = (*entry & PRESENT) && !is_page(*entry, level);
		enum err e = is_table ? OK : split(p, entry, level);

		if (e != OK)
			return e;
		level--;
		entry = &table_at(*entry)[index_of(at, level)];
	}
	/* A table that was there stays taken: nothing is mapped twice at start, so this is rare. */
	*entry = flags ? at | flags | (level > 1 ? LARGE : 0) : 0;
	*size = page_size(level);
	return OK;
}

enum err paging_set(struct paging *p, u64 base, u64 length, enum paging_access access)
{
	u64 size;

	if (!is_aligned(base | length, PAGING_PAGE) || !range_inside(base, length, LOWER_HALF_END))
		return ERR_RANGE;
	for (u64 at = base; at < base + length; at += size) {
		enum err e = set_one(p, at, base + length, page_flags[access], &size);

		if (e != OK)
			return e;
	}
	return OK;
}
