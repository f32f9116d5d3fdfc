/*
 * Key manifests: what the fixed header says, the parsed set, and looking keys up.
 * Trust: in the TCB; pure. Only keys_header_read meets unverified bytes.
 */
#include "image/keyset.h"

#include "lib/bytes.h"

#include <string.h>

enum { HEADER_READ = 24 /* magic, lengths, version */ };

enum err keys_header_read(const u8 *bytes, size_t n, struct keys_header *out)
{
	if (n < KEYS_FIXED_SIZE + SIGNATURE_LIST_HEADER || memcmp(bytes, KEYS_MAGIC, MAGIC_SIZE) != 0)
		return ERR_KEYS_FORMAT;
	out->total = load_le32(bytes + 8);
	out->body = load_le32(bytes + 12);
	out->version = load_le64(bytes + 16);
	if (out->total > IMAGE_KEYS_MAX || !is_aligned(out->total, 8) || out->version == 0)
		return ERR_KEYS_FORMAT;
	if (out->body < KEYS_FIXED_SIZE || out->body > KEYS_BODY_MAX ||
	        !range_inside(out->body, SIGNATURE_LIST_HEADER, out->total))
		return ERR_KEYS_FORMAT;
	return OK;
}

static size_t key_size(const struct public_key *key)
{
	return key->role == ROLE_POLICY ? P256_KEY_SIZE : P384_KEY_SIZE;
}

void public_key_identify(struct public_key *key)
{
	sha256_of(key->bytes, key_size(key), key->id);
}

static void key_read(struct reader *r, struct public_key *key)
{
	key->role = (enum key_role)read_le32(r);
	key->algorithm = (enum signature_algorithm)read_le32(r);
	read_copy(r, key->bytes, P384_KEY_SIZE);
	public_key_identify(key);
}

static bool key_shape(const struct public_key *key)
{
	switch (key->role) {
	case ROLE_ROOT:
	case ROLE_RELEASE:
		return key->algorithm == ALGORITHM_P384;
	case ROLE_POLICY:
		return key->algorithm == ALGORITHM_P256 &&
		        bytes_are_zero(key->bytes + P256_KEY_SIZE, P384_KEY_SIZE - P256_KEY_SIZE);
	}
	return false;
}

bool public_key_before(const struct public_key *a, const struct public_key *b)
{
	return a->role != b->role ? a->role < b->role : memcmp(a->bytes, b->bytes, key_size(a) / 2) < 0;
}

static bool keys_read(struct reader *r, struct key_set *set)
{
	for (u32 i = 0; i < set->key_count; i++) {
		key_read(r, &set->keys[i]);
		if (!key_shape(&set->keys[i]) || (i > 0 && !public_key_before(&set->keys[i - 1], &set->keys[i])))
			return false;
	}
	return true;
}

bool key_set_revoked(const struct key_set *set, const u8 id[KEY_ID_SIZE])
{
	for (u32 i = 0; i < set->revoked_count; i++) {
		if (memcmp(set->revoked[i], id, KEY_ID_SIZE) == 0)
			return true;
	}
	return false;
}

static bool revoked_read(struct reader *r, struct key_set *set)
{
	for (u32 i = 0; i < set->revoked_count; i++) {
		read_copy(r, set->revoked[i], KEY_ID_SIZE);
		if (i > 0 && memcmp(set->revoked[i - 1], set->revoked[i], KEY_ID_SIZE) >= 0)
			return false;
	}
	for (u32 i = 0; i < set->key_count; i++) {
		if (key_set_revoked(set, set->keys[i].id))
			return false;
	}
	return true;
}

u32 key_set_count(const struct key_set *set, enum key_role role)
{
	u32 count = 0;

	for (u32 i = 0; i < set->key_count; i++)
		count += set->keys[i].role == role;
	return count;
}

static bool threshold_fits(const struct key_set *set, enum key_role role, u32 threshold)
{
	return threshold >= 1 && threshold <= key_set_count(set, role);
}

enum err key_set_parse(const u8 *body, size_t n, struct key_set *out)
{
	struct keys_header header;
	enum err e = keys_header_read(body, n, &header);
	if (e)
		return e;
	if (header.body != n)
		return ERR_KEYS_FORMAT;

	struct reader r = reader_on(body + HEADER_READ, n - HEADER_READ);
	memset(out, 0, sizeof(*out));
	out->version = header.version;
	out->root_threshold = read_le32(&r);
	out->release_threshold = read_le32(&r);
	out->key_count = read_le32(&r);
	out->revoked_count = read_le32(&r);
	read_zero(&r, KEYS_FIXED_SIZE - HEADER_READ - 16);
	if (out->key_count > KEYS_COUNT_MAX || out->revoked_count > REVOKED_COUNT_MAX)
		return ERR_KEYS_FORMAT;
	if (!keys_read(&r, out) || !revoked_read(&r, out) || !reader_done(&r))
		return ERR_KEYS_FORMAT;
	if (!threshold_fits(out, ROLE_ROOT, out->root_threshold) ||
	        !threshold_fits(out, ROLE_RELEASE, out->release_threshold) || key_set_count(out, ROLE_POLICY) != 1)
		return ERR_KEYS_FORMAT;
	sha384_of(body, n, out->digest);
	return OK;
}

const struct public_key *key_set_find(const struct key_set *set, enum key_role role, const u8 id[KEY_ID_SIZE])
{
	for (u32 i = 0; i < set->key_count; i++) {
		if (set->keys[i].role == role && memcmp(set->keys[i].id, id, KEY_ID_SIZE) == 0)
			return key_set_revoked(set, id) ? NULL : &set->keys[i];
	}
	return NULL;
}

const u8 *key_set_policy_key(const struct key_set *set)
{
	for (u32 i = 0; i < set->key_count; i++) {
		if (set->keys[i].role == ROLE_POLICY)
			return set->keys[i].bytes;
	}
	return NULL;
}
