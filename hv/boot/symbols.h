/*
 * Names for addresses, and the way back up a stack: for a panic's report.
 * Trust: in the TCB; pure. The stack may be damaged: nothing outside of the given ranges is read.
 */
#ifndef SIGNET_HV_BOOT_SYMBOLS_H
#define SIGNET_HV_BOOT_SYMBOLS_H

#include "lib/types.h"

/*
 * Made by hv/symbols.awk: u32 count, then count pairs of u32 (offset of a function in the image, rising; offset of its
 * name in what follows them), then the names, each with its NUL. Little-endian.
 */
struct symbol_table {
	const u8 *bytes;
	u64 length;
};

/* The function that holds offset; *distance is from its start. NULL when the table has none, or is malformed. */
const char *symbol_find(const struct symbol_table *table, u64 offset, u64 *distance);

struct stack_range {
	u64 low, high;
};

/*
 * Return addresses from the frame at rbp upwards, as long as frames lie in the range and each above the one before;
 * returns how many, at most max.
 */
u32 stack_trace(u64 rbp, const struct stack_range *range, u64 *out, u32 max);

#endif
