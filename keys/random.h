/*
 * Randomness for key making: the kernel's.
 * Trust: everything made here rests on it.
 */
#ifndef SIGNET_KEYS_RANDOM_H
#define SIGNET_KEYS_RANDOM_H

#include "lib/err.h"
#include "lib/types.h"

enum err random_bytes(u8 *out, size_t n) MUST_CHECK;

/* The same in the shape mbedTLS asks for. */
int random_source(void *unused, unsigned char *out, size_t n);

#endif
