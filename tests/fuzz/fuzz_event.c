/* Event records: whatever decodes must encode to the very same bytes, as there is one encoding per meaning. */
#include "attest/event.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct event e;
	u8 again[EVENT_TAGGED_SIZE];
	if (event_decode(data, size, &e) != OK)
		return 0;
	event_encode(&e, again);
	if (size != sizeof(again) || memcmp(data, again, sizeof(again)) != 0)
		abort();
	return 0;
}
