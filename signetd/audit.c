/*
 * Writing the audit log.
 * Trust: names and paths in it come from outside; yyjson escapes them.
 */
#include "signetd/audit.h"

#include "lib/print.h"
#include "signetd/body.h"
#include "signetd/journal.h"
#include "signetd/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DETAIL_SIZE = 512, TARGET_SHOWN = 400 };

struct entry {
	const char *kind, *who, *role, *serial, *from, *subject, *detail;
	u32 status;
	u64 begun;
	const char *code;
};

static yyjson_mut_doc *document(u64 now, const struct entry *e)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *root = yyjson_mut_obj(doc);
	char time[TIME_TEXT_SIZE];

	time_text(now, time);
	yyjson_mut_doc_set_root(doc, root);
	(void)yyjson_mut_obj_add_strcpy(doc, root, "time", time);
	(void)yyjson_mut_obj_add_str(doc, root, "kind", e->kind);
	if (e->who) {
		(void)yyjson_mut_obj_add_str(doc, root, "who", e->who);
		(void)yyjson_mut_obj_add_str(doc, root, "role", e->role);
		(void)yyjson_mut_obj_add_str(doc, root, "serial", e->serial);
	}
	if (e->from)
		(void)yyjson_mut_obj_add_str(doc, root, "from", e->from);
	(void)yyjson_mut_obj_add_str(doc, root, "subject", e->subject);
	if (e->status)
		(void)yyjson_mut_obj_add_uint(doc, root, "status", e->status);
	if (e->begun)
		(void)yyjson_mut_obj_add_uint(doc, root, "begun", e->begun);
	if (e->code && *e->code)
		(void)yyjson_mut_obj_add_str(doc, root, "code", e->code);
	if (*e->detail)
		(void)yyjson_mut_obj_add_str(doc, root, "detail", e->detail);
	return doc;
}

static enum err fill(u64 now, const struct entry *e, struct audit_record *r)
{
	yyjson_mut_doc *doc = document(now, e);
	char *text = yyjson_mut_write(doc, 0, &r->length);

	yyjson_mut_doc_free(doc);
	if (!text)
		return ERR_NO_MEMORY;
	/* Escaped text may be six times as long as it was. */
	if (r->length > AUDIT_CONTENT_MAX) {
		free(text);
		return ERR_RANGE;
	}
	memcpy(r->content, text, r->length + 1);
	free(text);
	return OK;
}

static enum err chain(struct storage *s, struct audit_record *r)
{
	struct audit_record last = { 0 };
	enum err e = s->audit->last(s, &last);

	if (e && e != ERR_STORAGE_ABSENT)
		return e;
	r->number = last.number + 1;
	audit_hash(last.hash, r->number, r->content, r->length, r->hash);
	return s->audit->append(s, r);
}

static enum err append(struct server *s, const struct entry *entry, u64 *number)
{
	struct audit_record r = { 0 };
	struct entry bare = *entry;
	u64 now = s->clock->wall(s->clock);
	enum err e = fill(now, entry, &r);

	if (e == ERR_RANGE) {
		bare.detail = "(left out: too long)";
		e = fill(now, &bare, &r);
	}
	if (!e)
		e = chain(s->storage, &r);
	if (e)
		journal(JOURNAL_ERROR, "audit log: %s", err_text(e));
	*number = r.number;
	return e;
}

enum err audit_event(struct server *s, const char *kind, const char *subject, const char *fmt, ...)
{
	char detail[DETAIL_SIZE];
	va_list list;
	u64 number;

	va_start(list, fmt);
	(void)vsnprintf(detail, sizeof(detail), fmt, list);
	va_end(list);
	text_end_whole(detail);
	return append(s, &(struct entry){ .kind = kind, .subject = subject, .detail = detail }, &number);
}

/* What is known of a request, and of its answer if there is one. */
static enum err append_call(struct server *s, const struct call *c, const char *kind, const char *target, u64 *number)
{
	char subject[TARGET_SHOWN];
	struct entry e = {
		.kind = kind,
		.from = c->who.address,
		.subject = subject,
		.detail = c->note,
		.status = c->answer.status,
		.begun = c->begun_entry,
		.code = c->answer.code,
	};

	(void)snprintf(subject, sizeof(subject), "%s %s", method_name(c->route->method), target);
	if (c->who.name[0]) {
		e.who = c->who.name;
		e.role = role_words(c->who.role);
		e.serial = c->who.serial;
	}
	return append(s, &e, number);
}

enum err audit_begun(struct server *s, struct call *c, const char *target)
{
	return append_call(s, c, "begun", target, &c->begun_entry);
}

enum err audit_call(struct server *s, const struct call *c, const char *target)
{
	u64 number;

	return append_call(s, c, "request", target, &number);
}

static enum err visit(void *context, const struct audit_record *r)
{
	audit_follow(context, r);
	return OK;
}

enum err audit_verify(struct storage *s, struct audit_walk *w)
{
	enum err e;

	memset(w, 0, sizeof(*w));
	e = s->audit->read(s, 0, UINT64_MAX >> 1, visit, w);
	if (e)
		return e;
	return w->broken ? ERR_AUDIT_CHAIN : OK;
}

static void say_broken(const struct audit_walk *w)
{
	journal(JOURNAL_ERROR, "the audit log was tampered with: entry %llu does not follow from the one before it",
	        (unsigned long long)w->broken);
}

/* A log that was changed is not written on in silence: each start has to be told, and the log tells of it. */
static enum err accept_broken(struct server *s, const struct audit_walk *w)
{
	if (!s->accept_broken_audit) {
		journal(JOURNAL_ERROR, "nothing is started: see docs/signetd.md, A broken audit log");
		return ERR_AUDIT_CHAIN;
	}
	return audit_event(
	        s, "audit-broken-accepted", "audit log", "entry %llu does not follow", (unsigned long long)w->broken);
}

static enum err open_audit(struct server *s)
{
	char newest[2 * SHA384_SIZE + 1];
	struct audit_walk w;
	enum err e = audit_verify(s->storage, &w);

	if (e == ERR_AUDIT_CHAIN) {
		say_broken(&w);
		return accept_broken(s, &w);
	}
	hex_encode(newest, w.hash, sizeof(w.hash));
	if (!e)
		journal(JOURNAL_INFO, "audit log: %llu entries, the newest is %s", (unsigned long long)w.number,
		        newest);
	return e;
}

static void status(struct server *s, yyjson_mut_doc *doc, yyjson_mut_val *object)
{
	yyjson_mut_val *o = yyjson_mut_obj_add_obj(doc, object, "audit");
	struct audit_record last = { 0 };
	enum err e = s->storage->audit->last(s->storage, &last);

	if (e && e != ERR_STORAGE_ABSENT)
		return;
	(void)yyjson_mut_obj_add_uint(doc, o, "entries", last.number);
	(void)json_put_hex(doc, o, "hash", last.hash, sizeof(last.hash));
}

static void metrics(struct server *s, struct text *out)
{
	struct audit_record last = { 0 };
	enum err e = s->storage->audit->last(s->storage, &last);

	if (e && e != ERR_STORAGE_ABSENT)
		return;
	metric_family(out, "signetd_audit_entries", "counter", "Entries of the audit log.");
	metric_value(out, "signetd_audit_entries", NULL, last.number);
}

const struct part audit_part = { "audit", open_audit, NULL, NULL, status, metrics };
