/*
 * What a well-formed hand-off tree claims, judged: ranges, overlaps, values that depend on each other.
 * Trust: in the TCB; pure.
 */
#ifndef SIGNET_HV_BOOT_HANDOFF_CHECK_H
#define SIGNET_HV_BOOT_HANDOFF_CHECK_H

#include "hv/boot/handoff.h"

/* tree: where the tree itself lies. ERR_BOOT_HANDOFF. */
enum err boot_info_check(const struct boot_info *info, const struct memory_range *tree) MUST_CHECK;

#endif
