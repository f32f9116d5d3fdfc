/* Adding signatures. Trust: runs where release keys are; nothing is written unless the list still reads well. */
#include "image/host/sign.h"

#include "image/encode.h"
#include "image/signature.h"

#include <string.h>

enum err signature_list_read(const u8 *list, size_t n, struct signature_list *out)
{
	const u8 *at = list + SIGNATURE_LIST_HEADER;
	enum err e = signature_list_shape(list, n, &out->count);

	if (e)
		return e;
	for (u32 i = 0; i < out->count; i++, at += SIGNATURE_ENTRY_SIZE)
		out->entries[i] = (struct signature_entry){ .key_id = at, .signature = at + SIGNATURE_ENTRY_HEADER };
	return OK;
}

enum signature_worth signature_worth(
        const struct signature_entry *entry, const u8 digest[SHA384_SIZE], const struct key_set *keys)
{
	const struct public_key *key = key_set_find(keys, ROLE_RELEASE, entry->key_id);

	if (!key)
		return key_set_revoked(keys, entry->key_id) ? SIGNATURE_REVOKED_KEY : SIGNATURE_UNKNOWN_KEY;
	return ecdsa_p384_verify(key->bytes, digest, entry->signature) == OK ? SIGNATURE_VALID : SIGNATURE_WRONG;
}

enum err image_signature_count(struct image_file *f, const struct key_set *keys, u32 *valid)
{
	struct signature_list list;
	u8 digest[SHA384_SIZE];
	enum err e = signature_list_read(image_file_signatures(f), (size_t)f->layout.signatures_length, &list);

	if (e)
		return e;
	image_file_message_digest(f, digest);
	*valid = 0;
	for (u32 i = 0; i < list.count; i++)
		*valid += signature_worth(&list.entries[i], digest, keys) == SIGNATURE_VALID ? 1 : 0;
	return OK;
}

static bool has_signed(const struct signature_list *list, const u8 id[KEY_ID_SIZE])
{
	for (u32 i = 0; i < list->count; i++) {
		if (memcmp(list->entries[i].key_id, id, KEY_ID_SIZE) == 0)
			return true;
	}
	return false;
}

static enum err insert(struct image_file *f, const u8 id[KEY_ID_SIZE], const u8 signature[P384_SIGNATURE_SIZE])
{
	return signature_list_insert(image_file_signatures(f), (size_t)f->layout.signatures_length, id, signature);
}

enum err image_sign(struct image_file *f, const struct key_set *keys, struct signer *signer)
{
	struct signature_list list;
	u8 digest[SHA384_SIZE], signature[P384_SIGNATURE_SIZE];
	enum err e = signature_list_read(image_file_signatures(f), (size_t)f->layout.signatures_length, &list);

	if (e)
		return e;
	if (signer_algorithm(signer) != ALGORITHM_P384 || !key_set_find(keys, ROLE_RELEASE, signer_id(signer)))
		return ERR_SIGNATURE_MISSING;
	if (has_signed(&list, signer_id(signer)))
		return ERR_KEY_EXISTS;
	image_file_message_digest(f, digest);
	e = signer_sign(signer, digest, signature);
	if (e)
		return e;
	return insert(f, signer_id(signer), signature);
}

/* Everything but the signatures themselves: what two signers were shown must be the same bytes. */
static bool same_head(const struct image_file *a, const struct image_file *b)
{
	return a->layout.signatures_offset == b->layout.signatures_offset &&
	        memcmp(a->head, b->head, (size_t)a->layout.signatures_offset) == 0;
}

enum err image_attach(struct image_file *f, const struct key_set *keys, struct image_file *from, u32 *added)
{
	struct signature_list here, there;
	u8 digest[SHA384_SIZE];

	if (!same_head(f, from))
		return ERR_KEYS_OTHER;
	enum err e = signature_list_read(image_file_signatures(from), (size_t)from->layout.signatures_length, &there);
	if (e)
		return e;
	image_file_message_digest(f, digest);
	for (u32 i = 0; i < there.count; i++) {
		const struct signature_entry *entry = &there.entries[i];
		e = signature_list_read(image_file_signatures(f), (size_t)f->layout.signatures_length, &here);
		if (e)
			return e;
		if (signature_worth(entry, digest, keys) != SIGNATURE_VALID)
			return ERR_SIGNATURE_WRONG;
		if (has_signed(&here, entry->key_id))
			continue;
		e = insert(f, entry->key_id, entry->signature);
		if (e)
			return e;
		(*added)++;
	}
	return OK;
}

static enum err save(const struct image_file *f, const char *path, u64 payload)
{
	struct output out;
	u64 offset = f->layout.payload_offset;
	enum err e = output_open(path, &out);

	if (e)
		return e;
	e = write_at(out.fd, 0, f->head, (size_t)offset);
	if (!e)
		e = copy_range(f->fd, f->start + offset, out.fd, offset, payload);
	if (e) {
		output_discard(&out);
		return e;
	}
	return output_commit(&out);
}

enum err image_save(const struct image_file *f, const char *path)
{
	return save(f, path, f->head_only ? 0 : f->layout.payload_length);
}

enum err image_save_head(const struct image_file *f, const char *path)
{
	return save(f, path, 0);
}
