/*
 * What of the machine's memory the service VM gets, at its own addresses: a plan made of the hand-off map and a list of
 * what is denied (docs/service-vm.md). Not in the plan means not mapped: reads give ones.
 * Trust: in the TCB; pure. The map is the stage's word, checked.
 */
#ifndef SIGNET_HV_SERVICE_MEMORY_H
#define SIGNET_HV_SERVICE_MEMORY_H

#include "hv/boot/handoff.h"
#include "hv/guest/bzimage.h"
#include "hv/mem/ept.h"

enum { SERVICE_DENIED_MAX = 16, SERVICE_MAP_ROOM = MAP_ROOM + 2 * SERVICE_DENIED_MAX };

/* The types of struct memory_entry; what is denied is MEMORY_BAD. */
struct service_memory {
	struct memory_map map;
	struct memory_entry entries[SERVICE_MAP_ROOM];
	u64 low_end; /* of DRAM below 4 GiB: reserved memory above it is devices */
};

/* denied goes before whatever the map says. ERR_BOOT_MEMORY: more pieces than there is room for. */
enum err service_memory_plan(struct service_memory *plan, const struct memory_map *machine,
        const struct memory_range *denied, u32 count) MUST_CHECK;

/* The i'th entry as it is to be mapped; false: it is not. */
bool service_memory_mapping(const struct service_memory *plan, u32 i, struct ept_mapping *m);

/* Whether root mode may touch the i'th entry: only where the machine's map says RAM may it write. */
bool service_memory_is_ram(const struct service_memory *plan, const struct memory_map *machine, u32 i);

/* Whole pages around a device's registers; false when they touch anything that the plan has, or denies. */
bool service_device_mapping(const struct service_memory *plan, u64 base, u64 length, struct ept_mapping *m);

/* The map it is told: entries written, or 0 when there are more than room. */
u32 service_e820(const struct service_memory *plan, struct e820_entry *map, u32 room);

#endif
