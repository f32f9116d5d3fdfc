/*
 * Making key manifests.
 * Trust: runs where root keys are; what it made is judged by the verifier's own code before it is handed out.
 */
#include "keys/chain.h"

#include "image/message.h"
#include "image/signature.h"

#include <string.h>

enum err key_set_remove(struct key_set *set, enum key_role role, const u8 id[KEY_ID_SIZE])
{
	for (u32 i = 0; i < set->key_count; i++) {
		if (set->keys[i].role != role || memcmp(set->keys[i].id, id, KEY_ID_SIZE) != 0)
			continue;
		set->key_count--;
		memmove(&set->keys[i], &set->keys[i + 1], (set->key_count - i) * sizeof(set->keys[0]));
		return OK;
	}
	return ERR_KEY_FILE;
}

static bool is_root_of(const struct key_set *set, const struct signer *s)
{
	return set && key_set_find(set, ROLE_ROOT, signer_id(s)) != NULL;
}

static enum err add_signature(struct signer *s, const u8 digest[SHA384_SIZE], u8 *list, size_t room)
{
	u8 signature[P384_SIGNATURE_SIZE];
	enum err e = signer_sign(s, digest, signature);

	return e ? e : signature_list_insert(list, room, signer_id(s), signature);
}

static enum err check_made(const struct key_set *before, struct key_set *next, const u8 *bytes, size_t body, size_t n)
{
	u8 digest[SHA384_SIZE];
	enum err e = key_manifest_open_first(bytes, n, next);

	if (e || !before)
		return e;
	keys_message_digest(bytes, body, digest);
	return signatures_check(bytes + body, n - body, digest, before, ROLE_ROOT, before->root_threshold);
}

enum err key_manifest_make(
        const struct key_set *before, struct key_set *next, const struct signers *roots, u8 *out, size_t *n)
{
	const struct key_set target = *next;
	u8 digest[SHA384_SIZE];
	u32 count = 0;
	size_t body, room;
	enum err e = OK;

	for (u32 i = 0; i < roots->count; i++)
		count += is_root_of(before, roots->each[i]) || is_root_of(&target, roots->each[i]);
	room = signature_list_size(count);
	body = keys_body_encode(&target, (u32)room, out);
	memset(out + body, 0, room);
	keys_message_digest(out, body, digest);
	for (u32 i = 0; !e && i < roots->count; i++)
		if (is_root_of(before, roots->each[i]) || is_root_of(&target, roots->each[i]))
			e = add_signature(roots->each[i], digest, out + body, room);
	*n = body + room;
	return e ? e : check_made(before, next, out, body, *n);
}

enum err key_manifest_open_first(const u8 *bytes, size_t n, struct key_set *out)
{
	struct keys_header h;
	u8 digest[SHA384_SIZE];
	enum err e = keys_header_read(bytes, n, &h);

	if (e)
		return e;
	if (h.total != n)
		return ERR_KEYS_FORMAT;
	e = key_set_parse(bytes, h.body, out);
	if (e)
		return e;
	keys_message_digest(bytes, h.body, digest);
	return signatures_check(bytes + h.body, n - h.body, digest, out, ROLE_ROOT, out->root_threshold);
}
