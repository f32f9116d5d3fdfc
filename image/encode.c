/*
 * Writing headers, key manifests and signature lists.
 * Trust: runs where images and keys are made; pure.
 */
#include "image/encode.h"

#include "lib/bytes.h"

#include <assert.h>
#include <string.h>

static_assert((size_t)SIGNATURE_LIST_MAX <= (size_t)IMAGE_SIGNATURES_MAX, "the signatures region holds any list");

void image_header_encode(const struct image_layout *layout, u8 out[IMAGE_HEADER_SIZE])
{
	struct writer w = writer_on(out, IMAGE_HEADER_SIZE);

	write_bytes(&w, (const u8 *)IMAGE_MAGIC, MAGIC_SIZE);
	write_le32(&w, IMAGE_HEADER_SIZE);
	write_le32(&w, IMAGE_FORMAT_VERSION);
	write_le64(&w, layout->keys_offset);
	write_le64(&w, layout->keys_length);
	write_le64(&w, layout->manifest_offset);
	write_le64(&w, layout->manifest_length);
	write_le64(&w, layout->signatures_offset);
	write_le64(&w, layout->signatures_length);
	write_le64(&w, layout->payload_offset);
	write_le64(&w, layout->payload_length);
	write_le64(&w, layout->image_length);
	write_zero(&w, IMAGE_HEADER_SIZE - IMAGE_HEADER_FIELDS);
}

size_t signature_list_size(u32 count)
{
	return SIGNATURE_LIST_HEADER + (size_t)count * SIGNATURE_ENTRY_SIZE;
}

static void signature_entry_write(u8 *at, const u8 key_id[KEY_ID_SIZE], const u8 signature[P384_SIGNATURE_SIZE])
{
	struct writer w = writer_on(at, SIGNATURE_ENTRY_SIZE);

	write_bytes(&w, key_id, KEY_ID_SIZE);
	write_le32(&w, ALGORITHM_P384);
	write_le32(&w, P384_SIGNATURE_SIZE);
	write_bytes(&w, signature, P384_SIGNATURE_SIZE);
}

enum err signature_list_insert(
        u8 *list, size_t room, const u8 key_id[KEY_ID_SIZE], const u8 signature[P384_SIGNATURE_SIZE])
{
	u32 count;
	enum err e = signature_list_shape(list, room, &count);
	if (e)
		return e;
	if (count == SIGNATURES_COUNT_MAX || signature_list_size(count + 1) > room)
		return ERR_RANGE;

	u8 *at = list + SIGNATURE_LIST_HEADER;
	const u8 *end = list + signature_list_size(count);
	while (at < end && memcmp(at, key_id, KEY_ID_SIZE) < 0)
		at += SIGNATURE_ENTRY_SIZE;
	if (at < end && memcmp(at, key_id, KEY_ID_SIZE) == 0)
		return ERR_SIGNATURE_LIST;
	memmove(at + SIGNATURE_ENTRY_SIZE, at, (size_t)(end - at));
	signature_entry_write(at, key_id, signature);
	store_le32(list, count + 1);
	return OK;
}

enum err key_set_insert(struct key_set *set, enum key_role role, const u8 key[P384_KEY_SIZE])
{
	struct public_key new_key = { .role = role,
		.algorithm = role == ROLE_POLICY ? ALGORITHM_P256 : ALGORITHM_P384 };
	u32 at = 0;

	memcpy(new_key.bytes, key, P384_KEY_SIZE);
	public_key_identify(&new_key);
	if (set->key_count == KEYS_COUNT_MAX)
		return ERR_RANGE;
	while (at < set->key_count && public_key_before(&set->keys[at], &new_key))
		at++;
	/* Neither before the other: same role and X. */
	bool same = at < set->key_count && !public_key_before(&new_key, &set->keys[at]);
	if (same || key_set_revoked(set, new_key.id))
		return ERR_KEY_EXISTS;
	memmove(&set->keys[at + 1], &set->keys[at], (set->key_count - at) * sizeof(set->keys[0]));
	set->keys[at] = new_key;
	set->key_count++;
	return OK;
}

static void keys_remove(struct key_set *set, const u8 id[KEY_ID_SIZE])
{
	u32 kept = 0;

	for (u32 i = 0; i < set->key_count; i++) {
		if (memcmp(set->keys[i].id, id, KEY_ID_SIZE) != 0)
			set->keys[kept++] = set->keys[i];
	}
	set->key_count = kept;
}

enum err key_set_revoke(struct key_set *set, const u8 id[KEY_ID_SIZE])
{
	u32 at = 0;

	if (key_set_revoked(set, id))
		return ERR_KEY_EXISTS;
	if (set->revoked_count == REVOKED_COUNT_MAX)
		return ERR_RANGE;
	while (at < set->revoked_count && memcmp(set->revoked[at], id, KEY_ID_SIZE) < 0)
		at++;
	memmove(set->revoked[at + 1], set->revoked[at], (set->revoked_count - at) * sizeof(set->revoked[0]));
	memcpy(set->revoked[at], id, KEY_ID_SIZE);
	set->revoked_count++;
	keys_remove(set, id);
	return OK;
}

size_t keys_body_encode(const struct key_set *set, u32 signature_room, u8 out[KEYS_BODY_MAX])
{
	u32 body = KEYS_FIXED_SIZE + set->key_count * KEY_ENTRY_SIZE + set->revoked_count * KEY_ID_SIZE;
	struct writer w = writer_on(out, KEYS_BODY_MAX);

	write_bytes(&w, (const u8 *)KEYS_MAGIC, MAGIC_SIZE);
	write_le32(&w, body + signature_room);
	write_le32(&w, body);
	write_le64(&w, set->version);
	write_le32(&w, set->root_threshold);
	write_le32(&w, set->release_threshold);
	write_le32(&w, set->key_count);
	write_le32(&w, set->revoked_count);
	write_zero(&w, 8);
	for (u32 i = 0; i < set->key_count; i++) {
		write_le32(&w, set->keys[i].role);
		write_le32(&w, set->keys[i].algorithm);
		write_bytes(&w, set->keys[i].bytes, P384_KEY_SIZE);
	}
	for (u32 i = 0; i < set->revoked_count; i++)
		write_bytes(&w, set->revoked[i], KEY_ID_SIZE);
	return w.used;
}
