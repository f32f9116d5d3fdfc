/*
 * Manifests as if their signature held. The first eight bytes are the payload's length, the rest the manifest.
 * What parses is encoded to the same bytes again, and its components lie inside the payload, apart from each other.
 */
#include "image/manifest.h"
#include "lib/bytes.h"
#include "tests/fuzz/fuzz.h"

static void components_lie_apart(const struct manifest *m, const struct image_layout *l)
{
	u64 end = l->payload_offset;

	for (u32 i = 0; i < m->component_count; i++) {
		const struct component *c = &m->components[i];
		must(c->offset >= end && c->length <= l->image_length - c->offset);
		must(c->length != 0 && c->length <= c->memory_length && c->memory_length <= COMPONENT_MEMORY_MAX);
		must(manifest_find(m, c->kind) == c);
		end = c->offset + c->length;
	}
	must(manifest_find(m, COMPONENT_HYPERVISOR) != NULL);
}

int LLVMFuzzerTestOneInput(const u8 *bytes, size_t n)
{
	static u8 again[IMAGE_MANIFEST_MAX];
	struct image_layout layout;
	struct manifest parsed;

	if (n < 8 || image_layout_of(8, n - 8, IMAGE_ALIGN, load_le64(bytes), &layout) != OK)
		return 0;
	if (manifest_parse(bytes + 8, n - 8, &layout, &parsed) != OK)
		return 0;
	components_lie_apart(&parsed, &layout);
	must(manifest_encode(&parsed, again) == n - 8);
	must(memcmp(again, bytes + 8, n - 8) == 0);
	return 0;
}
