/*
 * Page tables as root mode and VMs have them: levels of 512 entries over 12 bits, pages of 4 KiB, 2 MiB and 1 GiB.
 * Trust: in the TCB; pure. Tables are at the address they are read at. One caller at a time.
 */
#ifndef SIGNET_HV_MEM_TABLES_H
#define SIGNET_HV_MEM_TABLES_H

#include "lib/err.h"

#define TABLE_PAGE KIB(4)
#define TABLE_ADDRESS 0x000FFFFFFFFFF000ull
/* An entry that has none of these is not there; one that leads to a table has no TABLE_LARGE. */
enum { TABLE_PRESENT = 7, TABLE_LARGE = BIT(7) };

/* Where tables come from and go to. take: a zeroed page, or 0: there is none left. */
struct page_source {
	u64 (*take)(void);
	void (*give)(u64 page);
};

struct tables {
	const struct page_source *source;
	u64 root;
	u32 levels; /* 4 or 5 */
	u32 largest; /* level of the largest pages: 2, or 3 where there are pages of 1 GiB */
	u64 link; /* flags of an entry that leads to a table */
};

/* The lowest entry on the way to an address: a page, or where a table or page is missing. */
struct table_place {
	u64 *entry;
	u32 level; /* 1: 4 KiB, 2: 2 MiB, 3: 1 GiB, and so on */
};

/* A root for what is filled in. ERR_NO_MEMORY. */
enum err tables_create(struct tables *t) MUST_CHECK;
/* Gives every table back; their root becomes 0. */
void tables_destroy(struct tables *t);

/* What an entry of this level covers. */
u64 tables_size(u32 level);
struct table_place tables_find(const struct tables *t, u64 at);

/* [at, at + length), whole pages, and where it leads: the same rights and kind for all of it. */
struct table_range {
	u64 at, to, length;
	u64 flags; /* 0: nowhere */
	u32 largest; /* level of its pages, at most */
};
/* Whatever was there, in the largest pages that fit. ERR_NO_MEMORY, with a part done: *done bytes of it. */
enum err tables_set(struct tables *t, const struct table_range *r, u64 *done) MUST_CHECK;

#endif
