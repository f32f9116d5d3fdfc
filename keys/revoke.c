/*
 * `signet keys revoke`: the next key manifest lists a key as revoked.
 * Trust: runs where root keys are.
 */
#include "keys/chain.h"
#include "keys/commands.h"
#include "keys/files.h"
#include "keys/generate.h"

#include <stdio.h>
#include <string.h>

/* A typing mistake must not become a revocation: only keys that were ever in a manifest here count. */
static bool key_in_history(const struct key_session *s, const u8 id[KEY_ID_SIZE], struct public_key *out)
{
	u8 bytes[KEY_MANIFEST_MAX];
	struct key_set set;
	size_t n;

	for (u64 version = s->set.version; version; version--) {
		struct keys_header h;

		if (store_read_manifest(s->dir, version, bytes, &n) != OK || keys_header_read(bytes, n, &h) != OK ||
		        h.total > n || key_set_parse(bytes, h.body, &set) != OK)
			return false;
		for (u32 i = 0; i < set.key_count; i++) {
			if (memcmp(set.keys[i].id, id, KEY_ID_SIZE) != 0)
				continue;
			*out = set.keys[i];
			return true;
		}
	}
	return false;
}

/* ERR_ARGUMENT when too few keys of the role would be left. */
static enum err check_rest(const struct key_set *next, enum key_role role)
{
	u32 left = key_set_count(next, role);

	switch (role) {
	case ROLE_ROOT:
		return left >= next->root_threshold ? OK : ERR_ARGUMENT;
	case ROLE_RELEASE:
		return left >= next->release_threshold ? OK : ERR_ARGUMENT;
	case ROLE_POLICY:
		return left == 1 ? OK : ERR_ARGUMENT;
	}
	return ERR_INTERNAL;
}

static enum err retire_revoked(const char *dir, const struct public_key *key)
{
	u32 number = key_file_number(dir, key->role, key->id);
	char name[64];
	enum err e = path_make(name, sizeof(name), "%s-%u", role_name(key->role), number);

	return e || number == 0 ? e : retire_files(dir, name, ".pub", name);
}

static enum exit_code revoke(const struct args *args, struct key_session *s, const struct public_key *key)
{
	struct key_set next = s->set;
	enum exit_code code;
	enum err e = key_set_revoke(&next, key->id);

	if (e == ERR_KEY_EXISTS)
		return complain(
		        e, NULL, "key manifest %llu revokes this key already", (unsigned long long)s->set.version);
	if (!e)
		e = check_rest(&next, key->role);
	if (e)
		return complain(e, "`signet keys rotate` puts a new key in its place; then revoke the old one",
		        "too few %s keys would be left", role_name(key->role));
	code = key_session_advance(args, s, &next);
	if (code != EXIT_OK)
		return code;
	e = retire_revoked(s->dir, key);
	if (e)
		return complain(e, "move it by hand", "made key manifest %llu, but the revoked key stayed in %s",
		        (unsigned long long)s->set.version, s->dir);
	printf("Made key manifest %llu, which revokes this %s key.\n", (unsigned long long)s->set.version,
	        role_name(key->role));
	puts("Next: build and sign a release; nodes that commit it refuse the key for good.");
	return EXIT_OK;
}

enum exit_code keys_revoke(const struct args *args)
{
	u8 id[KEY_ID_SIZE];
	struct public_key key;
	struct key_session s;
	enum exit_code code;

	if (!parse_hex(option_value(args, "id"), id, sizeof(id)))
		return usage_error(args, "--id takes the 64 hexadecimal digits that `signet keys list` shows");
	code = key_session_open(args, &s);
	if (code != EXIT_OK)
		return code;
	if (key_in_history(&s, id, &key))
		code = revoke(args, &s, &key);
	else
		code = complain(ERR_ARGUMENT,
		        "`signet keys list` shows the ids; Secure Boot keys are replaced with `signet keys rotate`",
		        "no key manifest in %s ever listed this key", s.dir);
	key_session_close(&s);
	return code;
}
