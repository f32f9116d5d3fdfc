/*
 * Reading the hand-off tree: whatever does not fit docs/handoff.md is counted as a fault and shown.
 * Trust: test code only.
 */
#include "tests/payload/tree.h"

#include "lib/bytes.h"
#include "lib/print.h"

#include <libfdt.h>

static u32 faults;
static const u8 zeros[64];

void fault(const char *what, const char *which)
{
	faults++;
	say("payload: fault: %s %s", what, which);
}

u32 fault_count(void)
{
	return faults;
}

const u8 *tree_bytes(const void *tree, int node, const char *name, size_t n)
{
	int length = 0;
	const u8 *p = node < 0 ? NULL : fdt_getprop(tree, node, name, &length);
	if (p && (size_t)length == n)
		return p;
	fault("missing or misshapen:", name);
	return zeros;
}

u32 tree_u32(const void *tree, int node, const char *name)
{
	return load_be32(tree_bytes(tree, node, name, 4));
}

u64 tree_u64(const void *tree, int node, const char *name)
{
	return load_be64(tree_bytes(tree, node, name, 8));
}

struct span tree_span(const void *tree, int node, const char *name)
{
	const u8 *p = tree_bytes(tree, node, name, 16);
	return (struct span){ load_be64(p), load_be64(p + 8) };
}

const char *tree_text(const void *tree, int node, const char *name)
{
	int length = 0;
	const char *p = node < 0 ? NULL : fdt_getprop(tree, node, name, &length);
	if (p && length > 0 && !p[length - 1])
		return p;
	fault("no text:", name);
	return "?";
}

int tree_node(const void *tree, const char *path)
{
	return fdt_path_offset(tree, path);
}

int tree_need(const void *tree, const char *path)
{
	int node = tree_node(tree, path);
	if (node < 0)
		fault("no node", path);
	return node;
}
