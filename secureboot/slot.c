/*
 * Verifying a slot: copy first, then verify the copy, so that nobody can change what was verified.
 * Trust: in the TCB; pure over struct platform.
 */
#include "secureboot/slot.h"

#include "image/hypervisor.h"

#include <string.h>

static void record_key(void *context, u64 version, const u8 digest[SHA384_SIZE])
{
	struct slot *slot = context;

	/* Cannot be: the region has no room for more. Were it so, the count would betray it. */
	if (slot->key_count < KEY_CHAIN_MAX) {
		slot->key[slot->key_count].version = version;
		memcpy(slot->key[slot->key_count].digest, digest, SHA384_SIZE);
	}
	slot->key_count++;
}

static enum err copy_head(const struct blob *loaded, u8 *head, size_t *length)
{
	struct image_layout layout;
	enum err e;

	if (loaded->length < IMAGE_HEADER_SIZE)
		return ERR_IMAGE_ABSENT;
	memcpy(head, loaded->bytes, IMAGE_HEADER_SIZE);
	e = image_layout_read(head, IMAGE_HEADER_SIZE, loaded->length, &layout);
	if (e)
		return e;
	/* No layout is so long, as image_layout_read() bounds them; what is copied next has this room and no more. */
	if (layout.payload_offset > IMAGE_HEAD_MAX || layout.payload_offset < IMAGE_HEADER_SIZE)
		return ERR_IMAGE_HEADER;
	/* The header is not read a second time: it must stay the one whose lengths were checked. */
	memcpy(head + IMAGE_HEADER_SIZE, loaded->bytes + IMAGE_HEADER_SIZE, layout.payload_offset - IMAGE_HEADER_SIZE);
	*length = layout.payload_offset;
	return OK;
}

void slot_examine(struct slot *slot, u8 *head, const struct image_policy *policy)
{
	const struct keys_visitor visitor = { .visit = record_key, .context = slot };
	size_t length;

	slot->key_count = 0;
	slot->found = copy_head(&slot->loaded, head, &length);
	if (slot->found == OK)
		slot->found =
		        image_verify_head(head, length, slot->loaded.length, policy->anchor, &visitor, &slot->image);
	if (slot->found == OK && slot->key_count > KEY_CHAIN_MAX)
		slot->found = ERR_KEYS_CHAIN;
	slot->verified = slot->found == OK;
	if (slot->verified)
		slot->found = image_judge(&slot->image, policy);
}

/* Copied once, hashed once, and where it will run: between check and use nothing moves. */
static enum err place_component(
        const struct slot *slot, const struct component *c, const struct platform *platform, u8 **out)
{
	enum err e;

	if (!range_inside(c->offset, c->length, slot->loaded.length) || c->memory_length < c->length)
		return ERR_IMAGE_LENGTH;
	e = platform->allocate(c->load_address, c->memory_length, component_alignment(c->kind), out);
	if (e)
		return e;
	memcpy(*out, slot->loaded.bytes + c->offset, c->length);
	memset(*out + c->length, 0, c->memory_length - c->length);
	return image_verify_component(c, *out);
}

/* Only once all components hold, this one among them. */
static enum err find_entry(struct slot *slot)
{
	const struct manifest *m = &slot->image.manifest;
	const struct component *c = manifest_find(m, COMPONENT_HYPERVISOR);
	struct hypervisor_header header;

	if (!c)
		return ERR_IMAGE_HYPERVISOR;
	const u8 *at = slot->component[c - m->components];
	enum err e = hypervisor_header_read(at, c->length, &header);
	if (!e && header.memory_length != c->memory_length)
		e = ERR_IMAGE_HYPERVISOR;
	slot->entry = e ? 0 : (u64)at + header.entry;
	return e;
}

static enum err place_all(struct slot *slot, const struct platform *platform)
{
	const struct manifest *m = &slot->image.manifest;

	for (u32 i = 0; i < m->component_count; i++) {
		enum err e = place_component(slot, &m->components[i], platform, &slot->component[i]);

		if (e)
			return e;
	}
	return find_entry(slot);
}

enum err slot_place(struct slot *slot, const struct platform *platform)
{
	enum err e = place_all(slot, platform);

	if (e)
		slot_release(slot, platform);
	slot->placed = !e;
	return e;
}

void slot_release(struct slot *slot, const struct platform *platform)
{
	const struct manifest *m = &slot->image.manifest;

	for (u32 i = 0; i < m->component_count; i++) {
		if (slot->component[i])
			platform->release(slot->component[i], m->components[i].memory_length);
		slot->component[i] = NULL;
	}
	slot->placed = false;
}
