/*
 * The write authority from flash: whatever parses encodes to the same bytes again.
 * Trust: test code.
 */
#include "lib/bytes.h"
#include "update/authority.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const u8 *bytes, size_t n);

int LLVMFuzzerTestOneInput(const u8 *bytes, size_t n)
{
	struct authority a;
	u8 again[AUTHORITY_SIZE_MAX];
	if (authority_parse(bytes, n, &a) != OK)
		return 0;
	size_t used = authority_encode(&a, again);
	if (used > n || memcmp(again, bytes, used) != 0 || !bytes_are_zero(bytes + used, n - used))
		abort();
	for (u32 i = 0; i < a.count; i++)
		if (authority_find(&a, a.entry[i].approved) != &a.entry[i])
			abort();
	return 0;
}
