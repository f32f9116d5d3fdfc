/* Checking JSON bodies. Trust: see the header. */
#include "signetd/body.h"

bool body_fits(struct call *c, const struct field *fields, size_t count)
{
	char why[256];

	if (fields_fit(c->json, fields, count, why, sizeof(why)))
		return true;
	answer_error(c, 400, "body", "docs/fleet-api.md lists what this request takes", "%s", why);
	return false;
}
