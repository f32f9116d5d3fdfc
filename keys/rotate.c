/*
 * `signet keys rotate`: a new key in the place of an old one.
 * Trust: makes private keys; the old one is kept in retired/, never deleted.
 */
#include "keys/certificate.h"
#include "keys/chain.h"
#include "keys/commands.h"
#include "keys/files.h"
#include "keys/generate.h"

#include <mbedtls/oid.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool chain_role_find(const char *name, enum key_role *role)
{
	for (u32 r = ROLE_ROOT; r <= ROLE_POLICY; r++) {
		*role = (enum key_role)r;
		if (strcmp(role_name(*role), name) == 0)
			return true;
	}
	return false;
}

/* --key by number, read from NAME-N.pub, or by id: the private key may be lost or elsewhere. */
static bool named_key(const struct key_session *s, enum key_role role, const char *which, u8 id[KEY_ID_SIZE])
{
	struct public_key key;
	char *end;
	unsigned long number;

	if (parse_hex(which, id, KEY_ID_SIZE))
		return key_set_find(&s->set, role, id) != NULL;
	number = strtoul(which, &end, 10);
	if (*end || number == 0 || number > UINT32_MAX || public_key_load(s->dir, role, (u32)number, &key) != OK)
		return false;
	memcpy(id, key.id, KEY_ID_SIZE);
	return key_set_find(&s->set, role, id) != NULL;
}

static bool only_key(const struct key_set *set, enum key_role role, u8 id[KEY_ID_SIZE])
{
	for (u32 i = 0; i < set->key_count; i++)
		if (set->keys[i].role == role)
			memcpy(id, set->keys[i].id, KEY_ID_SIZE);
	return key_set_count(set, role) == 1;
}

static enum exit_code choose_key(
        const struct args *args, const struct key_session *s, enum key_role role, u8 id[KEY_ID_SIZE])
{
	const char *which = option_value(args, "key");

	if (!which)
		return only_key(&s->set, role, id)
		        ? EXIT_OK
		        : usage_error(args, "there are several %s keys: say which with --key N", role_name(role));
	if (!named_key(s, role, which, id))
		return usage_error(args, "no current %s key has the number or id %s", role_name(role), which);
	return EXIT_OK;
}

static void remove_new_key(const char *dir, enum key_role role, u32 number)
{
	static const char *const suffixes[] = { ".pem", ".pub" };
	char path[PATH_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++)
		if (path_make(path, sizeof(path), "%s/%s-%u%s", dir, role_name(role), number, suffixes[i]) == OK)
			(void)unlink(path);
}

static enum err retire_key(const char *dir, enum key_role role, u32 number)
{
	char name[64];
	enum err e = path_make(name, sizeof(name), "%s-%u", role_name(role), number);

	return e ? e : retire_files(dir, name, ".pub", name);
}

static void report_chain(const struct key_session *s, enum key_role role, u32 number)
{
	printf("Made %s/%s-%u.pem and key manifest %llu, signed by the roots before and after.\n", s->dir,
	        role_name(role), number, (unsigned long long)s->set.version);
	if (role == ROLE_POLICY)
		puts("Next: enrolled nodes keep the old policy key in their TPM until they are enrolled again.");
	else
		puts("Next: build and sign a release; nodes that commit it raise their key floor to this manifest.");
}

static enum exit_code rotate_chain_key(const struct args *args, struct key_session *s, enum key_role role)
{
	u8 old[KEY_ID_SIZE];
	struct key_set next = s->set;
	u32 number = next_key_number(s->dir, role);
	u32 old_number;
	enum exit_code code = choose_key(args, s, role, old);
	enum err e;

	if (code != EXIT_OK)
		return code;
	e = key_set_remove(&next, role, old);
	if (!e)
		e = chain_key_make(s->dir, role, number, &s->passphrase, &next);
	if (e)
		return complain(e, key_advice(e), "cannot make a new %s key in %s", role_name(role), s->dir);
	old_number = key_file_number(s->dir, role, old);
	code = key_session_advance(args, s, &next);
	if (code != EXIT_OK) {
		remove_new_key(s->dir, role, number);
		return code;
	}
	e = old_number ? retire_key(s->dir, role, old_number) : OK;
	if (e)
		return complain(e, "move it by hand", "made key manifest %llu, but the old key stayed in %s",
		        (unsigned long long)s->set.version, s->dir);
	report_chain(s, role, number);
	return EXIT_OK;
}

/* The organisation of the certificate that is replaced, so that nobody need repeat it. */
static void old_organisation(const char *dir, const char *name, char out[ORGANISATION_MAX + 1])
{
	char path[PATH_MAX];
	mbedtls_x509_crt crt;
	const mbedtls_asn1_named_data *o = NULL;

	(void)snprintf(out, ORGANISATION_MAX + 1, "Signet");
	mbedtls_x509_crt_init(&crt);
	if (store_path(dir, name, ".crt", path, sizeof(path)) == OK && certificate_load(path, &crt) == OK)
		o = mbedtls_asn1_find_named_data(
		        &crt.subject, MBEDTLS_OID_AT_ORGANIZATION, MBEDTLS_OID_SIZE(MBEDTLS_OID_AT_ORGANIZATION));
	if (o && o->val.len <= ORGANISATION_MAX) {
		memcpy(out, o->val.p, o->val.len);
		out[o->val.len] = '\0';
	}
	if (!organisation_valid(out))
		(void)snprintf(out, ORGANISATION_MAX + 1, "Signet");
	mbedtls_x509_crt_free(&crt);
}

static enum err put_in_place(const char *from, const char *dir, const char *name, const char *suffix)
{
	char made[PATH_MAX], place[PATH_MAX];
	enum err e = store_path(from, name, suffix, made, sizeof(made));

	if (!e)
		e = store_path(dir, name, suffix, place, sizeof(place));
	if (e)
		return e;
	return rename(made, place) == 0 ? OK : ERR_IO;
}

static enum err replace_certificate(const char *made, const char *dir, const char *name)
{
	char retired_dir[PATH_MAX], retired[64];
	u32 numbers[128];
	u32 count;
	enum err e = path_make(retired_dir, sizeof(retired_dir), "%s/" RETIRED, dir);

	if (e)
		return e;
	count = store_numbers(retired_dir, name, ".crt", numbers, ARRAY_SIZE(numbers));
	e = path_make(retired, sizeof(retired), "%s-%u", name, count ? numbers[count - 1] + 1 : 1);
	if (!e)
		e = retire_files(dir, name, ".crt", retired);
	if (!e)
		e = put_in_place(made, dir, name, ".crt");
	return e ? e : put_in_place(made, dir, name, ".pem");
}

/* A passphrase left out must not give an encrypted key an open successor. A lost key has nothing to say. */
static enum err check_passphrase(const struct key_session *s, const char *name)
{
	char path[PATH_MAX];
	mbedtls_pk_context key;
	enum err e = store_path(s->dir, name, ".pem", path, sizeof(path));

	if (e || access(path, F_OK) != 0)
		return e;
	mbedtls_pk_init(&key);
	e = private_key_load(path, &s->passphrase, &key);
	mbedtls_pk_free(&key);
	return e;
}

/* Made aside first: a failure while making it leaves the old pair where it was. */
static enum err rotate_pair(const struct key_session *s, const struct certificate_role *role)
{
	char organisation[ORGANISATION_MAX + 1], aside[PATH_MAX];
	enum err e = path_make(aside, sizeof(aside), "%s/new-XXXXXX", s->dir);

	if (!e)
		e = check_passphrase(s, role->name);
	if (e)
		return e;
	old_organisation(s->dir, role->name, organisation);
	if (!mkdtemp(aside))
		return ERR_IO;
	e = certificate_make(aside, role, organisation, &s->passphrase);
	if (!e)
		e = replace_certificate(aside, s->dir, role->name);
	directory_remove(aside);
	return e;
}

static enum exit_code rotate_certificate(const struct key_session *s, const struct certificate_role *role)
{
	enum err e = rotate_pair(s, role);

	if (e)
		return complain(e, key_advice(e), "cannot rotate %s in %s", role->name, s->dir);
	printf("Made %s/%s.pem and %s/%s.crt; the old ones are in %s/" RETIRED ".\n", s->dir, role->name, s->dir,
	        role->name, s->dir);
	if (role->certifies)
		puts("Next: put the new certificate into the fleet configuration of the next release.");
	else
		printf("Next: `signet keys export %s --out firmware`, and enrol the result in each server's "
		       "firmware.\n",
		        s->dir);
	return EXIT_OK;
}

enum exit_code keys_rotate(const struct args *args)
{
	const char *name = option_value(args, "role");
	const struct certificate_role *certificate = certificate_role_find(name);
	enum key_role role;
	bool chain = chain_role_find(name, &role);
	struct key_session s;
	enum exit_code code;

	if (!certificate && !chain)
		return usage_error(args, "there is no role %s", name);
	if (certificate && (option_given(args, "key") || option_given(args, "roots")))
		return usage_error(args, "--key and --roots mean nothing for %s", name);
	code = key_session_open(args, &s);
	if (code != EXIT_OK)
		return code;
	code = chain ? rotate_chain_key(args, &s, role) : rotate_certificate(&s, certificate);
	key_session_close(&s);
	return code;
}
