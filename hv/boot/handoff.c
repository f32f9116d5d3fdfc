/*
 * Reading the hand-off tree: first its form, by the tables of handoff_rules.c, then (handoff_check.c) what it claims.
 * Trust: in the TCB; pure.
 */
#include "hv/boot/handoff.h"

#include "hv/boot/handoff_rules.h"

#include <string.h>

enum err boot_info_read(struct boot_info *info, const void *tree, u64 length, u64 at)
{
	memset(info, 0, sizeof(*info));
	info->map = (struct memory_map){ .entry = info->entries, .room = MAP_ROOM };
	if (length > HANDOFF_LENGTH_MAX || !fdt_read(info, tree, length, &handoff_rule))
		return ERR_BOOT_HANDOFF;
	return boot_info_check(info, &(struct memory_range){ at, length });
}
