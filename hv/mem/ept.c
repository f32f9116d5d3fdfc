/* Extended page tables. Trust: in the TCB; pure. */
#include "hv/mem/ept.h"

enum { LEVELS = 4, MEMORY_SHIFT = 3, EPTP_WALK_LENGTH = (LEVELS - 1) << 3 };

enum err ept_create(struct ept *ept, const struct page_source *source, u32 host_bits, bool has_1g)
{
	*ept = (struct ept){
		.tables = { .source = source, .levels = LEVELS, .largest = has_1g ? 3 : 2, .link = EPT_RWX },
		.host_end = 1ull << host_bits
	};
	return tables_create(&ept->tables);
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

enum err ept_map(struct ept *ept, const struct ept_mapping *m)
{
	struct table_range r = { m->guest, m->host, m->length, m->access | (u64)m->memory << MEMORY_SHIFT,
		ept->tables.largest };
	enum err e = check_mapping(ept, m);
	u64 done;

	if (e)
		return e;
	/* Two sizes of one translation in the instruction TLB are a machine check on some processors. */
	if (ept->small_code && m->access & EPT_EXECUTE)
		r.largest = 1;
	e = tables_set(&ept->tables, &r, &done);
	if (!e)
		return OK;
	/* What was just mapped goes again, in whole pages: no table is needed for that. */
	r.to = r.flags = 0;
	r.length = done;
	return tables_set(&ept->tables, &r, &done) ? ERR_INTERNAL : e;
}

bool ept_next(const struct ept *ept, u64 guest, struct ept_mapping *page)
{
	while (guest < EPT_END) {
		struct table_place p = tables_find(&ept->tables, guest);
		u64 size = tables_size(p.level), entry = *p.entry;

		guest &= ~(size - 1);
		if (entry & EPT_RWX) {
			*page = (struct ept_mapping){ .guest = guest,
				.host = entry & TABLE_ADDRESS & ~(size - 1),
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
	return ept->tables.root | EPTP_WALK_LENGTH | EPT_WB;
}
