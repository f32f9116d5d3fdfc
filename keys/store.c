/*
 * Key directories: names of files, signers of a role, the chain of key manifests.
 * Trust: the operator's own files; the chain is verified like anybody's.
 */
#include "keys/store.h"

#include "image/host/file.h"
#include "keys/chain.h"
#include "keys/files.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { NUMBERS_MAX = 1024, NUMBER_DIGITS = 6 };

enum err store_check(const char *dir)
{
	return private_directory_check(dir);
}

bool store_is_development(const char *dir)
{
	char path[PATH_MAX];

	return path_make(path, sizeof(path), "%s/development", dir) == OK && access(path, F_OK) == 0;
}

const char *role_name(enum key_role role)
{
	switch (role) {
	case ROLE_ROOT:
		return "root";
	case ROLE_RELEASE:
		return "release";
	case ROLE_POLICY:
		return "policy";
	}
	return "unknown";
}

enum err store_path(const char *dir, const char *name, const char *suffix, char *out, size_t room)
{
	return path_make(out, room, "%s/%s%s", dir, name, suffix);
}

/* The N of a file name NAME-N + suffix in its one spelling; 0 for any other file. */
static u32 file_number(const char *file, const char *name, const char *suffix)
{
	size_t n = strlen(name);
	const char *digits = file + n + 1;
	size_t count;

	if (strncmp(file, name, n) != 0 || file[n] != '-')
		return 0;
	count = strspn(digits, "0123456789");
	if (count == 0 || count > NUMBER_DIGITS || digits[0] == '0' || strcmp(digits + count, suffix) != 0)
		return 0;
	return (u32)strtoul(digits, NULL, 10);
}

static int compare_numbers(const void *a, const void *b)
{
	u32 x = *(const u32 *)a, y = *(const u32 *)b;

	return (x > y) - (x < y);
}

u32 store_numbers(const char *dir, const char *name, const char *suffix, u32 *out, u32 max)
{
	DIR *d = opendir(dir);
	struct dirent *entry;
	u32 count = 0;

	while (d && count < max && (entry = readdir(d)) != NULL) {
		u32 number = file_number(entry->d_name, name, suffix);

		if (number)
			out[count++] = number;
	}
	if (d)
		(void)closedir(d);
	if (count)
		qsort(out, count, sizeof(*out), compare_numbers);
	return count;
}

u32 store_newest(const char *dir, const char *name, const char *suffix)
{
	DIR *d = opendir(dir);
	u32 newest = 0;

	for (const struct dirent *entry; d && (entry = readdir(d));) {
		u32 number = file_number(entry->d_name, name, suffix);

		newest = number > newest ? number : newest;
	}
	if (d)
		(void)closedir(d);
	return newest;
}

static bool is_open(const struct signers *s, const struct signer *key)
{
	for (u32 i = 0; i < s->count; i++)
		if (memcmp(signer_id(s->each[i]), signer_id(key), SHA256_SIZE) == 0)
			return true;
	return false;
}

static enum err add_signer(const char *path, enum key_role role, const struct passphrase *passphrase, struct signers *s)
{
	struct signer *key;
	enum err e = signer_open(path, passphrase, &key);

	if (e)
		return e;
	if ((signer_algorithm(key) == ALGORITHM_P256) != (role == ROLE_POLICY))
		e = ERR_KEY_FILE;
	else if (s->count == KEYS_COUNT_MAX)
		e = ERR_RANGE;
	if (e || is_open(s, key)) {
		signer_close(key);
		return e;
	}
	s->each[s->count++] = key;
	return OK;
}

enum err signers_add(const char *dir, enum key_role role, const struct passphrase *passphrase, struct signers *out,
        char *failed, size_t room)
{
	u32 numbers[NUMBERS_MAX];
	u32 count = store_numbers(dir, role_name(role), ".pem", numbers, NUMBERS_MAX);
	char path[PATH_MAX];
	enum err e = store_check(dir);

	(void)snprintf(path, sizeof(path), "%s", dir);
	for (u32 i = 0; !e && i < count; i++) {
		e = path_make(path, sizeof(path), "%s/%s-%u.pem", dir, role_name(role), numbers[i]);
		if (!e)
			e = add_signer(path, role, passphrase, out);
	}
	if (e && failed)
		(void)snprintf(failed, room, "%s", path);
	return e;
}

enum err signers_open(const char *dir, enum key_role role, const struct passphrase *passphrase, struct signers *out,
        char *failed, size_t room)
{
	enum err e;

	out->count = 0;
	e = signers_add(dir, role, passphrase, out, failed, room);
	if (e)
		signers_close(out);
	return e;
}

void signers_close(struct signers *s)
{
	while (s->count)
		signer_close(s->each[--s->count]);
}

enum err store_read_manifest(const char *dir, u64 version, u8 *out, size_t *n)
{
	char path[PATH_MAX];
	enum err e = path_make(path, sizeof(path), "%s/manifest-%llu.bin", dir, (unsigned long long)version);

	if (e)
		return e;
	e = file_read(path, out, KEY_MANIFEST_MAX, n);
	return e == ERR_IO ? ERR_KEY_FILE : e;
}

static u32 newest_version(const char *dir)
{
	return store_newest(dir, "manifest", ".bin");
}

enum err store_read_chain(const char *dir, u8 *out, size_t *n)
{
	u8 one[KEY_MANIFEST_MAX];
	size_t length;
	u32 version = newest_version(dir);

	*n = 0;
	if (version == 0)
		return ERR_KEY_FILE;
	for (; version; version--) {
		enum err e = store_read_manifest(dir, version, one, &length);

		if (e)
			return e;
		if (length > IMAGE_KEYS_MAX - *n)
			break;
		memmove(out + length, out, *n);
		memcpy(out, one, length);
		*n += length;
	}
	return OK;
}

enum err store_current(const char *dir, struct key_set *out)
{
	u8 pair[2 * KEY_MANIFEST_MAX];
	size_t older, newer;
	u32 newest = newest_version(dir);
	enum err e = store_read_manifest(dir, 1, pair, &older);

	if (!e)
		e = key_manifest_open_first(pair, older, out);
	/* Step by step, so that a chain longer than an image's keys region can still be walked. */
	for (u32 version = 2; !e && version <= newest; version++) {
		e = store_read_manifest(dir, version, pair + older, &newer);
		if (!e)
			e = keys_chain_walk(pair, older + newer, out, NULL);
		if (e)
			break;
		memmove(pair, pair + older, newer);
		older = newer;
	}
	return e;
}
