/*
 * Extended page tables of one VM: guest-physical to host-physical, 4 levels, pages of 4 KiB, 2 MiB and 1 GiB
 * (SDM 29.3). What is mapped stays so until all of it goes at once; who uses the memory again makes the processors
 * forget before (INVEPT). Trust: in the TCB: what a table here does not map, a guest cannot reach. Pure. One caller at
 * a time.
 */
#ifndef SIGNET_HV_MEM_EPT_H
#define SIGNET_HV_MEM_EPT_H

#include "hv/mem/tables.h"

enum ept_access { EPT_READ = BIT(0), EPT_WRITE = BIT(1), EPT_EXECUTE = BIT(2), EPT_RWX = 7 };

/* Memory types as in PAT and MTRRs. */
enum ept_memory { EPT_UC = 0, EPT_WC = 1, EPT_WT = 4, EPT_WP = 5, EPT_WB = 6 };

#define EPT_PAGE TABLE_PAGE
/* Guest-physical addresses end here: four levels of nine bits over 12. */
#define EPT_END (1ull << 48)

struct ept {
	struct tables tables;
	u64 host_end; /* host-physical addresses end here */
	bool small_code; /* what is executable, in pages of 4 KiB alone; set before the first mapping */
};

struct ept_mapping {
	u64 guest, host, length; /* whole 4 KiB pages */
	u8 access; /* of enum ept_access; readable unless EPT_EXECUTE alone */
	u8 memory; /* enum ept_memory */
};

/* tables_destroy() ends it; what was mapped stays whose it is. host_bits: the processor's physical address width, at
 * most 52. ERR_NO_MEMORY. */
enum err ept_create(struct ept *ept, const struct page_source *source, u32 host_bits, bool has_1g) MUST_CHECK;
/*
 * Maps in the largest pages that fit, or nothing at all: ERR_RANGE (not whole pages, empty, beyond an end),
 * ERR_ARGUMENT (rights or type that the processor calls a misconfiguration), ERR_EPT_PRESENT, ERR_NO_MEMORY.
 */
enum err ept_map(struct ept *ept, const struct ept_mapping *m) MUST_CHECK;

/* The whole page at guest, or the first one above it; false when there is none. */
bool ept_next(const struct ept *ept, u64 guest, struct ept_mapping *page);

/* The VMCS field: write-back tables, four levels (SDM table 25-9). */
u64 ept_pointer(const struct ept *ept);

#endif
