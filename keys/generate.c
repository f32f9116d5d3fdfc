/*
 * New chain keys and the files of their public halves.
 * Trust: makes private keys.
 */
#include "keys/generate.h"

#include "image/host/file.h"
#include "keys/files.h"
#include "keys/pkcs8.h"
#include "keys/private.h"

#include <string.h>

enum { FILES_MAX = 1024 };

static u32 highest_number(const char *dir, enum key_role role)
{
	u32 numbers[FILES_MAX];
	u32 count = store_numbers(dir, role_name(role), ".pub", numbers, FILES_MAX);

	return count ? numbers[count - 1] : 0;
}

u32 next_key_number(const char *dir, enum key_role role)
{
	char retired[PATH_MAX];
	u32 here = highest_number(dir, role), gone = 0;

	if (path_make(retired, sizeof(retired), "%s/" RETIRED, dir) == OK)
		gone = highest_number(retired, role);
	return (here > gone ? here : gone) + 1;
}

static enum err save_pair(const mbedtls_pk_context *key, const char *dir, enum key_role role, u32 number,
        const struct passphrase *passphrase)
{
	char private_path[PATH_MAX], public_path[PATH_MAX];
	enum err e = path_make(private_path, sizeof(private_path), "%s/%s-%u.pem", dir, role_name(role), number);

	if (!e)
		e = path_make(public_path, sizeof(public_path), "%s/%s-%u.pub", dir, role_name(role), number);
	if (!e)
		e = private_key_save(key, passphrase, private_path);
	return e ? e : public_key_save(key, public_path);
}

enum err chain_key_make(
        const char *dir, enum key_role role, u32 number, const struct passphrase *passphrase, struct key_set *set)
{
	u8 bytes[P384_KEY_SIZE];
	size_t n;
	mbedtls_pk_context key;
	enum err e;

	mbedtls_pk_init(&key);
	e = private_key_make(role == ROLE_POLICY ? KEY_EC_P256 : KEY_EC_P384, &key);
	if (!e)
		e = ec_public_bytes(&key, bytes, &n);
	if (!e)
		e = key_set_insert(set, role, bytes);
	if (!e)
		e = save_pair(&key, dir, role, number, passphrase);
	mbedtls_pk_free(&key);
	return e;
}

static enum err parse_public(const char *path, struct public_key *out)
{
	u8 pem[KEY_PEM_MAX + 1];
	size_t n;
	mbedtls_pk_context key;
	enum err e = OK;

	if (file_read(path, pem, KEY_PEM_MAX, &n) != OK)
		return ERR_KEY_FILE;
	pem[n] = 0;
	mbedtls_pk_init(&key);
	if (mbedtls_pk_parse_public_key(&key, pem, n + 1) != 0)
		e = ERR_KEY_FILE;
	else
		e = ec_public_bytes(&key, out->bytes, &n);
	mbedtls_pk_free(&key);
	if (!e)
		sha256_of(out->bytes, n, out->id);
	return e;
}

enum err public_key_load(const char *dir, enum key_role role, u32 number, struct public_key *out)
{
	char path[PATH_MAX];
	enum err e = path_make(path, sizeof(path), "%s/%s-%u.pub", dir, role_name(role), number);

	memset(out, 0, sizeof(*out));
	out->role = role;
	out->algorithm = role == ROLE_POLICY ? ALGORITHM_P256 : ALGORITHM_P384;
	return e ? e : parse_public(path, out);
}

u32 key_file_number(const char *dir, enum key_role role, const u8 id[KEY_ID_SIZE])
{
	u32 numbers[FILES_MAX];
	u32 count = store_numbers(dir, role_name(role), ".pub", numbers, FILES_MAX);
	struct public_key key;

	for (u32 i = 0; i < count; i++)
		if (public_key_load(dir, role, numbers[i], &key) == OK && memcmp(key.id, id, KEY_ID_SIZE) == 0)
			return numbers[i];
	return 0;
}
