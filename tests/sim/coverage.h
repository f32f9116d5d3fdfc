/*
 * What the simulation reached: states, transitions and boot reasons, counted where the product's code makes them.
 * Trust: test code.
 */
#ifndef SIGNET_TESTS_SIM_COVERAGE_H
#define SIGNET_TESTS_SIM_COVERAGE_H

#include "tests/sim/node.h"

void coverage_boot(const struct boot_report *up);
void coverage_states(const struct boot_state *state);

/* Prints the tables; true when every legal transition, state, reason and cause was reached. */
bool coverage_report(void);

#endif
