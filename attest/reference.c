/*
 * Images as the verifier knows them.
 * Trust: decides for the verifier; pure.
 */
#include "attest/reference.h"

#include <string.h>

static void keep_keys(void *context, u64 version, const u8 digest[SHA384_SIZE])
{
	struct reference *r = context;

	if (r->key_count < REFERENCE_KEYS_MAX) {
		r->keys[r->key_count].version = version;
		memcpy(r->keys[r->key_count].digest, digest, SHA384_SIZE);
	}
	r->key_count++;
}

enum err reference_make(const u8 *head, size_t n, const struct anchor *anchor, struct reference *out)
{
	const struct keys_visitor visitor = { keep_keys, out };

	memset(out, 0, sizeof(*out));
	out->anchor = *anchor;
	/* The slot's length is the node's business: only the head is here. */
	enum err e = image_verify_head(head, n, UINT64_MAX, &anchor->keys, &visitor, &out->image);
	if (!e && out->key_count > REFERENCE_KEYS_MAX)
		e = ERR_RANGE;
	return e;
}

/* Stage, keys, manifest, components, separator (docs/measurements.md). */
u32 reference_event_count(const struct reference *r)
{
	return 1 + r->key_count + 1 + r->image.manifest.component_count + 1;
}

void reference_event(const struct reference *r, u32 at, u32 stage_version, struct event *out)
{
	u32 components = r->image.manifest.component_count;
	u32 manifest = 1 + r->key_count;

	if (at == 0)
		event_of_stage(&r->anchor, stage_version, out);
	else if (at < manifest)
		event_of_keys(r->keys[at - 1].version, r->keys[at - 1].digest, out);
	else if (at == manifest)
		event_of_manifest(&r->image, out);
	else if (at <= manifest + components)
		event_of_component(&r->image.manifest.components[at - manifest - 1], out);
	else
		event_of_separator(out);
}
