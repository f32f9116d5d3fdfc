/*
 * Running a program of another package.
 * Trust: the program is found in the operator's PATH and runs as the operator.
 */
#ifndef SIGNET_KEYS_TOOL_H
#define SIGNET_KEYS_TOOL_H

#include "lib/err.h"

/* Runs argv[0] from PATH to its end, its standard output thrown away. ERR_TOOL unless it was found and exited with 0. */
enum err tool_run(const char *const argv[]) MUST_CHECK;

#endif
