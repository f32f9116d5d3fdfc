/* The audit of root mode's page tables (SDM volume 3, 5.5). Trust: test code; pure. */
#include "tests/vmx/audit/paging.h"

#include <string.h>

enum { ENTRIES = 512, PRESENT = BIT(0), USER = BIT(2), LARGE = BIT(7) };
#define ADDRESS 0x000FFFFFFFFFF000ull

static u64 page_size(u32 level)
{
	return PAGING_PAGE << 9 * (level - 1);
}

u64 paging_lookup(u64 root, u32 levels, u64 address, u64 *size)
{
	u64 entry = root;

	*size = PAGING_PAGE;
	for (u32 level = levels; level; level--) {
		entry = ((const u64 *)(uintptr_t)(entry & ADDRESS))[address / page_size(level) % ENTRIES];
		*size = page_size(level);
		if (!(entry & PRESENT))
			return 0;
		if (level == 1 || entry & LARGE)
			return entry;
	}
	return 0;
}

static void judge(struct paging_audit *audit, u64 entry, u64 address, u64 size)
{
	bool writable = entry & PAGING_ENTRY_WRITE, executable = !(entry & PAGING_ENTRY_NO_EXECUTE);
	bool elsewhere = (entry & ADDRESS & ~(size - 1)) != address;

	audit->pages++;
	audit->writable += writable ? size : 0;
	audit->executable += executable ? size : 0;
	if (!(writable && executable) && !(entry & USER) && !elsewhere)
		return;
	if (!audit->broken++)
		audit->first_broken = address;
}

/* What is not there is skipped a whole entry at a time, so the walk is as long as there are entries. */
void paging_audit(u64 root, u32 levels, struct paging_audit *audit)
{
	u64 address = 0, step;

	memset(audit, 0, sizeof(*audit));
	do {
		u64 entry = paging_lookup(root, levels, address, &step);

		if (entry)
			judge(audit, entry, address, step);
		address = (address & ~(step - 1)) + step;
	} while (address && address < page_size(levels + 1));
}
