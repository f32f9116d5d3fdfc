/*
 * Names for addresses, and the way back up a stack.
 * Trust: in the TCB; pure.
 */
#include "hv/boot/symbols.h"

#include "lib/bytes.h"

#include <string.h>

enum { COUNT_SIZE = 4, PAIR_SIZE = 8, FRAME_SIZE = 16 };

static const u8 *pair_at(const struct symbol_table *t, u32 i)
{
	return t->bytes + COUNT_SIZE + (u64)i * PAIR_SIZE;
}

const char *symbol_find(const struct symbol_table *table, u64 offset, u64 *distance)
{
	u32 count = table->length < COUNT_SIZE ? 0 : load_le32(table->bytes);

	if (!count || (table->length - COUNT_SIZE) / PAIR_SIZE < count)
		return NULL;
	u64 names = COUNT_SIZE + (u64)count * PAIR_SIZE;
	u32 below = 0;
	while (below < count && load_le32(pair_at(table, below)) <= offset)
		below++;
	if (!below)
		return NULL;
	const u8 *pair = pair_at(table, below - 1);
	u64 at = load_le32(pair + 4), room = table->length - names;
	if (at >= room || !memchr(table->bytes + names + at, 0, room - at))
		return NULL;
	*distance = offset - load_le32(pair);
	return (const char *)table->bytes + names + at;
}

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
