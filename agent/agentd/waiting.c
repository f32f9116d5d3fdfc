/* Orders that wait for an attestation. Trust: see the header. */
#include "agent/agentd/waiting.h"

u32 waiting_for(u32 ended, bool under_way)
{
	return ended + (under_way ? 2 : 1);
}

bool waiting_is_over(u32 number, u32 ended)
{
	return (int)(ended - number) >= 0;
}

bool waiting_add(struct waiting *w, u64 id, u32 for_end)
{
	if (w->count == WAITING_MAX)
		return false;
	w->order[w->count].id = id;
	w->order[w->count++].for_end = for_end;
	return true;
}

u32 waiting_take(struct waiting *w, u32 ended, bool everybody, u64 ids[static WAITING_MAX])
{
	u32 taken = 0, kept = 0;

	for (u32 i = 0; i < w->count; i++)
		if (everybody || waiting_is_over(w->order[i].for_end, ended))
			ids[taken++] = w->order[i].id;
		else
			w->order[kept++] = w->order[i];
	w->count = kept;
	return taken;
}
