/*
 * What the payload does in the end, as its fleet configuration asks: so that a release that fails can be played.
 * Trust: test code only.
 */
#include "tests/payload/machine.h"
#include "tests/payload/report.h"
#include "tests/payload/tree.h"

#include "lib/print.h"

#include <string.h>

static bool asks_for(struct span config, const char *text)
{
	size_t n = strlen(text);
	return config.length >= n && !memcmp((const u8 *)(uintptr_t)config.address, text, n);
}

_Noreturn void act(const void *tree)
{
	int node = tree_node(tree, "/image/fleet-config");
	struct span config = node < 0 ? (struct span){ 0, 0 } : tree_span(tree, node, "reg");
	if (asks_for(config, "action=reset")) {
		say("payload: resetting");
		machine_reset();
	}
	say("payload: halting");
	machine_halt();
}
