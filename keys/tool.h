/*
 * Running a program of another package.
 * Trust: the program is found in the operator's PATH and runs as the operator.
 */
#ifndef SIGNET_KEYS_TOOL_H
#define SIGNET_KEYS_TOOL_H

#include "lib/err.h"

/* Where the child finds what secret_fd stands for. */
#define TOOL_SECRET "/proc/self/fd/3"

/*
 * Runs argv[0] from PATH to its end, its standard output thrown away, secret_fd (-1: none) open as descriptor 3.
 * ERR_TOOL unless it was found and exited with 0.
 */
enum err tool_run(const char *const argv[], int secret_fd) MUST_CHECK;

#endif
