/*
 * Root-mode memory of this machine: carve-out, pool, and the page tables over all that root mode reaches.
 * Trust: in the TCB; hardware access.
 */
#ifndef SIGNET_HV_BOOT_LAYOUT_H
#define SIGNET_HV_BOOT_LAYOUT_H

#include "hv/boot/acpi.h"
#include "hv/boot/handoff.h"
#include "hv/boot/last_run.h"
#include "hv/mem/carve.h"
#include "hv/mem/paging.h"
#include "hv/mem/pool.h"

/* hv.ld and start.S */
extern const u8 hv_head[], constant_start[], data_start[], memory_end[], boot_stack_guard[];

struct layout {
	struct memory_range carve;
	struct pool pool;
	struct tables paging;
	/* The carve-out's first page, which lies in the midst of RAM: what loads a boot works from its ends. */
	struct last_run *last_run; /* NULL: not chosen yet */
	u64 low; /* TRAMPOLINE_PAGES below 1 MiB, or 0 */
};

extern struct layout layout;

/*
 * Chooses carve-out and trampoline, and takes both out of the map's RAM. Stage memory is left alone: it holds what is
 * still read. ERR_BOOT_MEMORY.
 */
enum err layout_choose(struct boot_info *info) MUST_CHECK;

/* For page tables, out of the pool. */
u64 layout_take_page(void);

/* Builds the tables; every processor has been added. ERR_NO_MEMORY, ERR_RANGE. */
enum err layout_build(const struct boot_info *info, const struct acpi *acpi) MUST_CHECK;

/* Puts them in force on this processor. */
void layout_load(void);

#endif
