/*
 * What happens to the simulated node.
 * Trust: test code.
 */
#ifndef SIGNET_TESTS_SIM_SCENARIOS_H
#define SIGNET_TESTS_SIM_SCENARIOS_H

#include "tests/sim/explore.h"

extern const struct scenario scenarios[];
extern const u32 scenario_count;

/* Never cut: installations that must be refused, and their neighbours that pass. */
extern const struct scenario refusals[];
extern const u32 refusal_count;

/* Deliberately wrong: exploring them must complain. */
extern const struct scenario wrong_scenarios[];
extern const u32 wrong_scenario_count;

#endif
