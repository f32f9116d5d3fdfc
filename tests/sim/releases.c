/*
 * Simulated releases.
 * Trust: test code.
 */
#include "tests/sim/releases.h"

#include "image/merkle.h"
#include "lib/bytes.h"
#include "tests/adversarial/forge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HYPERVISOR_LENGTH = 5000, KERNEL_LENGTH = 135000 };

static struct release_image releases[RELEASES];
static struct key_set roots;

/*
 * Bytes no two releases share, so that a mix of two is neither, but for one leaf that all have; a header that the stage
 * accepts.
 */
static void fill_payload(struct forge *f, enum release r)
{
	const struct component *hypervisor = &f->manifest.components[0];

	for (u64 i = 0; i < f->payload_length; i++)
		f->payload[i] =
		        i / LEAF_SIZE == RELEASES_SHARE ? (u8)(i >> 8) : (u8)(f->payload[i] + 0x40 * (u32)r + (i >> 8));
	for (u32 i = 0; i < f->manifest.component_count; i++) {
		const struct component *c = &f->manifest.components[i];
		u64 end = i + 1 < f->manifest.component_count ? c[1].offset : f->payload_length;

		memset(f->payload + c->offset + c->length, 0, end - c->offset - c->length);
	}
	memset(f->payload, 0, HYPERVISOR_HEADER_SIZE);
	memcpy(f->payload, HYPERVISOR_MAGIC, MAGIC_SIZE);
	store_le32(f->payload + 8, HANDOFF_VERSION);
	store_le32(f->payload + 12, HYPERVISOR_HEADER_SIZE);
	store_le64(f->payload + 16, hypervisor->length);
	store_le64(f->payload + 24, hypervisor->memory_length);
}

static void list_leaves(struct release_image *out)
{
	const struct image_layout *l = &out->image.layout;

	for (u64 i = 0; i < out->image.manifest.leaf_count; i++) {
		u64 at = i * LEAF_SIZE, left = l->payload_length - at;

		merkle_leaf(out->bytes + l->payload_offset + at, left < LEAF_SIZE ? (size_t)left : LEAF_SIZE,
		        out->leaves[i]);
	}
}

static void make_one(struct forge *f, enum release r)
{
	struct release_image *out = &releases[r];

	f->manifest.svn = 10 + (u32)r;
	f->manifest.min_stage_version = 1;
	f->manifest.created = FORGE_CREATED + r;
	if (r == RELEASE_NEXT)
		forge_rotate(f, FORGE_ROOTS);
	forge_component(f, 0, COMPONENT_HYPERVISOR, HYPERVISOR_LENGTH);
	forge_component(f, 1, COMPONENT_SERVICE_KERNEL, KERNEL_LENGTH);
	fill_payload(f, r);
	forge_seal(f);
	out->length = f->layout.image_length;
	if (out->length > SLOT_SIZE || forge_verify(f, &out->image) != OK) {
		fprintf(stderr, "releases: cannot make one\n");
		abort();
	}
	memcpy(out->bytes, f->image, out->length);
	list_leaves(out);
}

void releases_make(void)
{
	static struct forge f;

	forge_init(&f);
	roots = f.anchor;
	for (u32 r = 0; r < RELEASES; r++)
		make_one(&f, (enum release)r);
}

const struct release_image *release_image(enum release r)
{
	return &releases[r];
}

struct anchor release_anchor(void)
{
	struct anchor a = { .hardware_class = "server-1", .keys = roots };

	return a;
}

struct image_policy release_policy(void)
{
	struct image_policy p = forge_policy();

	p.anchor = &roots;
	p.image_floor = 0;
	p.key_floor = 0;
	return p;
}

enum release release_in(const u8 slot[SLOT_SIZE])
{
	for (u32 r = 0; r < RELEASES; r++) {
		if (memcmp(slot, releases[r].bytes, releases[r].length) == 0)
			return (enum release)r;
	}
	return RELEASES;
}
