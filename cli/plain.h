/*
 * Text for a terminal.
 * Trust: text may come from nodes, the fleet server or file names; what a terminal would act on, or a person could not
 * see, becomes "?".
 */
#ifndef SIGNET_CLI_PLAIN_H
#define SIGNET_CLI_PLAIN_H

#include "lib/types.h"

#include <stdio.h>

/*
 * Length of the well-formed UTF-8 character at s, of which n bytes are there; 0 when there is none (RFC 3629: no
 * overlong forms, no surrogates, nothing above U+10FFFF).
 */
size_t utf8_length(const u8 *s, size_t n);

/*
 * Writes text so that it stays text: without control characters (C0, DEL, C1 in whatever encoding the terminal takes
 * it for), without what changes the direction of writing or cannot be seen, and without bytes that are no UTF-8. kept:
 * control characters that go through all the same, as "\n".
 */
void plain_write(FILE *to, const char *text, size_t n, const char *kept);
void print_plain(FILE *to, const char *text);

/* The same in place; the text may become shorter. */
void plain_text(char *text);

#endif
