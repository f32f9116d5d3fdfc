/*
 * Changes of guests that the service VM has not been told of yet. Trust: in the TCB; pure.
 */
#include "hv/control/control.h"

#include <string.h>

/* By bit of enum control_change: to be told; told, and not to be told again before it is seen. */
static struct change {
	u32 guest; /* 0: free */
	u32 pending, told;
} changes[CONTROL_CHANGES_MAX];

/* A free one for guest 0; NULL: none. */
static struct change *find(u32 guest)
{
	for (u32 i = 0; i < CONTROL_CHANGES_MAX; i++)
		if (changes[i].guest == guest)
			return &changes[i];
	return NULL;
}

void changes_note(u32 guest, enum control_change what)
{
	struct change *change = find(guest);

	if (!change)
		change = find(0);
	if (!change)
		return;
	change->guest = guest;
	change->pending |= BIT(what) & ~change->told;
}

bool changes_take(struct control_changed *out)
{
	for (u32 i = 0; i < CONTROL_CHANGES_MAX; i++) {
		struct change *change = &changes[i];
		if (!change->pending)
			continue;
		u32 what = change->pending & BIT(CONTROL_STATE) ? CONTROL_STATE : CONTROL_CONSOLE_OUTPUT;
		change->pending &= ~BIT(what);
		change->told |= BIT(what) & BIT(CONTROL_CONSOLE_OUTPUT);
		*out = (struct control_changed){ .id = change->guest, .what = what };
		return true;
	}
	return false;
}

void changes_seen(u32 guest)
{
	struct change *change = find(guest);

	if (change)
		change->told = 0;
}

void changes_forget(u32 guest)
{
	for (u32 i = 0; i < CONTROL_CHANGES_MAX; i++)
		if (!guest || changes[i].guest == guest)
			memset(&changes[i], 0, sizeof(changes[i]));
}
