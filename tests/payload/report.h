/*
 * What the test payload says of its hand-off, a file each.
 * Trust: test code only.
 */
#ifndef SIGNET_TESTS_PAYLOAD_REPORT_H
#define SIGNET_TESTS_PAYLOAD_REPORT_H

#include "lib/types.h"

/* started: the time stamp when the payload was entered. */
void report_stage(const void *tree, u64 started);
void report_image(const void *tree);
void report_memory(const void *tree, u64 tree_length);
void report_log(const void *tree);
void report_pcrs(void);

/* True when [base, base + length) lies wholly inside stage memory of the map. */
bool memory_is_stage(const void *tree, u64 base, u64 length);

/* Resets the machine if the fleet configuration says "action=reset", else halts it. */
_Noreturn void act(const void *tree);

#endif
