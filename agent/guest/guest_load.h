/*
 * A guest's file from where it lies, for programs that say what is wrong with it.
 * Trust: the file is its owner's.
 */
#ifndef SIGNET_AGENT_GUEST_GUEST_LOAD_H
#define SIGNET_AGENT_GUEST_GUEST_LOAD_H

#include "agent/guest/guest_file.h"
#include "cli/output.h"

/* Reads and parses; says what is wrong, with its line. Paths are as they stand in the file. */
enum exit_code guest_file_open(const char *path, struct guest_file *out) MUST_CHECK;

#endif
