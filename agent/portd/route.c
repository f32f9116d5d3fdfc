/* Tags of requests under way. Trust: see the header. */
#include "agent/portd/route.h"

enum { NOBODY = UINT32_MAX };

static struct route *find(struct routes *r, u32 ours)
{
	for (u32 i = 0; i < ROUTES_MAX; i++)
		if (r->route[i].ours == ours)
			return &r->route[i];
	return NULL;
}

u32 route_add(struct routes *r, u32 asker, u32 tag)
{
	struct route *place = find(r, 0);

	if (!place)
		return 0;
	/* Past a wrap an answer may still be owed to a tag. */
	do
		r->last++;
	while (r->last == 0 || find(r, r->last));
	*place = (struct route){ .ours = r->last, .theirs = tag, .asker = asker };
	return r->last;
}

bool route_take(struct routes *r, u32 tag, struct route *out)
{
	struct route *place = tag ? find(r, tag) : NULL;

	if (!place)
		return false;
	*out = *place;
	*place = (struct route){ 0 };
	return out->asker != NOBODY;
}

void route_forget(struct routes *r, u32 asker)
{
	for (u32 i = 0; i < ROUTES_MAX; i++)
		if (r->route[i].ours && r->route[i].asker == asker)
			r->route[i].asker = NOBODY;
}
