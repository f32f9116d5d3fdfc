/* Checking JSON bodies. Trust: see the header. */
#include "signetd/body.h"

#include "signetd/clock.h"

bool body_fits(struct call *c, const struct field *fields, size_t count)
{
	char why[256];

	if (fields_fit(c->json, fields, count, why, sizeof(why)))
		return true;
	answer_error(c, 400, "body", "docs/fleet-api.md lists what this request takes", "%s", why);
	return false;
}

void json_put_time(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *name, u64 when)
{
	char text[TIME_TEXT_SIZE];

	time_text(when, text);
	if (when)
		(void)yyjson_mut_obj_add_strcpy(doc, object, name, text);
	else
		(void)yyjson_mut_obj_add_null(doc, object, name);
}
