/*
 * Runs a scenario with the power cut in every operation, in every way, and cut again in the recovery.
 * Trust: test code.
 */
#ifndef SIGNET_TESTS_SIM_EXPLORE_H
#define SIGNET_TESTS_SIM_EXPLORE_H

#include "tests/sim/node.h"

struct scenario {
	const char *name;
	/* Builds the node the scenario begins with; never cut. */
	void (*prepare)(struct node *n);
	/* What happens; cut everywhere. Complains itself when an uncut step does not go as it must. */
	void (*act)(struct node *n);
};

struct explored {
	u32 operations; /* of the uncut run */
	u32 cuts;
	u32 double_cuts;
	u32 complaints;
};

struct explored explore(const struct scenario *s);

#endif
