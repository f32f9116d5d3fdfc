/*
 * What the commands on a key directory share: opening it, and publishing the next key manifest.
 * Trust: runs as the operator.
 */
#include "keys/chain.h"
#include "keys/commands.h"
#include "keys/files.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

const char *key_advice(enum err e)
{
	static const struct {
		enum err e;
		const char *text;
	} advice[] = {
		{ ERR_KEY_FILE,
		        "check the path; `signet keys init DIR` makes a key directory, with manifest-1.bin in it" },
		{ ERR_KEY_MODE,
		        "take others' access away: chmod 700 for the directory, chmod 600 for key and passphrase "
		        "files" },
		{ ERR_KEY_PASSPHRASE, "give the right passphrase with --passphrase-file FILE" },
		{ ERR_KEY_EXISTS, "nothing was overwritten; choose another name or move the old one away" },
		{ ERR_SIGNATURE_MISSING,
		        "bring more root keys together: --roots DIR names a directory that holds some" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(advice); i++)
		if (advice[i].e == e)
			return advice[i].text;
	return NULL;
}

const char *key_file_advice(enum err e, const char *path)
{
	static char text[PATH_MAX + 64];

	if (e != ERR_KEY_MODE)
		return key_advice(e);
	(void)snprintf(text, sizeof(text), "take others' access away: `chmod 600 %s`", path);
	return text;
}

enum exit_code key_directory_open(const char *dir, struct key_set *set)
{
	/* In this order: nobody shall be told to take rights away from a folder that is no key directory. */
	enum err e = store_current(dir, set);

	if (!e)
		e = store_check(dir);
	return e ? complain(e, key_advice(e), "cannot use key directory %s", dir) : EXIT_OK;
}

enum exit_code key_session_open(const struct args *args, struct key_session *s)
{
	return key_session_open_at(args, operand(args, 0) ? operand(args, 0) : KEYS_DIRECTORY_DEFAULT, s);
}

enum exit_code key_session_open_at(const struct args *args, const char *dir, struct key_session *s)
{
	const char *file = option_value(args, "passphrase-file");
	enum exit_code code;
	enum err e;

	s->dir = dir;
	code = key_directory_open(s->dir, &s->set);
	if (code != EXIT_OK)
		return code;
	e = passphrase_read(file, &s->passphrase);
	if (e)
		return complain(e, key_file_advice(e, file), "cannot read a passphrase from %s", file);
	return EXIT_OK;
}

void key_session_close(struct key_session *s)
{
	passphrase_wipe(&s->passphrase);
}

static enum exit_code open_roots(const struct args *args, const struct key_session *s, struct signers *roots)
{
	char failed[PATH_MAX];
	enum err e = signers_open(s->dir, ROLE_ROOT, &s->passphrase, roots, failed, sizeof(failed));
	const char *more;

	for (u32 i = 0; !e && (more = option_value_at(args, "roots", i)) != NULL; i++)
		e = signers_add(more, ROLE_ROOT, &s->passphrase, roots, failed, sizeof(failed));
	if (!e)
		return EXIT_OK;
	signers_close(roots);
	return complain(e, key_file_advice(e, failed), "cannot open root key %s", failed);
}

static enum err write_manifest(const char *dir, u64 version, const u8 *bytes, size_t n)
{
	char path[PATH_MAX];
	enum err e = path_make(path, sizeof(path), "%s/manifest-%llu.bin", dir, (unsigned long long)version);

	return e ? e : file_create(path, bytes, n, PUBLIC_MODE);
}

enum exit_code key_session_advance(const struct args *args, struct key_session *s, const struct key_set *next)
{
	u8 bytes[KEY_MANIFEST_MAX];
	struct key_set made = *next;
	struct signers roots;
	size_t n;
	enum exit_code code = open_roots(args, s, &roots);
	enum err e;

	if (code != EXIT_OK)
		return code;
	made.version = s->set.version + 1;
	e = key_manifest_make(&s->set, &made, &roots, bytes, &n);
	signers_close(&roots);
	if (!e)
		e = write_manifest(s->dir, made.version, bytes, n);
	if (e)
		return complain(e, key_advice(e), "cannot make key manifest %llu (%u of %u root keys must sign)",
		        (unsigned long long)made.version, s->set.root_threshold, key_set_count(&s->set, ROLE_ROOT));
	s->set = made;
	return EXIT_OK;
}

static enum err move(const char *dir, const char *name, const char *suffix, const char *retired_name)
{
	char from[PATH_MAX], to[PATH_MAX];
	enum err e = path_make(from, sizeof(from), "%s/%s%s", dir, name, suffix);

	if (!e)
		e = path_make(to, sizeof(to), "%s/" RETIRED "/%s%s", dir, retired_name, suffix);
	if (e)
		return e;
	return rename(from, to) == 0 || errno == ENOENT ? OK : ERR_IO;
}

enum err retire_files(const char *dir, const char *name, const char *suffix, const char *retired_name)
{
	enum err e = move(dir, name, ".pem", retired_name);

	return e ? e : move(dir, name, suffix, retired_name);
}
