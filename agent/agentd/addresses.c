/* The fleet server's addresses. Trust: see the header. */
#include "agent/agentd/addresses.h"

#include "agent/agentd/step.h"

#include <string.h>

enum err addresses_read(struct addresses *a, const char *text)
{
	memset(a, 0, sizeof(*a));
	while (*text) {
		size_t n = strcspn(text, ",");

		if (a->count == ADDRESSES_MAX ||
		        !socket_address_split(text, n, a->at[a->count].host, a->at[a->count].port))
			return ERR_ARGUMENT;
		a->count++;
		text += n;
		text += *text == ',';
	}
	return a->count ? OK : ERR_ARGUMENT;
}

struct address *address_pick(struct addresses *a, u64 now)
{
	for (u32 i = 0; i < a->count; i++) {
		u32 which = (a->current + i) % a->count;

		if (now >= a->at[which].rest) {
			a->current = which;
			return &a->at[which];
		}
	}
	return NULL;
}

void address_failed(struct addresses *a, struct address *which, u64 now, u32 random)
{
	which->failures++;
	which->rest = now + rest_of(which->failures, random);
	a->current = (u32)(which - a->at + 1) % a->count;
}

void address_good(struct addresses *a, struct address *which)
{
	which->failures = 0;
	which->rest = 0;
	a->current = (u32)(which - a->at);
}
