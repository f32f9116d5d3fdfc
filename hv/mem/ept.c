/* Extended page tables: one descent serves mapping and looking up. Trust: in the TCB; pure. */
#include "hv/mem/ept.h"

#define ENTRY_ADDRESS 0x000FFFFFFFFFF000ull
enum { LEVELS = 4, ENTRIES = 512, ENTRY_LARGE = BIT(7), MEMORY_SHIFT = 3, EPTP_WALK_LENGTH = (LEVELS - 1) << 3 };

/* The lowest entry on the way to an address: a page, or where a table or page is missing. */
struct place {
	u64 *entry;
	u32 level; /* 1: 4 KiB, 2: 2 MiB, 3: 1 GiB, 4: 512 GiB */
};

static u64 level_size(u32 level)
{
	return EPT_PAGE << 9 * (level - 1);
}

static bool present(u64 entry)
{
	return entry & EPT_RWX;
}

static bool is_table(u64 entry, u32 level)
{
	return level > 1 && present(entry) && !(entry & ENTRY_LARGE);
}

static u64 *entries_of(const struct ept *ept, u64 entry)
{
	return ept->ops->table(ept->ops->context, entry & ENTRY_ADDRESS);
}

/* Processors walk these tables while they change: an entry is never half there. */
// NOLINTNEXTLINE(readability-non-const-parameter): the check does not know atomic stores.
static void put(u64 *entry, u64 value)
{
	__atomic_store_n(entry, value, __ATOMIC_RELEASE);
}

static u64 *slot(u64 *table, u64 guest, u32 level)
{
	return &table[guest / level_size(level) % ENTRIES];
}

static struct place descend(const struct ept *ept, u64 guest)
{
	struct place p = { slot(entries_of(ept, ept->root), guest, LEVELS), LEVELS };

	while (is_table(*p.entry, p.level)) {
		p.level--;
		p.entry = slot(entries_of(ept, *p.entry), guest, p.level);
	}
	return p;
}

static u64 new_table(struct ept *ept)
{
	u64 page = ept->ops->alloc(ept->ops->context);

	ept->tables += page != 0;
	return page;
}

enum err ept_create(struct ept *ept, const struct ept_ops *ops, u32 host_bits, bool has_1g)
{
	*ept = (struct ept){ .ops = ops, .host_end = 1ull << host_bits, .has_1g = has_1g };
	ept->root = new_table(ept);
	return ept->root ? OK : ERR_NO_MEMORY;
}

static void give_back(struct ept *ept, u64 entry)
{
	ept->ops->free(ept->ops->context, entry & ENTRY_ADDRESS);
	ept->tables--;
}

/* Depth first without recursion: at each level the table being emptied and the entry reached in it. */
void ept_destroy(struct ept *ept)
{
	u64 table[LEVELS + 1] = { [LEVELS] = ept->root };
	u32 next[LEVELS + 1] = { 0 }, level = LEVELS;

	while (level <= LEVELS) {
		u64 entry = next[level] < ENTRIES ? entries_of(ept, table[level])[next[level]] : 0;

		if (next[level]++ >= ENTRIES) {
			give_back(ept, table[level]);
			level++;
		} else if (is_table(entry, level)) {
			level--;
			table[level] = entry;
			next[level] = 0;
		}
	}
	ept->root = 0;
}

static enum err check_mapping(const struct ept *ept, const struct ept_mapping *m)
{
	static const u8 types = BIT(EPT_UC) | BIT(EPT_WC) | BIT(EPT_WT) | BIT(EPT_WP) | BIT(EPT_WB);
	struct ept_mapping there;

	if (!m->length || !is_aligned(m->guest | m->host | m->length, EPT_PAGE) ||
	        !range_inside(m->guest, m->length, EPT_END) || !range_inside(m->host, m->length, ept->host_end))
		return ERR_RANGE;
	/* Writable but not readable, or nothing at all, is a misconfiguration; execute-only not every processor has. */
	if (!(m->access & EPT_READ) || m->access & ~EPT_RWX || m->memory > EPT_WB || !(types >> m->memory & 1))
		return ERR_ARGUMENT;
	if (ept_next(ept, m->guest, &there) && there.guest < m->guest + m->length)
		return ERR_EPT_PRESENT;
	return OK;
}

/* The largest page that starts at both addresses and does not reach beyond length. */
static u32 best_level(const struct ept *ept, const struct ept_mapping *m, u64 done)
{
	u64 from = (m->guest + done) | (m->host + done), length = m->length - done;
	u32 level = ept->has_1g ? 3 : 2;

	/* Two sizes of one translation in the instruction TLB are a machine check on some processors. */
	if (ept->small_code && m->access & EPT_EXECUTE)
		return 1;
	while (level > 1 && (!is_aligned(from, level_size(level)) || length < level_size(level)))
		level--;
	return level;
}

/* One large page, or small ones up to the end of their table. */
static enum err map_next(struct ept *ept, const struct ept_mapping *m, u64 *done)
{
	u64 bits = m->access | (u64)m->memory << MEMORY_SHIFT;
	u32 level = best_level(ept, m, *done);
	struct place p = descend(ept, m->guest + *done);

	while (p.level > level) {
		u64 table = new_table(ept);
		if (!table)
			return ERR_NO_MEMORY;
		put(p.entry, table | EPT_RWX);
		p = descend(ept, m->guest + *done);
	}
	do {
		put(p.entry++, (m->host + *done) | bits | (p.level > 1 ? ENTRY_LARGE : 0));
		*done += level_size(p.level);
	} while (p.level == 1 && *done < m->length && !is_aligned(m->guest + *done, level_size(2)));
	return OK;
}

/* Only whole pages, as they were just mapped. */
static void take_back(struct ept *ept, u64 guest, u64 end)
{
	struct ept_mapping page;

	while (ept_next(ept, guest, &page) && page.guest < end) {
		put(descend(ept, page.guest).entry, 0);
		guest = page.guest + page.length;
	}
}

enum err ept_map(struct ept *ept, const struct ept_mapping *m)
{
	enum err e = check_mapping(ept, m);
	u64 done = 0;

	while (!e && done < m->length)
		e = map_next(ept, m, &done);
	if (e && done)
		take_back(ept, m->guest, m->guest + done);
	return e;
}

bool ept_next(const struct ept *ept, u64 guest, struct ept_mapping *page)
{
	while (guest < EPT_END) {
		struct place p = descend(ept, guest);
		u64 size = level_size(p.level), entry = *p.entry;

		guest &= ~(size - 1);
		if (present(entry)) {
			*page = (struct ept_mapping){ .guest = guest,
				.host = entry & ENTRY_ADDRESS & ~(size - 1),
				.length = size,
				.access = entry & EPT_RWX,
				.memory = entry >> MEMORY_SHIFT & 7 };
			return true;
		}
		guest += size;
	}
	return false;
}

u64 ept_pointer(const struct ept *ept)
{
	return ept->root | EPTP_WALK_LENGTH | EPT_WB;
}
