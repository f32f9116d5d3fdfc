/*
 * Forged images.
 * Test code.
 */
#include "tests/adversarial/forge.h"

#include "image/manifest.h"
#include "image/merkle.h"
#include "image/message.h"
#include "lib/bytes.h"

#include <stdlib.h>
#include <string.h>

static void must(enum err e)
{
	if (e != OK)
		abort();
}

static void sign_list(u8 *list, size_t room, const u8 digest[SHA384_SIZE], u32 signers)
{
	memset(list, 0, room);
	for (enum forge_person who = 0; who < PEOPLE; who++) {
		u8 signature[P384_SIGNATURE_SIZE];
		if (!(signers & BIT(who)))
			continue;
		forge_signature(who, digest, signature);
		must(signature_list_insert(list, room, forge_id(who), signature));
	}
}

void forge_sign_keys(struct forge *f, u32 signers)
{
	u8 *manifest = f->region + f->newest;
	u32 total = load_le32(manifest + 8);
	u32 body = load_le32(manifest + 12);
	u8 digest[SHA384_SIZE];

	keys_message_digest(manifest, body, digest);
	sign_list(manifest + body, total - body, digest, signers);
	sha384_of(manifest, body, f->manifest.keys_digest);
	f->region_length = f->newest + total;
}

void forge_append_keys(struct forge *f, u32 signers)
{
	f->newest = f->region_length;
	if (f->newest + KEYS_BODY_MAX + FORGE_SIGNATURE_ROOM > sizeof(f->region))
		abort();
	size_t body = keys_body_encode(&f->keys, FORGE_SIGNATURE_ROOM, f->region + f->newest);
	sha384_of(f->region + f->newest, body, f->keys.digest);
	forge_sign_keys(f, signers);
}

void forge_rotate(struct forge *f, u32 signers)
{
	f->keys.version++;
	forge_append_keys(f, signers);
}

void forge_component(struct forge *f, u32 i, enum component_kind kind, u64 length)
{
	struct manifest *m = &f->manifest;
	u64 at = i == 0 ? 0 : align_up(m->components[i - 1].offset + m->components[i - 1].length, IMAGE_ALIGN);

	/* Offsets count from the payload here; forge_seal moves them behind the head. */
	m->components[i] = (struct component){ .kind = kind, .offset = at, .length = length, .memory_length = length };
	m->component_count = i + 1;
	f->payload_length = align_up(at + length, IMAGE_ALIGN);
	if (f->payload_length > sizeof(f->payload))
		abort();
	memset(f->payload + at, 0, f->payload_length - at);
	for (u64 k = 0; k < length; k++)
		f->payload[at + k] = (u8)(k * 7 + i + 1);
}

static void describe_payload(struct forge *f)
{
	struct manifest *m = &f->manifest;
	struct merkle tree;
	u8 leaf[SHA384_SIZE];

	for (u32 i = 0; i < m->component_count; i++)
		sha384_of(f->payload + m->components[i].offset, m->components[i].length, m->components[i].digest);
	merkle_init(&tree);
	for (u64 at = 0; at < f->payload_length; at += LEAF_SIZE) {
		u64 left = f->payload_length - at;
		merkle_leaf(f->payload + at, left < LEAF_SIZE ? left : LEAF_SIZE, leaf);
		merkle_add(&tree, leaf);
	}
	merkle_root(&tree, m->merkle_root);
	m->leaf_count = tree.count;
}

void forge_seal(struct forge *f)
{
	u32 manifest_length = MANIFEST_FIXED_SIZE + COMPONENT_SIZE * f->manifest.component_count;

	must(image_layout_of(f->region_length, manifest_length, IMAGE_ALIGN, f->payload_length, &f->layout));
	describe_payload(f);

	struct manifest placed = f->manifest;
	for (u32 i = 0; i < placed.component_count; i++)
		placed.components[i].offset += f->layout.payload_offset;
	memset(f->image, 0, sizeof(f->image));
	image_header_encode(&f->layout, f->image);
	memcpy(f->image + f->layout.keys_offset, f->region, f->region_length);
	manifest_encode(&placed, f->image + f->layout.manifest_offset);
	memcpy(f->image + f->layout.payload_offset, f->payload, f->payload_length);
	forge_sign(f, FORGE_RELEASES);
}

void forge_sign(struct forge *f, u32 signers)
{
	u8 digest[SHA384_SIZE];

	image_message_digest(f->image, f->image + f->layout.manifest_offset, f->layout.manifest_length, digest);
	sign_list(f->image + f->layout.signatures_offset, f->layout.signatures_length, digest, signers);
}

void forge_init(struct forge *f)
{
	memset(f, 0, sizeof(*f));
	for (enum forge_person who = ROOT_A; who <= ROOT_C; who++)
		must(key_set_insert(&f->keys, ROLE_ROOT, forge_public(who)));
	for (enum forge_person who = RELEASE_A; who <= RELEASE_C; who++)
		must(key_set_insert(&f->keys, ROLE_RELEASE, forge_public(who)));
	must(key_set_insert(&f->keys, ROLE_POLICY, forge_public(POLICY)));
	f->keys.root_threshold = 2;
	f->keys.release_threshold = 2;
	forge_rotate(f, FORGE_ROOTS);
	f->anchor = f->keys;

	strcpy(f->manifest.product, "signet");
	strcpy(f->manifest.release, "1.0 test");
	strcpy(f->manifest.hardware_class, "server-1");
	f->manifest.svn = 12;
	f->manifest.min_stage_version = FORGE_STAGE_VERSION;
	f->manifest.created = FORGE_CREATED;
	memset(f->manifest.build_id, 0xB1, sizeof(f->manifest.build_id));
	forge_component(f, 0, COMPONENT_HYPERVISOR, 5000);
	forge_component(f, 1, COMPONENT_FLEET_CONFIG, 300);
	forge_seal(f);
}

enum err forge_verify(const struct forge *f, struct verified_image *out)
{
	return image_verify_head(f->image, f->layout.payload_offset, f->layout.image_length, &f->anchor, NULL, out);
}

enum err forge_verdict(const struct forge *f)
{
	static struct verified_image image;

	return forge_verify(f, &image);
}

struct image_policy forge_policy(void)
{
	return (struct image_policy){
		.floor_known = true,
		.image_floor = 10,
		.key_floor = 1,
		.stage_version = FORGE_STAGE_VERSION,
		.hardware_class = "server-1",
	};
}
