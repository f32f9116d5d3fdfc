/*
 * Authenticode digest of an EFI binary: what firmware extends into PCR4 and what Secure Boot signatures are made over
 * (Windows Authenticode PE signature format, "Calculating the PE image hash"). Trust: reads the operator's own files;
 * every offset is checked.
 */
#ifndef SIGNET_IMAGE_HOST_AUTHENTICODE_H
#define SIGNET_IMAGE_HOST_AUTHENTICODE_H

#include "lib/err.h"
#include "lib/types.h"

/* One stretch of the file that is hashed. */
struct hashed_range {
	u64 offset;
	u64 length;
};

enum { HASHED_RANGES_MAX = 3 + 96 + 1 };

struct hashed_ranges {
	u32 count;
	struct hashed_range ranges[HASHED_RANGES_MAX];
};

/* PE32+ only. ERR_RANGE when the file is none or its tables lie outside of it. */
enum err authenticode_ranges(const u8 *file, size_t n, struct hashed_ranges *out) MUST_CHECK;

#endif
