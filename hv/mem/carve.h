/*
 * The carve-out: the one range of RAM that is the hypervisor's and its guests', chosen from the memory map.
 * Trust: in the TCB; pure.
 */
#ifndef SIGNET_HV_MEM_CARVE_H
#define SIGNET_HV_MEM_CARVE_H

#include "lib/err.h"
#include "secureboot/memory.h"

#define CARVE_ALIGN MIB(2)

/*
 * Between least and most bytes (multiples of CARVE_ALIGN, 0 < least <= most) of plain RAM in one piece: as many as
 * there are in one, above 4 GiB if that holds least, so that the service VM keeps what its devices can reach. map: as
 * docs/handoff.md has it, checked. *out: in multiples of CARVE_ALIGN. ERR_BOOT_MEMORY.
 */
enum err carve_choose(
        const struct memory_entry *map, u32 count, u64 least, u64 most, struct memory_range *out) MUST_CHECK;

#endif
