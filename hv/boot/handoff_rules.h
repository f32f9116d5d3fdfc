/*
 * What the hand-off tree holds, as tables: nodes, their properties, and where each goes in struct boot_info; and what a
 * well-formed one claims, judged: ranges, overlaps, values that depend on each other.
 * Trust: in the TCB; pure.
 */
#ifndef SIGNET_HV_BOOT_HANDOFF_RULES_H
#define SIGNET_HV_BOOT_HANDOFF_RULES_H

#include "hv/boot/handoff.h"
#include "lib/fdt_rules.h"

/* Fills a struct boot_info. */
extern const struct node_rule handoff_rule;

/* tree: where the tree itself lies. ERR_BOOT_HANDOFF. */
enum err boot_info_check(const struct boot_info *info, const struct memory_range *tree) MUST_CHECK;

#endif
