/*
 * Making a data folder: under a temporary name beside its place, then renamed.
 * Trust: makes the fleet's keys; files are 0600, folders 0700.
 */
#include "signetd/init.h"

#include "image/host/file.h"
#include "keys/certificate.h"
#include "keys/files.h"
#include "keys/random.h"
#include "signetd/audit.h"
#include "signetd/journal.h"
#include "signetd/operators.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { CA_FILE_MAX = 65536 };

static const struct passphrase no_passphrase = { .length = 0 };

static enum err say(enum err e, const char *what)
{
	if (e)
		journal(JOURNAL_ERROR, "%s: %s (error %d)", what, err_text(e), (int)e);
	return e;
}

/* Every setting with its words; those that keep their default stand there as comments. */
static void write_setting(struct text *t, const struct setting *s, const char *value)
{
	text_add(t, "; %s\n%s%s = %s\n", s->help, value ? "" : ";", s->name, value ? value : s->initial);
}

static enum err write_configuration(const char *folder, const char *name, const char *hosts)
{
	const char *section = "";
	char path[PATH_MAX];
	struct text t = { 0 };
	enum err e = path_make(path, sizeof(path), "%s/signetd.ini", folder);

	text_add(&t,
	        "; The fleet server's settings: docs/signetd.md. `signetd --check-config` reads this file as the server"
	        " does.\n");
	for (size_t i = 0; i < setting_count; i++) {
		const struct setting *s = &settings[i];

		if (strcmp(section, s->section) != 0)
			text_add(&t, "\n[%s]\n", s->section);
		section = s->section;
		write_setting(&t, s,
		        s->offset == offsetof(struct config, name)            ? name
		                : s->offset == offsetof(struct config, hosts) ? hosts
		                                                              : NULL);
	}
	if (!e)
		e = t.failed ? ERR_NO_MEMORY : file_create(path, t.bytes, t.length, SECRET_MODE);
	text_free(&t);
	return e;
}

static enum err join_hosts(const struct init_options *o, char out[CONFIG_TEXT_SIZE])
{
	size_t n = 0;

	(void)snprintf(out, CONFIG_TEXT_SIZE, "localhost,127.0.0.1");
	for (size_t i = 0; i < o->host_count; i++) {
		int added = snprintf(out + n, CONFIG_TEXT_SIZE - n, "%s%s", n ? "," : "", o->hosts[i]);

		if (added < 0 || (size_t)added >= CONFIG_TEXT_SIZE - n)
			return ERR_ARGUMENT;
		n += (size_t)added;
	}
	return OK;
}

static enum err copy_certificate(const char *from, const char *to)
{
	u8 *bytes = malloc(CA_FILE_MAX);
	size_t n = 0;
	enum err e;

	if (!bytes)
		return ERR_NO_MEMORY;
	e = file_read(from, bytes, CA_FILE_MAX, &n);
	if (e)
		journal(JOURNAL_ERROR, "%s: %s", from, err_text(e));
	else
		e = file_create(to, bytes, n, PUBLIC_MODE);
	free(bytes);
	return e;
}

static void say_locked(const struct init_options *o, enum err e)
{
	if (e == ERR_KEY_PASSPHRASE && !o->ca_passphrase)
		journal(JOURNAL_ERROR,
		        "%s is locked: --ca-passphrase-file unlocks it for the server, which nobody"
		        " could do for it at each start",
		        o->ca_key);
	else if (e == ERR_KEY_MODE)
		journal(JOURNAL_ERROR, "%s: %s: `chmod 600 %s`", o->ca_key, err_text(e), o->ca_key);
	else if (e)
		journal(JOURNAL_ERROR, "%s: %s", o->ca_key, err_text(e));
}

/* Without its passphrase in the server's folder: a passphrase beside it would protect nothing. */
/* Told by the names that the user gave: the server itself would find it out in a folder that is gone by then. */
static enum err check_pair(const struct init_options *o, mbedtls_pk_context *key)
{
	mbedtls_x509_crt crt;

	mbedtls_x509_crt_init(&crt);
	enum err e = certificate_load(o->ca_certificate, &crt);
	if (e)
		journal(JOURNAL_ERROR, "%s: %s", o->ca_certificate, err_text(e));
	else if (mbedtls_pk_check_pair(&crt.pk, key, random_source, NULL) != 0) {
		journal(JOURNAL_ERROR, "%s is no certificate of the key in %s: give the two that belong together",
		        o->ca_certificate, o->ca_key);
		e = ERR_KEY_FILE;
	}
	mbedtls_x509_crt_free(&crt);
	return e;
}

static enum err unlock_ca_key(const struct init_options *o, const char *to)
{
	struct passphrase passphrase = no_passphrase;
	mbedtls_pk_context key;
	enum err e = o->ca_passphrase ? passphrase_read(o->ca_passphrase, &passphrase) : OK;

	if (e)
		return say(e, o->ca_passphrase);
	mbedtls_pk_init(&key);
	e = private_key_load(o->ca_key, &passphrase, &key);
	passphrase_wipe(&passphrase);
	say_locked(o, e);
	if (!e)
		e = check_pair(o, &key);
	if (!e)
		e = private_key_save(&key, &no_passphrase, to);
	mbedtls_pk_free(&key);
	return e;
}

static enum err take_ca(const struct init_options *o, const char *keys)
{
	char key[PATH_MAX], certificate[PATH_MAX];
	enum err e = path_make(key, sizeof(key), "%s/fleet-ca.pem", keys);

	if (!e)
		e = path_make(certificate, sizeof(certificate), "%s/fleet-ca.crt", keys);
	if (!e)
		e = unlock_ca_key(o, key);
	return e ? e : copy_certificate(o->ca_certificate, certificate);
}

static enum err make_ca(const struct init_options *o, const char *name, const char *folder)
{
	char keys[PATH_MAX];
	enum err e = path_make(keys, sizeof(keys), "%s/keys", folder);

	if (!e && mkdir(keys, DIRECTORY_MODE) != 0)
		e = ERR_IO;
	if (e)
		return e;
	if (o->ca_key)
		return take_ca(o, keys);
	return certificate_make(keys, certificate_role_find("fleet-ca"), name, &no_passphrase);
}

/* approver.pem and approver.crt; neither may be there. */
static enum err make_approver(struct server *s, const char *name, const char *kind)
{
	char path[PATH_MAX], pem[ISSUE_PEM_MAX];
	struct operator_record r;
	mbedtls_pk_context key;
	enum err e = path_make(path, sizeof(path), "%s/approver.pem", s->folder);

	mbedtls_pk_init(&key);
	if (!e)
		e = private_key_make(KEY_EC_P384, &key);
	if (!e)
		e = private_key_save(&key, &no_passphrase, path);
	if (!e)
		e = operator_issue(s, name, ROLE_APPROVER, "signetd", &key, pem, &r);
	mbedtls_pk_free(&key);
	if (!e)
		e = path_make(path, sizeof(path), "%s/approver.crt", s->folder);
	if (!e)
		e = file_create(path, pem, strlen(pem), PUBLIC_MODE);
	return e ? e : audit_event(s, kind, s->config.name, "approver \"%s\", certificate %s", name, r.serial);
}

/* Where the operator looks for what he hands on. */
static enum err show_ca(const char *folder)
{
	char from[PATH_MAX], to[PATH_MAX];
	enum err e = path_make(from, sizeof(from), "%s/keys/fleet-ca.crt", folder);

	if (!e)
		e = path_make(to, sizeof(to), "%s/fleet-ca.crt", folder);
	return e ? e : copy_certificate(from, to);
}

static enum err add_approver(const char *name, const char *folder, bool fresh, const struct clock *clock)
{
	struct server s = { .clock = clock, .fresh = fresh };
	enum err e = path_make(s.folder, sizeof(s.folder), "%s", folder);

	if (!e)
		e = server_open(&s);
	if (e)
		return e;
	e = say(make_approver(&s, name, fresh ? "fleet-made" : "approver-made"), "the approver");
	if (e == ERR_KEY_EXISTS)
		journal(JOURNAL_ERROR, "take approver.pem and approver.crt away from %s, then ask again", folder);
	server_close(&s);
	return e;
}

static enum err fill(const struct init_options *o, const char *folder, const struct clock *clock)
{
	const char *name = o->name ? o->name : "fleet";
	char hosts[CONFIG_TEXT_SIZE];
	enum err e = say(join_hosts(o, hosts), "--host");

	if (!e)
		e = say(make_ca(o, name, folder), "the fleet CA");
	if (!e)
		e = say(write_configuration(folder, name, hosts), "signetd.ini");
	if (!e)
		e = add_approver(o->approver ? o->approver : "approver", folder, true, clock);
	return e ? e : say(show_ca(folder), "fleet-ca.crt");
}

static enum err check_approver(const char *name)
{
	if (!name || subject_text_valid(name))
		return OK;
	journal(JOURNAL_ERROR, "an approver's name has 1 to %d printable ASCII characters without , + \" \\ < > ; = #",
	        SUBJECT_TEXT_MAX - 1);
	return ERR_ARGUMENT;
}

static enum err check(const struct init_options *o)
{
	if (o->name && !organisation_valid(o->name)) {
		journal(JOURNAL_ERROR, "--name: 1 to %d printable ASCII characters without , + \" \\ < > ; = #",
		        ORGANISATION_MAX);
		return ERR_ARGUMENT;
	}
	if (!o->ca_key != !o->ca_certificate || (o->ca_passphrase && !o->ca_key)) {
		journal(JOURNAL_ERROR, "--ca-key and --ca-cert go together, and --ca-passphrase-file with them");
		return ERR_ARGUMENT;
	}
	for (size_t i = 0; i < o->host_count; i++)
		if (!o->hosts[i][strspn(o->hosts[i], ", ")]) {
			journal(JOURNAL_ERROR,
			        "--host names nothing: it takes names and addresses, with commas between");
			return ERR_ARGUMENT;
		}
	return check_approver(o->approver);
}

enum err init_approver(const char *folder, const char *name, const struct clock *clock)
{
	enum err e = check_approver(name);

	return e ? e : add_approver(name, folder, false, clock);
}

static void say_made(const struct init_options *o)
{
	journal(JOURNAL_NOTICE, "made %s; its fleet CA, for command line and images: %s/fleet-ca.crt", o->folder,
	        o->folder);
	journal(JOURNAL_NOTICE, "next: take %s/approver.pem and approver.crt away, they are the first approver's",
	        o->folder);
	journal(JOURNAL_NOTICE, "then read %s/signetd.ini, set [images] anchor and [tpm] ek-authorities, and start",
	        o->folder);
}

enum err init_folder(const struct init_options *o, const struct clock *clock)
{
	char temporary[PATH_MAX];
	enum err e = check(o);

	if (!e)
		e = path_make(temporary, sizeof(temporary), "%s.new-XXXXXX", o->folder);
	if (e)
		return e;
	if (!mkdtemp(temporary)) {
		journal(JOURNAL_ERROR, "%s: no folder can be made at its place: %s", o->folder, strerror(errno));
		return ERR_IO;
	}
	e = fill(o, temporary, clock);
	/* Takes the place of nothing, or of an empty folder. */
	if (!e && rename(temporary, o->folder) != 0) {
		e = errno == ENOTEMPTY || errno == EEXIST || errno == ENOTDIR ? ERR_KEY_EXISTS : ERR_IO;
		journal(JOURNAL_ERROR, "%s: %s: nothing there was changed; name a folder that is not there yet",
		        o->folder, strerror(errno));
	}
	if (e)
		directory_remove(temporary);
	else
		say_made(o);
	return e;
}
