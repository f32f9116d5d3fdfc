/*
 * What the hand-off tree holds, as tables: nodes, their properties, and where each goes in struct boot_info.
 * Trust: in the TCB; pure.
 */
#ifndef SIGNET_HV_BOOT_HANDOFF_RULES_H
#define SIGNET_HV_BOOT_HANDOFF_RULES_H

#include "hv/boot/handoff.h"
#include "lib/fdt_rules.h"

/* Fills a struct boot_info. */
extern const struct node_rule handoff_rule;

#endif
