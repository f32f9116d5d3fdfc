/*
 * Reading the hand-off tree (docs/handoff.md).
 * Trust: test code only.
 */
#ifndef SIGNET_TESTS_PAYLOAD_TREE_H
#define SIGNET_TESTS_PAYLOAD_TREE_H

#include "lib/types.h"

struct span {
	u64 address;
	u64 length;
};

/* All of these report a property that is missing or of another size as "payload: fault: ...", and give a zero. */
u32 tree_u32(const void *tree, int node, const char *name);
u64 tree_u64(const void *tree, int node, const char *name);
struct span tree_span(const void *tree, int node, const char *name);
const char *tree_text(const void *tree, int node, const char *name);
const u8 *tree_bytes(const void *tree, int node, const char *name, size_t n);

/* Below 0 when there is none; that is reported only by tree_need. */
int tree_node(const void *tree, const char *path);
int tree_need(const void *tree, const char *path);

/* Faults counted so far. */
void fault(const char *what, const char *which);
u32 fault_count(void);

#endif
