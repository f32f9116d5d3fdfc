/*
 * The server's own certificate and key: made, read, renewed; whoever has a connection keeps the one it began with.
 * Trust: holds the private key of TLS.
 */
#include "signetd/leaves_private.h"

#include "keys/certificate.h"
#include "keys/files.h"
#include "keys/random.h"
#include "signetd/certificate_time.h"
#include "signetd/journal.h"
#include "signetd/key_files.h"
#include "signetd/server.h"
#include "signetd/storage_meta.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DAY = 86400, HOUR = 3600 };

static const char meta_hosts[] = "tls-hosts";

struct server_certificate *leaves_tls_use(struct leaves *l)
{
	l->tls->users++;
	return l->tls;
}

u32 leaves_tls_number(const struct leaves *l)
{
	return l->tls->number;
}

void server_certificate_release(struct server_certificate *t)
{
	if (!t || --t->users)
		return;
	mbedtls_x509_crt_free(&t->certificate);
	mbedtls_pk_free(&t->key);
	free(t);
}

/* Cuts the hosts into names, in place. */
static enum err split_hosts(char *hosts, struct issue *i)
{
	char *rest = hosts, *name;

	while ((name = strsep(&rest, ", "))) {
		if (!*name)
			continue;
		if (i->name_count == ISSUE_NAMES_MAX)
			return ERR_ARGUMENT;
		i->names[i->name_count++] = name;
	}
	return i->name_count ? OK : ERR_ARGUMENT;
}

static enum err certify_tls(struct leaves *l, mbedtls_pk_context *key, const char *path)
{
	const struct config *c = &l->server->config;
	u64 now = leaves_wall(l);
	struct issue i = {
		.use = ISSUE_SERVER, .common_name = "signetd", .from = now - HOUR, .to = now + c->tls_days * DAY
	};
	char hosts[CONFIG_TEXT_SIZE], pem[ISSUE_PEM_MAX];
	enum err e;

	(void)snprintf(hosts, sizeof(hosts), "%s", c->hosts);
	e = split_hosts(hosts, &i);
	if (!e)
		e = issue_serial(i.serial);
	if (!e)
		e = leaves_certify(l, &i, key, pem);
	return e ? e : file_create(path, pem, strlen(pem), PUBLIC_MODE);
}

static enum err read_tls(struct leaves *l, struct server_certificate *t)
{
	const struct passphrase none = { .length = 0 };
	char path[PATH_MAX];
	enum err e = key_file_path(l->folder, "tls", t->number, ".pem", path);

	if (!e)
		e = private_key_load(path, &none, &t->key);
	if (!e)
		e = key_file_path(l->folder, "tls", t->number, ".crt", path);
	if (!e)
		e = certificate_load(path, &t->certificate);
	if (!e && mbedtls_pk_check_pair(&t->certificate.pk, &t->key, random_source, NULL) != 0)
		e = ERR_KEY_FILE;
	if (e)
		journal(JOURNAL_ERROR, "%s: %s", path, err_text(e));
	return e;
}

static enum err load_tls(struct leaves *l, u32 number)
{
	struct server_certificate *t = calloc(1, sizeof(*t));
	enum err e;

	if (!t)
		return ERR_NO_MEMORY;
	t->number = number;
	t->users = 1;
	mbedtls_x509_crt_init(&t->certificate);
	mbedtls_pk_init(&t->key);
	e = read_tls(l, t);
	if (e) {
		server_certificate_release(t);
		return e;
	}
	server_certificate_release(l->tls);
	l->tls = t;
	return OK;
}

/* P-256, where the rest of the fleet is P-384: it is used at every handshake, four times as fast, and short-lived. */
static enum err make_tls(struct leaves *l, u32 number)
{
	const struct passphrase none = { .length = 0 };
	char path[PATH_MAX];
	mbedtls_pk_context key;
	enum err e = key_file_path(l->folder, "tls", number, ".pem", path);

	mbedtls_pk_init(&key);
	if (!e)
		e = private_key_make(KEY_EC_P256, &key);
	if (!e)
		e = private_key_save(&key, &none, path);
	if (!e)
		e = key_file_path(l->folder, "tls", number, ".crt", path);
	if (!e)
		e = certify_tls(l, &key, path);
	mbedtls_pk_free(&key);
	return e;
}

enum err server_certificate_renew(struct leaves *l)
{
	struct storage *s = l->server->storage;
	u32 number = key_file_next(l->folder, "tls", 0);
	enum err e = make_tls(l, number);

	if (!e)
		e = load_tls(l, number);
	if (e) {
		leaves_forget_key(l, "tls", number);
		return e;
	}
	/* It is in use all the same when this fails, and another one is made. */
	e = s->meta->set(s, meta_hosts, l->server->config.hosts);
	key_files_remove_older(l->folder, "tls", ".pem", number);
	key_files_remove_older(l->folder, "tls", ".crt", number);
	journal(JOURNAL_NOTICE, "new server certificate %u for %s", number, l->server->config.hosts);
	return e;
}

/* The newest whose certificate is there; its key was written before it. */
enum err server_certificate_open(struct leaves *l)
{
	u32 newest = key_file_newest(l->folder, "tls", ".crt");

	return newest ? load_tls(l, newest) : server_certificate_renew(l);
}

/* One that ends with the CA cannot be made to last longer. */
static bool tls_is_due(const struct leaves *l, u64 now)
{
	const mbedtls_x509_crt *tls = &l->tls->certificate;
	u64 end = certificate_end(tls);

	return end < certificate_end(&l->ca) && leaves_due(certificate_start(tls), end, now);
}

static bool hosts_changed(struct leaves *l)
{
	struct storage *s = l->server->storage;
	char before[META_VALUE_MAX + 1];

	return s->meta->get(s, meta_hosts, before) == OK && strcmp(before, l->server->config.hosts) != 0;
}

bool server_certificate_due(struct leaves *l, u64 now)
{
	return tls_is_due(l, now) || hosts_changed(l);
}
