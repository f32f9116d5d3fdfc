/*
 * The identity map that the hypervisor is entered with (docs/handoff.md): own tables, so that nothing of a firmware's
 * is in force any more.
 * Trust: in the TCB; pure.
 */
#ifndef SIGNET_SECUREBOOT_IDENTITY_H
#define SIGNET_SECUREBOOT_IDENTITY_H

#include "lib/err.h"
#include "lib/types.h"

/* What the processor can do. */
struct paging_features {
	bool giant_pages; /* 1 GiB */
	bool five_levels; /* in force: it cannot be left without leaving long mode */
};

/* Bytes that the tables for [0, top) take, whole pages; at least 4 GiB are mapped. */
u64 identity_size(u64 top, struct paging_features f);

/*
 * Fills memory (page-aligned, identity_size bytes, at its own physical address) and returns what CR3 takes.
 * Everything is writable and executable, as without paging.
 */
u64 identity_build(void *memory, u64 top, struct paging_features f);

#endif
