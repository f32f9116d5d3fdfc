/*
 * What the hand-off tree holds, as tables: nodes, their properties, and where each goes in struct boot_info.
 * Trust: in the TCB; pure.
 */
#ifndef SIGNET_HV_BOOT_HANDOFF_RULES_H
#define SIGNET_HV_BOOT_HANDOFF_RULES_H

#include "lib/types.h"

enum field_kind { FIELD_U32, FIELD_U64, FIELD_SPAN, FIELD_DIGEST, FIELD_TEXT, FIELD_NAME, FIELD_MAP };

struct field {
	const char *name;
	enum field_kind kind;
	u32 offset; /* into struct boot_info; in a component's node, into struct boot_component */
	u32 limit; /* FIELD_U32: the greatest value; FIELD_NAME: number of names */
	const char *const *names; /* FIELD_NAME: the value becomes its index */
};

struct node_rule {
	const char *name;
	const struct field *fields;
	u32 count;
	bool optional;
};

extern const struct node_rule handoff_nodes[];
extern const u32 handoff_node_count;
/* Every node below /image. */
extern const struct node_rule component_rule;

#endif
