/*
 * Operators' requests about firmware baselines.
 * Trust: from an authenticated operator, of the role that the table demands.
 */
#include "signetd/admin.h"

#include "lib/print.h"
#include "signetd/body.h"
#include "signetd/records.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void admin_baseline_unknown(struct call *c)
{
	answer_error(c, 404, "baseline-unknown",
	        "`signet baseline list` shows those that there are, `signet baseline approve` adds one",
	        "no such baseline is approved for this class");
}

/* Those that are told of, with who needs them. */
struct listing {
	const char *class; /* NULL: all */
	struct baseline_use *uses;
	size_t count;
};

static enum err list_one(void *context, const struct baseline_entry *b)
{
	struct listing *l = context;

	if (l->class && strcmp(l->class, b->hardware_class) != 0)
		return OK;
	void *more = realloc(l->uses, (l->count + 1) * sizeof(*l->uses));
	if (!more)
		return ERR_NO_MEMORY;
	l->uses = more;
	l->uses[l->count++] = (struct baseline_use){ .entry = *b };
	return OK;
}

/* l->uses is the caller's to free. */
static enum err list_uses(struct storage *s, struct listing *l)
{
	enum err e = s->baselines->read(s, list_one, l);

	return e ? e : baselines_count(s, l->uses, l->count);
}

void admin_list_baselines(struct call *c)
{
	struct listing l = { 0 };
	enum err e = list_uses(c->server->storage, &l);
	yyjson_mut_val *root;

	if (e) {
		answer_failure(c, e, "the baselines could not be read");
	} else {
		yyjson_mut_doc *doc = fleet_object(&root);
		yyjson_mut_val *list = yyjson_mut_obj_add_arr(doc, root, "baselines");
		for (size_t i = 0; i < l.count; i++)
			record_baseline(doc, yyjson_mut_arr_add_obj(doc, list), &l.uses[i]);
		answer_json(c, 200, doc);
	}
	free(l.uses);
}

/* A Baseline. */
static void put_baseline(
        yyjson_mut_doc *doc, yyjson_mut_val *o, const struct baseline_use *u, const struct bytes_view *log)
{
	record_baseline(doc, o, u);
	(void)record_events(doc, yyjson_mut_obj_add_arr(doc, o, "events"), log, BASELINE_PCRS);
}

struct telling {
	yyjson_mut_doc *doc;
	yyjson_mut_val *list;
	const struct listing *from;
};

static enum err tell_one(void *context, const struct baseline_entry *b, const struct bytes_view *log)
{
	struct telling *t = context;

	for (size_t i = 0; i < t->from->count; i++)
		if (t->from->uses[i].entry.number == b->number)
			put_baseline(t->doc, yyjson_mut_arr_add_obj(t->doc, t->list), &t->from->uses[i], log);
	return OK;
}

void admin_show_baselines(struct call *c)
{
	struct listing l = { .class = c->parameters[0] };
	struct storage *s = c->server->storage;
	enum err e = list_uses(s, &l);
	yyjson_mut_val *root;
	yyjson_mut_doc *doc = fleet_object(&root);

	if (!e && !l.count)
		e = ERR_STORAGE_ABSENT;
	struct telling t = { doc, yyjson_mut_obj_add_arr(doc, root, "baselines"), &l };
	if (!e)
		e = s->baselines->read_of(s, l.class, tell_one, &t);
	free(l.uses);
	if (!e) {
		answer_json(c, 200, doc);
		return;
	}
	yyjson_mut_doc_free(doc);
	if (e == ERR_STORAGE_ABSENT)
		admin_baseline_unknown(c);
	else
		answer_failure(c, e, "the baselines could not be read");
}

/* added: what an approval did; NULL: there was none. */
static void answer_one(struct call *c, u64 number, const bool *added)
{
	struct storage *s = c->server->storage;
	struct baseline_use use = { 0 };
	u8 *bytes = NULL;
	size_t n = 0;
	enum err e = s->baselines->find(s, c->parameters[0], number, &use.entry, &bytes, &n);
	yyjson_mut_val *root;

	if (!e)
		e = baselines_count(s, &use, 1);
	if (e == ERR_STORAGE_ABSENT) {
		admin_baseline_unknown(c);
	} else if (e) {
		answer_failure(c, e, "the baseline could not be read");
	} else {
		struct bytes_view log = { bytes, n };
		yyjson_mut_doc *doc = fleet_object(&root);
		put_baseline(doc, root, &use, &log);
		if (added)
			(void)yyjson_mut_obj_add_bool(doc, root, "added", *added);
		answer_json(c, 200, doc);
	}
	free(bytes);
}

void admin_show_baseline(struct call *c)
{
	answer_one(c, admin_number(c->parameters[1]), NULL);
}

/* Of each verdict from here on, the log led to the quoted PCRs: its events are what the TPM saw. */
static bool log_is_proven(enum verdict v)
{
	return v == VERDICT_GOOD || v >= VERDICT_IMAGE_SIGNATURE;
}

static const struct field approve_fields[] = {
	{ "node", FIELD_HEX, FIELD_REQUIRED, ATTEST_ID_SIZE },
	{ "appraisal", FIELD_NUMBER, FIELD_REQUIRED, INT64_MAX },
	{ "replace", FIELD_BOOL, 0, 0 },
};

struct release {
	struct server *server;
	const char *class;
	u8 (*ids)[ATTEST_ID_SIZE];
	size_t count;
};

/* Nodes that are held for their firmware alone are judged anew, by the events that the approver has just accepted. */
static enum err find_held(void *context, const struct node_entry *n)
{
	struct release *r = context;

	if (!verdict_is_of_firmware(n->held) || strcmp(n->hardware_class, r->class) != 0)
		return OK;
	void *more = realloc(r->ids, (r->count + 1) * sizeof(*r->ids));
	if (!more)
		return ERR_NO_MEMORY;
	r->ids = more;
	memcpy(r->ids[r->count++], n->id, ATTEST_ID_SIZE);
	return OK;
}

static enum err release_one(struct storage *s, const u8 *id)
{
	struct node_entry *n = malloc(sizeof(*n));
	enum err e = n ? s->nodes->find(s, id, n) : ERR_NO_MEMORY;

	if (!e) {
		n->held = VERDICT_GOOD;
		e = s->nodes->put(s, n);
	}
	free(n);
	return e;
}

static enum err release_held(struct server *server, const char *class)
{
	struct release r = { .server = server, .class = class };
	struct storage *s = server->storage;
	enum err e = s->nodes->read(s, find_held, &r);

	for (size_t i = 0; !e && i < r.count; i++)
		e = release_one(s, r.ids[i]);
	free(r.ids);
	return e;
}

/* What an approval asks for. */
struct approval {
	struct baseline_entry entry;
	struct baselines before; /* of the class */
	bool replace; /* everything that was approved */
	bool added; /* false: one of the same events was there, and stays as it is */
};

static enum err revoke_others(struct storage *s, const struct approval *a)
{
	enum err e = OK;

	for (size_t i = 0; !e && i < a->before.count; i++)
		if (a->before.list[i].number != a->entry.number)
			e = s->baselines->remove(s, a->entry.hardware_class, a->before.list[i].number);
	return e;
}

static enum err change_baselines(struct server *server, struct approval *a, const struct bytes_view *log)
{
	struct storage *s = server->storage;
	enum err e = a->replace ? revoke_others(s, a) : OK;

	if (!e && a->added)
		e = s->baselines->add(s, &a->entry, log->bytes, log->n);
	return e ? e : release_held(server, a->entry.hardware_class);
}

static enum err store_approval(struct server *server, struct approval *a, const struct bytes_view *log)
{
	struct storage *s = server->storage;
	enum err e = s->transaction->begin(s);

	if (e)
		return e;
	e = change_baselines(server, a, log);
	if (!e)
		return s->transaction->commit(s);
	s->transaction->rollback(s);
	return e;
}

/* The log's events, and the baseline that has them already, if there is one. */
static enum err compare_with_known(struct storage *s, struct approval *a, const struct bytes_view *log)
{
	struct baseline *found = malloc(sizeof(*found));
	enum err e = found ? baseline_of(log->bytes, log->n, found) : ERR_NO_MEMORY;

	if (!e)
		e = baselines_load(s, a->entry.hardware_class, &a->before);
	a->added = true;
	for (size_t i = 0; !e && i < a->before.count; i++) {
		if (!baseline_same(&a->before.list[i], found))
			continue;
		a->entry.number = a->before.list[i].number;
		a->added = false;
	}
	a->entry.count = e ? 0 : found->count;
	free(found);
	return e;
}

static void approve_log(struct call *c, struct approval *a, const struct bytes_view *log)
{
	struct server *server = c->server;
	enum err e = compare_with_known(server->storage, a, log);

	if (!e && a->added && !a->replace && a->before.count == BASELINES_MAX) {
		answer_error(c, 409, "too-many-baselines",
		        "revoke one that no node needs: `signet baseline list` shows how many need each",
		        "class %s has %d baselines, and cannot have more", a->entry.hardware_class, BASELINES_MAX);
		return;
	}
	if (!e)
		e = store_approval(server, a, log);
	if (e) {
		answer_failure(c, e, "the baseline could not be stored");
		return;
	}
	call_note(c, "baseline %llu of class %s from appraisal %llu of node %s%s%s",
	        (unsigned long long)a->entry.number, a->entry.hardware_class, (unsigned long long)a->entry.appraisal,
	        field_text(c->json, "node"), a->added ? "" : ": it was approved before",
	        a->replace ? "; every other one of the class revoked" : "");
	answer_one(c, a->entry.number, &a->added);
}

static bool find_appraisal(struct call *c, const struct baseline_entry *entry)
{
	struct appraisal_entry a;
	enum err e = c->server->storage->appraisals->find(c->server->storage, entry->node, entry->appraisal, &a);

	if (e == ERR_STORAGE_ABSENT)
		answer_error(c, 404, "appraisal-unknown", "`signet attest history` shows those that are kept",
		        "there is no such appraisal");
	else if (e)
		answer_failure(c, e, "the appraisal could not be read");
	else if (!log_is_proven(a.verdict))
		answer_error(c, 409, "log-unproven", verdict_advice(a.verdict),
		        "the log of that appraisal did not lead to the quoted PCRs: %s", verdict_words(a.verdict));
	return !e && log_is_proven(a.verdict);
}

static void approve(struct call *c, struct approval *a)
{
	struct baseline_entry *entry = &a->entry;
	struct bytes_view log;
	u8 *evidence = NULL;

	entry->approved = fleet_wall(c->server);
	(void)field_hex(c->json, "node", entry->node, sizeof(entry->node));
	entry->appraisal = field_number(c->json, "appraisal");
	a->replace = field_bool(c->json, "replace");
	(void)format(entry->hardware_class, sizeof(entry->hardware_class), "%s", c->parameters[0]);
	(void)snprintf(entry->approver, sizeof(entry->approver), "%s", c->who.name);
	if (!find_appraisal(c, entry))
		return;
	enum err e = record_log(c->server, entry->node, entry->appraisal, &evidence, &log);
	call_note(c, "a baseline of class %s from appraisal %llu of node %s", entry->hardware_class,
	        (unsigned long long)entry->appraisal, field_text(c->json, "node"));
	if (e)
		answer_failure(c, e, "the evidence could not be read");
	else
		approve_log(c, a, &log);
	free(evidence);
}

void admin_approve_baseline(struct call *c)
{
	if (!body_fits(c, approve_fields, ARRAY_SIZE(approve_fields)) || !admin_class_fits(c, c->parameters[0]))
		return;
	struct approval *a = calloc(1, sizeof(*a));

	if (a)
		approve(c, a);
	else
		answer_failure(c, ERR_NO_MEMORY, "a baseline");
	free(a);
}

static void answer_revoked(struct call *c, enum err e)
{
	if (e == ERR_STORAGE_ABSENT)
		admin_baseline_unknown(c);
	else if (e)
		answer_failure(c, e, "the baseline could not be removed");
	else
		answer_done(c);
}

void admin_revoke_baseline(struct call *c)
{
	u64 number = admin_number(c->parameters[1]);
	enum err e = c->server->storage->baselines->remove(c->server->storage, c->parameters[0], number);

	call_note(c, "baseline %llu of class %s", (unsigned long long)number, c->parameters[0]);
	answer_revoked(c, e);
}

static enum err revoke_all(struct storage *s, const struct listing *l)
{
	enum err e = s->transaction->begin(s);

	if (e)
		return e;
	for (size_t i = 0; !e && i < l->count; i++)
		e = s->baselines->remove(s, l->class, l->uses[i].entry.number);
	if (!e)
		return s->transaction->commit(s);
	s->transaction->rollback(s);
	return e;
}

void admin_revoke_baselines(struct call *c)
{
	struct listing l = { .class = c->parameters[0] };
	struct storage *s = c->server->storage;
	enum err e = s->baselines->read(s, list_one, &l);

	if (!e)
		e = l.count ? revoke_all(s, &l) : ERR_STORAGE_ABSENT;
	call_note(c, "%zu baselines of class %s", l.count, l.class);
	answer_revoked(c, e);
	free(l.uses);
}
