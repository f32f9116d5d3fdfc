/* The one builder of page tables. Trust: in the TCB; pure. */
#include "hv/mem/tables.h"

enum { ENTRIES = 512, LEVELS_MAX = 5 };

u64 tables_size(u32 level)
{
	return TABLE_PAGE << 9 * (level > 1 ? level - 1 : 0);
}

static u64 *slot(u64 table, u64 at, u32 level)
{
	return (u64 *)(uintptr_t)(table & TABLE_ADDRESS) + at / tables_size(level) % ENTRIES;
}

static bool is_table(u64 entry, u32 level)
{
	return level > 1 && entry & TABLE_PRESENT && !(entry & TABLE_LARGE);
}

/* Processors walk these tables while they change: an entry is never half there. */
// NOLINTNEXTLINE(readability-non-const-parameter): the check does not know atomic stores.
static void put(u64 *entry, u64 value)
{
	__atomic_store_n(entry, value, __ATOMIC_RELEASE);
}

enum err tables_create(struct tables *t)
{
	t->root = t->source->take();
	return t->root ? OK : ERR_NO_MEMORY;
}

/* Depth first without recursion: at each level the table being emptied and the entry reached in it. */
void tables_destroy(struct tables *t)
{
	u64 table[LEVELS_MAX + 1];
	u32 next[LEVELS_MAX + 1] = { 0 }, level = t->levels;

	table[level] = t->root;
	while (level <= t->levels) {
		u64 entry = next[level] < ENTRIES ? slot(table[level], 0, 1)[next[level]] : 0;

		if (next[level]++ >= ENTRIES) {
			t->source->give(table[level++] & TABLE_ADDRESS);
		} else if (is_table(entry, level)) {
			table[--level] = entry;
			next[level] = 0;
		}
	}
	t->root = 0;
}

struct table_place tables_find(const struct tables *t, u64 at)
{
	struct table_place p = { slot(t->root, at, t->levels), t->levels };

	while (is_table(*p.entry, p.level)) {
		p.level--;
		p.entry = slot(*p.entry, at, p.level);
	}
	return p;
}

/* Makes a table of what is there, or of nothing, with the same access everywhere. */
static enum err split(struct tables *t, const struct table_place *p)
{
	u64 page = t->source->take(), old = p->level == 2 ? *p->entry & ~(u64)TABLE_LARGE : *p->entry;

	if (!page)
		return ERR_NO_MEMORY;
	for (u32 i = 0; old & TABLE_PRESENT && i < ENTRIES; i++)
		slot(page, 0, 1)[i] = old + i * tables_size(p->level - 1);
	put(p->entry, page | t->link);
	return OK;
}

/* The largest page that starts at both addresses and does not reach beyond the end. */
static u32 best_level(const struct table_range *r, u64 done)
{
	u64 from = (r->at + done) | (r->to + done);
	u32 level = r->largest;

	while (level > 1 && (!is_aligned(from, tables_size(level)) || r->length - done < tables_size(level)))
		level--;
	return level;
}

/* One large page, or small ones up to the end of their table. A table that is there stays, also below a large page. */
enum err tables_set(struct tables *t, const struct table_range *r, u64 *done)
{
	for (*done = 0; *done < r->length;) {
		struct table_place p = tables_find(t, r->at + *done);
		u32 level = best_level(r, *done);

		for (; p.level > level; p = tables_find(t, r->at + *done)) {
			enum err e = split(t, &p);
			if (e)
				return e;
		}
		do {
			put(p.entry++, r->flags ? (r->to + *done) | r->flags | (p.level > 1 ? TABLE_LARGE : 0) : 0);
			*done += tables_size(p.level);
		} while (p.level == 1 && *done < r->length && !is_aligned(r->at + *done, tables_size(2)));
	}
	return OK;
}
