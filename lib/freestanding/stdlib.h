/* The part of <stdlib.h> that mbedTLS and libfdt name: memory comes from mbedTLS's own bounded heap. */
#ifndef SIGNET_FREESTANDING_STDLIB_H
#define SIGNET_FREESTANDING_STDLIB_H

#include <stddef.h>

unsigned long strtoul(const char *s, char **end, int base);

#endif
