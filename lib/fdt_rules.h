/*
 * Flattened device trees read by tables: every node and property is known, there once, and of its form; whatever is not
 * in the tables is refused.
 * Trust: in the TCB; pure. The tree may be anything.
 */
#ifndef SIGNET_LIB_FDT_RULES_H
#define SIGNET_LIB_FDT_RULES_H

#include "lib/types.h"

enum field_kind {
	FIELD_U32,
	FIELD_U64,
	FIELD_SPAN, /* two u64 */
	FIELD_BYTES,
	FIELD_TEXT, /* printable ASCII and its NUL */
	FIELD_NAME, /* u32: index of the text found */
	FIELD_FIXED, /* one text, which is not kept */
	FIELD_OTHER, /* by a function of its own */
};

struct field {
	const char *name;
	enum field_kind kind;
	u32 offset; /* from the start of what the node fills */
	/* U32: the greatest value; SPAN: the least second number; BYTES: their number; TEXT: room; NAME: number of
	 * names */
	u32 limit;
	const char *const *names; /* NAME; FIXED: the first one */
	bool (*read)(void *to, const u8 *p, size_t n); /* OTHER */
};

enum { FIELDS_MAX = 31 };

struct node_rule {
	const char *name;
	const struct field *fields; /* at most FIELDS_MAX; all must be there */
	u32 count;
	bool optional;
	u32 offset; /* where what it fills starts */
	const struct node_rule *children;
	u32 child_count; /* at most FIELDS_MAX */
};

#define FIELD_RULE(field, form, at, most) { .name = (field), .kind = FIELD_##form, .offset = (at), .limit = (most) }
#define NAME_RULE(field, at, list)                                                                                     \
	{ .name = (field), .kind = FIELD_NAME, .offset = (at), .limit = ARRAY_SIZE(list), .names = (list) }
#define FIXED_RULE(field, list) { .name = (field), .kind = FIELD_FIXED, .names = (list) }
#define OTHER_RULE(field, at, function) { .name = (field), .kind = FIELD_OTHER, .offset = (at), .read = (function) }
#define NODE_RULE(node, table, may_miss)                                                                               \
	.name = (node), .fields = (table), .count = ARRAY_SIZE(table), .optional = (may_miss)

/*
 * Fills out, zeroed by the caller, by the root's rule, from a tree of exactly length bytes. false: something does not
 * fit, and out is not to be used. Rules are at most three levels deep, the root's included.
 */
bool fdt_read(void *out, const void *tree, u64 length, const struct node_rule *root);

#endif
