/*
 * The way back up a stack.
 * Trust: in the TCB; pure.
 */
#include "hv/boot/backtrace.h"

enum { FRAME_SIZE = 16 };

u32 stack_trace(u64 rbp, const struct stack_range *range, u64 *out, u32 max)
{
	u32 n = 0;

	while (n < max && is_aligned(rbp, 8) && rbp >= range->low &&
	        range_inside(rbp - range->low, FRAME_SIZE, range->high - range->low)) {
		const u64 *frame = (const u64 *)(uintptr_t)rbp;

		if (!frame[1])
			break;
		out[n++] = frame[1];
		if (frame[0] <= rbp)
			break;
		rbp = frame[0];
	}
	return n;
}
