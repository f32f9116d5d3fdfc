/*
 * The events of PCR12.
 * Trust: in the TCB; pure.
 */
#include "image/events.h"

#include "lib/print.h"

#include <string.h>

static void make(struct event *out, enum event_kind kind, const u8 *digest, u64 first, u64 second, const char *text)
{
	event_init(out, kind, text);
	if (digest)
		memcpy(out->digest, digest, SHA384_SIZE);
	out->value[0] = first;
	out->value[1] = second;
}

void event_of_stage(const struct anchor *anchor, u32 stage_version, struct event *out)
{
	make(out, EVENT_STAGE, anchor->digest, stage_version, anchor->flags, "stage");
}

void event_of_keys(u64 version, const u8 digest[SHA384_SIZE], struct event *out)
{
	make(out, EVENT_KEYS, digest, version, 0, "key manifest");
}

void event_of_manifest(const struct verified_image *image, struct event *out)
{
	const struct manifest *m = &image->manifest;
	char text[2 * TEXT_SIZE + 2];

	format(text, sizeof(text), "%s %s", m->product, m->release);
	make(out, EVENT_MANIFEST, image->manifest_digest, m->svn, m->flags, text);
}

void event_of_component(const struct component *c, struct event *out)
{
	make(out, EVENT_COMPONENT, c->digest, c->kind, c->length, component_name(c->kind));
}

/* Nothing of the boot chain follows in this PCR: whoever extends it later shows. */
void event_of_separator(struct event *out)
{
	make(out, EVENT_SEPARATOR, NULL, 0, 0, "separator");
}
