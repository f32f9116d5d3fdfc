/*
 * Keys under the fleet CA: opened, made, renewed.
 * Trust: holds the fleet's private keys. A new key is on the disk before anything names it; an old one is removed once
 * a newer is in use.
 */
#include "signetd/leaves_private.h"

#include "attest/sign.h"
#include "keys/certificate.h"
#include "keys/files.h"
#include "keys/random.h"
#include "signetd/certificate_time.h"
#include "signetd/journal.h"
#include "signetd/key_files.h"
#include "signetd/server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { DAY = 86400, RETRY_MILLISECONDS = 60000 };

/* How each role's key is kept. */
static const struct {
	enum leaf_role role;
	const char *name; /* of its files */
	enum key_type type;
} leaf_kinds[LEAF_KINDS] = {
	{ LEAF_TICKET, "ticket", KEY_EC_P384 },
	{ LEAF_EAR, "ear", KEY_EC_P256 },
	{ LEAF_COMMIT, "commit", KEY_EC_P384 },
};

const struct leaf_key *leaf_current(const struct leaves *l, enum leaf_role role)
{
	for (size_t i = 0; i < ARRAY_SIZE(leaf_kinds); i++)
		if (leaf_kinds[i].role == role)
			return &l->leaves[i];
	return NULL;
}

const u8 *leaf_authority(const struct leaves *l)
{
	return signer_public_key(l->ca_signer);
}

mbedtls_x509_crt *leaves_ca(struct leaves *l)
{
	return &l->ca;
}

u64 leaves_wall(const struct leaves *l)
{
	return l->server->clock->wall(l->server->clock);
}

bool leaves_due(u64 from, u64 to, u64 now)
{
	return now >= from + (to - from) / 3 * 2;
}

enum err leaves_certify(struct leaves *l, struct issue *i, mbedtls_pk_context *subject, char pem[ISSUE_PEM_MAX])
{
	u64 end = certificate_end(&l->ca);

	i->to = i->to < end ? i->to : end;
	return certificate_issue(i, &l->ca, &l->ca_key, subject, pem);
}

void leaves_forget_key(const struct leaves *l, const char *name, u32 number)
{
	static const char *const suffixes[] = { ".pem", ".crt" };
	char path[PATH_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++)
		if (key_file_path(l->folder, name, number, suffixes[i], path) == OK)
			(void)unlink(path);
}

/* Unless the record may be there all the same: a key that one names must not be missing. */
static void forget_leaf(const struct leaves *l, size_t i, const struct leaf_entry *failed)
{
	struct storage *s = l->server->storage;
	struct leaf_entry newest = { 0 };
	enum err e = s->leaves->newest(s, failed->role, &newest);

	if (e == ERR_STORAGE_ABSENT || (!e && newest.epoch != failed->epoch))
		leaves_forget_key(l, leaf_kinds[i].name, failed->epoch);
}

static enum err make_key(enum key_type type, const char *path)
{
	const struct passphrase none = { .length = 0 };
	mbedtls_pk_context key;
	enum err e;

	mbedtls_pk_init(&key);
	e = private_key_make(type, &key);
	if (!e)
		e = private_key_save(&key, &none, path);
	mbedtls_pk_free(&key);
	return e;
}

static enum err open_signer(const char *path, struct signer **out)
{
	const struct passphrase none = { .length = 0 };
	enum err e = signer_open(path, &none, out);

	if (e)
		journal(JOURNAL_ERROR, "%s: %s", path, err_text(e));
	return e;
}

/* Key file, then record: a power cut in between leaves a file that nobody names, and a number that is not used again.
 */
static enum err renew_leaf(struct leaves *l, size_t i)
{
	u64 now = leaves_wall(l);
	struct leaf_key made = { .entry = { .role = leaf_kinds[i].role, .made = now } };
	const char *name = leaf_kinds[i].name;
	char path[PATH_MAX];
	enum err e;

	made.entry.expires = now + l->server->config.leaf_days * DAY;
	made.entry.epoch = key_file_next(l->folder, name, l->leaves[i].entry.epoch);
	e = key_file_path(l->folder, name, made.entry.epoch, ".pem", path);
	if (!e)
		e = make_key(leaf_kinds[i].type, path);
	if (!e)
		e = open_signer(path, &made.signer);
	if (!e)
		e = leaf_make(l->ca_signer, made.entry.role, made.entry.epoch, made.signer, made.entry.record);
	if (!e)
		e = l->server->storage->leaves->add(l->server->storage, &made.entry);
	if (e) {
		signer_close(made.signer);
		forget_leaf(l, i, &made.entry);
		return e;
	}
	signer_close(l->leaves[i].signer);
	l->leaves[i] = made;
	key_files_remove_older(l->folder, name, ".pem", made.entry.epoch);
	journal(JOURNAL_NOTICE, "new %s leaf, epoch %u", name, made.entry.epoch);
	return OK;
}

/* What storage names must be there, be readable by us alone, and be the key that the record names. */
static enum err load_leaf(struct leaves *l, size_t i)
{
	struct storage *s = l->server->storage;
	struct leaf_key *k = &l->leaves[i];
	struct leaf leaf;
	char path[PATH_MAX];
	enum err e = s->leaves->newest(s, leaf_kinds[i].role, &k->entry);

	if (e == ERR_STORAGE_ABSENT)
		return renew_leaf(l, i);
	if (!e)
		e = leaf_verify(k->entry.record, leaf_authority(l), leaf_kinds[i].role, &leaf);
	if (!e)
		e = key_file_path(l->folder, leaf_kinds[i].name, k->entry.epoch, ".pem", path);
	if (!e)
		e = open_signer(path, &k->signer);
	if (!e && memcmp(leaf.key, signer_public_key(k->signer), sizeof(leaf.key)) != 0)
		e = ERR_KEY_FILE;
	if (e)
		journal(JOURNAL_ERROR, "the %s leaf of epoch %u cannot be used: %s", leaf_kinds[i].name, k->entry.epoch,
		        err_text(e));
	return e;
}

static enum err load_ca(struct leaves *l)
{
	const struct passphrase none = { .length = 0 };
	char path[PATH_MAX];
	enum err e = path_make(path, sizeof(path), "%s/fleet-ca.pem", l->folder);

	if (!e)
		e = private_key_load(path, &none, &l->ca_key);
	if (!e)
		e = open_signer(path, &l->ca_signer);
	if (!e)
		e = path_make(path, sizeof(path), "%s/fleet-ca.crt", l->folder);
	if (!e)
		e = certificate_load(path, &l->ca);
	if (!e &&
	        (signer_algorithm(l->ca_signer) != ALGORITHM_P384 ||
	                mbedtls_pk_check_pair(&l->ca.pk, &l->ca_key, random_source, NULL) != 0))
		e = ERR_KEY_FILE;
	if (e)
		journal(JOURNAL_ERROR, "fleet CA: %s: %s", path, err_text(e));
	return e;
}

static void close_leaves(struct server *s)
{
	struct leaves *l = s->leaves;

	if (!l)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(leaf_kinds); i++)
		signer_close(l->leaves[i].signer);
	signer_close(l->ca_signer);
	server_certificate_release(l->tls);
	mbedtls_x509_crt_free(&l->ca);
	mbedtls_pk_free(&l->ca_key);
	free(l);
	s->leaves = NULL;
}

static enum err open_leaves(struct server *s)
{
	struct leaves *l = calloc(1, sizeof(*l));
	enum err e;

	if (!l)
		return ERR_NO_MEMORY;
	s->leaves = l;
	l->server = s;
	mbedtls_x509_crt_init(&l->ca);
	mbedtls_pk_init(&l->ca_key);
	e = path_make(l->folder, sizeof(l->folder), "%s/keys", s->folder);
	if (!e)
		e = private_directory_check(l->folder);
	if (!e)
		e = load_ca(l);
	for (size_t i = 0; !e && i < ARRAY_SIZE(leaf_kinds); i++)
		e = load_leaf(l, i);
	return e ? e : server_certificate_open(l);
}

/* Each end that the operator should know of. */
struct end {
	const char *what;
	u64 when;
	bool renews;
};

enum { ENDS = ARRAY_SIZE(leaf_kinds) + 2 };

static void list_ends(const struct leaves *l, struct end out[ENDS])
{
	size_t n = 0;

	out[n++] = (struct end){ "fleet-ca", certificate_end(&l->ca), false };
	out[n++] = (struct end){ "tls", certificate_end(&l->tls->certificate), true };
	for (size_t i = 0; i < ARRAY_SIZE(leaf_kinds); i++)
		out[n++] = (struct end){ leaf_kinds[i].name, l->leaves[i].entry.expires, true };
}

/* Once a day: what nobody renews in time, and what should have renewed itself. */
static void warn(struct leaves *l, u64 now)
{
	struct end ends[ENDS];
	char when[TIME_TEXT_SIZE];

	if (l->warned && now >= l->warned && now - l->warned < DAY)
		return;
	l->warned = now;
	list_ends(l, ends);
	for (size_t i = 0; i < ENDS; i++) {
		u64 early = ends[i].renews ? 3 * DAY : l->server->config.warn_days * DAY;

		if (ends[i].when > now + early || (ends[i].renews && ends[i].when > now))
			continue;
		time_text(ends[i].when, when);
		journal(JOURNAL_WARNING, "%s ends at %s: see docs/signetd.md, Renewal", ends[i].what, when);
	}
}

static u64 milliseconds(const struct leaves *l)
{
	return l->server->clock->monotonic(l->server->clock);
}

static bool may_try(const struct leaves *l, size_t which)
{
	return milliseconds(l) >= l->again[which];
}

static void renewal_ended(struct leaves *l, size_t which, const char *what, enum err e)
{
	if (!e)
		return;
	l->again[which] = milliseconds(l) + RETRY_MILLISECONDS;
	journal(JOURNAL_ERROR, "the %s could not be renewed: %s; tried again in a minute", what, err_text(e));
}

static void tick(struct server *s)
{
	struct leaves *l = s->leaves;
	const size_t tls = ARRAY_SIZE(leaf_kinds);
	u64 now = leaves_wall(l);

	for (size_t i = 0; i < ARRAY_SIZE(leaf_kinds); i++)
		if (may_try(l, i) && leaves_due(l->leaves[i].entry.made, l->leaves[i].entry.expires, now))
			renewal_ended(l, i, leaf_kinds[i].name, renew_leaf(l, i));
	if (may_try(l, tls) && server_certificate_due(l, now))
		renewal_ended(l, tls, "server certificate", server_certificate_renew(l));
	warn(l, now);
}

static void status(struct server *s, yyjson_mut_doc *doc, yyjson_mut_val *object)
{
	yyjson_mut_val *list = yyjson_mut_obj_add_arr(doc, object, "expires");
	struct end ends[ENDS];
	char when[TIME_TEXT_SIZE];
	u64 now = leaves_wall(s->leaves);

	list_ends(s->leaves, ends);
	for (size_t i = 0; i < ENDS; i++) {
		yyjson_mut_val *e = yyjson_mut_arr_add_obj(doc, list);
		u64 early = ends[i].renews ? 0 : s->config.warn_days * DAY;

		time_text(ends[i].when, when);
		(void)yyjson_mut_obj_add_str(doc, e, "what", ends[i].what);
		(void)yyjson_mut_obj_add_strcpy(doc, e, "when", when);
		(void)yyjson_mut_obj_add_bool(doc, e, "renewsItself", ends[i].renews);
		(void)yyjson_mut_obj_add_bool(doc, e, "warning", ends[i].when <= now + early);
	}
}

static void metrics(struct server *s, struct text *out)
{
	struct end ends[ENDS];
	char label[32];

	list_ends(s->leaves, ends);
	metric_family(
	        out, "signetd_expires_timestamp_seconds", "gauge", "When a key or certificate of the server ends.");
	for (size_t i = 0; i < ENDS; i++) {
		(void)snprintf(label, sizeof(label), "what=\"%s\"", ends[i].what);
		metric_value(out, "signetd_expires_timestamp_seconds", label, ends[i].when);
	}
}

const struct part leaves_part = { "leaves", open_leaves, close_leaves, tick, status, metrics };
