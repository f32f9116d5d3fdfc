/*
 * What must hold of the simulated node whatever was cut. The checks look at flash and NV bytes themselves and know the
 * releases byte for byte, so they do not depend on the code under test being right.
 * Trust: test code.
 */
#ifndef SIGNET_TESTS_SIM_CHECK_H
#define SIGNET_TESTS_SIM_CHECK_H

#include "tests/sim/node.h"

/* Complains, with what is being tried, unless it holds. */
#define CHECK(n, condition) check_that(n, condition, #condition, __FILE__, __LINE__)
void check_that(struct node *n, bool holds, const char *what, const char *file, int line);

/* Shown with every complaint. */
void check_context(const char *scenario, u32 cut, enum tear tear, u32 second_cut, enum tear second_tear);

/* Counts complaints without printing them. */
void check_quiet(bool quiet);

/* After a boot: something whole runs, no floor fell or shuts it out, flash was not written. */
void check_boot(struct node *n, u32 flash_writes_before);

/* After any cut: a slot said to hold an image holds it whole (no download is reported that is not there). */
void check_records(struct node *n);

/* Boots until nothing is written any more: must come soon, and then stay so. */
void check_settles(struct node *n);

#endif
