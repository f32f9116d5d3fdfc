/*
 * Runs a helper program to its end.
 * Trust: by name through PATH, arguments as a vector: no shell sees a file name.
 */
#ifndef SIGNET_IMAGE_BOOT_TOOL_H
#define SIGNET_IMAGE_BOOT_TOOL_H

#include "lib/err.h"

/* Its messages go to standard error. ERR_TOOL: not there (errno ENOENT), or it failed (errno 0). */
enum err tool_run(const char *const argv[]) MUST_CHECK;

#endif
