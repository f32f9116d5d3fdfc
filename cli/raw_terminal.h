/*
 * The terminal with every key as it is, put back on every way out: return, exit(), or a signal that ends the program.
 * Trust: none needed.
 */
#ifndef SIGNET_CLI_RAW_TERMINAL_H
#define SIGNET_CLI_RAW_TERMINAL_H

#include "lib/types.h"

/* False when standard input is no terminal: nothing changed. */
bool raw_terminal_begin(void);
/* Harmless when it did not begin. */
void raw_terminal_end(void);

#endif
