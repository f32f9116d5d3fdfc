/*
 * What fuzz targets share. A property that does not hold ends the program, and libFuzzer keeps the input.
 */
#ifndef SIGNET_TESTS_FUZZ_H
#define SIGNET_TESTS_FUZZ_H

#include "lib/types.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const u8 *bytes, size_t n);

static inline void must(bool property)
{
	if (!property)
		abort();
}

#endif
