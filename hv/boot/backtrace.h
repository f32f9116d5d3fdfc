/*
 * The way back up a stack: for a panic's report.
 * Trust: in the TCB; pure. The stack may be damaged: nothing outside of the given range is read.
 */
#ifndef SIGNET_HV_BOOT_BACKTRACE_H
#define SIGNET_HV_BOOT_BACKTRACE_H

#include "lib/types.h"

struct stack_range {
	u64 low, high;
};

/*
 * Return addresses from the frame at rbp upwards, as long as frames lie in the range and each above the one before;
 * returns how many, at most max.
 */
u32 stack_trace(u64 rbp, const struct stack_range *range, u64 *out, u32 max);

#endif
