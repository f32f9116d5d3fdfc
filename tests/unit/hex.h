/* Test vectors written as hexadecimal text. */
#ifndef SIGNET_TESTS_UNIT_HEX_H
#define SIGNET_TESTS_UNIT_HEX_H

#include "lib/types.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Bytes in a vector; blanks between them are for the reader. */
static inline size_t hex_size(const char *text)
{
	size_t digits = 0;
	for (; *text; text++)
		digits += *text != ' ';
	return digits / 2;
}

/* Exactly n bytes, or the test program ends: a mistyped vector must not go unnoticed. */
static inline void unhex(u8 *to, size_t n, const char *text)
{
	for (size_t i = 0; i < n; i++, text += 2) {
		text += strspn(text, " ");
		if (!isxdigit((unsigned char)text[0]) || !isxdigit((unsigned char)text[1]))
			abort();
		if (sscanf(text, "%2hhx", &to[i]) != 1)
			abort();
	}
	if (*text)
		abort();
}

#endif
