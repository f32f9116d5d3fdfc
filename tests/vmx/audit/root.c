/* The audit of the page tables in force, and of the guards between stacks. Trust: test code; hardware access. */
#include "tests/vmx/audit/root.h"

#include "hv/boot/layout.h"
#include "hv/boot/panic.h"
#include "hv/boot/smp.h"
#include "hv/x86/cpu.h"
#include "tests/vmx/audit/paging.h"

#include "lib/print.h"

static bool is_guard(u32 page)
{
	for (u32 a = 0; a < CPU_AREAS; a++) {
		if (page >= cpu_areas[a].first && page < (u32)(cpu_areas[a].first + cpu_areas[a].count))
			return false;
	}
	return true;
}

/* Number of guards; a mapped one is counted in *mapped too. */
static u32 count_guards(u64 root, u32 levels, u32 *mapped)
{
	u32 guards = 2;
	u64 size;

	*mapped = paging_lookup(root, levels, 0, &size) || paging_lookup(root, levels, (u64)boot_stack_guard, &size);
	for (u32 i = 0; i < smp.count; i++) {
		for (u32 page = 0; page < CPU_BLOCK_PAGES; page++) {
			if (!is_guard(page))
				continue;
			guards++;
			*mapped += paging_lookup(root, levels, smp.cpu[i]->block + page * PAGING_PAGE, &size) != 0;
		}
	}
	return guards;
}

void root_audit(void)
{
	struct paging_audit audit;
	u64 root = read_cr3();
	u32 levels = read_cr4() & CR4_LA57 ? 5 : 4, mapped, guards = count_guards(root, levels, &mapped);

	paging_audit(root, levels, &audit);
	say("audit: page tables: %lu pages, executable %lu KiB, broken %lu, guards %u, mapped guards %u", audit.pages,
	        audit.executable >> 10, audit.broken, guards, mapped);
	if (audit.broken || mapped)
		panic("the page tables in force are not as they were built");
}
