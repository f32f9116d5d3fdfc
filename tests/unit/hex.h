/* Test vectors written as hexadecimal text. */
#ifndef SIGNET_TESTS_UNIT_HEX_H
#define SIGNET_TESTS_UNIT_HEX_H

#include "lib/types.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Exactly n bytes, or the test program ends: a mistyped vector must not go unnoticed. */
static inline void unhex(u8 *to, size_t n, const char *text)
{
	if (strlen(text) != 2 * n)
		abort();
	for (size_t i = 0; i < n; i++)
		if (sscanf(text + 2 * i, "%2hhx", &to[i]) != 1)
			abort();
}

#endif
