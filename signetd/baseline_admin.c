/*
 * Operators' requests about firmware baselines.
 * Trust: from an authenticated operator, of the role that the table demands.
 */
#include "signetd/admin.h"

#include "attest/explain.h"
#include "lib/print.h"
#include "signetd/body.h"
#include "signetd/records.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct listing {
	yyjson_mut_doc *doc;
	yyjson_mut_val *list;
};

static enum err list_one(void *context, const struct baseline_entry *b)
{
	struct listing *l = context;

	record_baseline(l->doc, yyjson_mut_arr_add_obj(l->doc, l->list), b);
	return OK;
}

void admin_list_baselines(struct call *c)
{
	yyjson_mut_val *root;
	yyjson_mut_doc *doc = fleet_object(&root);
	struct listing l = { doc, yyjson_mut_obj_add_arr(doc, root, "baselines") };
	enum err e = c->server->storage->baselines->read(c->server->storage, list_one, &l);

	if (!e) {
		answer_json(c, 200, doc);
		return;
	}
	yyjson_mut_doc_free(doc);
	answer_failure(c, e, "the baselines could not be read");
}

/* log, if not NULL, is the caller's to free. Answers itself. */
static bool find_baseline(struct call *c, const char *class, struct baseline_entry *out, u8 **log, size_t *n)
{
	enum err e = c->server->storage->baselines->find(c->server->storage, class, out, log, n);

	if (e == ERR_STORAGE_ABSENT)
		answer_error(c, 404, "baseline-unknown", "approve the events of one of its nodes",
		        "no baseline is approved for this class");
	else if (e)
		answer_failure(c, e, "the baseline could not be read");
	return !e;
}

void admin_show_baseline(struct call *c)
{
	struct baseline_entry b;
	u8 *bytes = NULL;
	size_t n = 0;
	yyjson_mut_val *root;

	if (!find_baseline(c, c->parameters[0], &b, &bytes, &n))
		return;
	struct bytes_view log = { bytes, n };
	yyjson_mut_doc *doc = fleet_object(&root);
	record_baseline(doc, root, &b);
	(void)record_events(doc, yyjson_mut_obj_add_arr(doc, root, "events"), &log, BASELINE_PCRS);
	free(bytes);
	answer_json(c, 200, doc);
}

/* Of each verdict from here on, the log led to the quoted PCRs: its events are what the TPM saw. */
static bool log_is_proven(enum verdict v)
{
	return v == VERDICT_GOOD || v >= VERDICT_IMAGE_SIGNATURE;
}

/* The two sides of a diff, each with its log. */
struct sides {
	struct bytes_view log[2];
	struct baseline baseline[2];
	struct change changes[CHANGES_MAX];
	u32 count;
};

static const char *const change_words[] = { [CHANGE_SAME] = "same", [CHANGE_GONE] = "missing", [CHANGE_NEW] = "added" };

static void put_side(yyjson_mut_doc *doc, yyjson_mut_val *o, const char *name, const struct sides *s, int side, u32 at)
{
	const struct baseline_event *e = &s->baseline[side].events[at];
	struct event_words words;
	yyjson_mut_val *event;

	if (baseline_event_words(&s->log[side], at, &words) != OK) {
		(void)yyjson_mut_obj_add_null(doc, o, name);
		return;
	}
	event = yyjson_mut_obj_add_obj(doc, o, name);
	(void)yyjson_mut_obj_add_uint(doc, event, "index", at);
	(void)yyjson_mut_obj_add_uint(doc, event, "pcr", e->pcr);
	(void)yyjson_mut_obj_add_uint(doc, event, "type", e->type);
	(void)yyjson_mut_obj_add_strcpy(doc, event, "typeName", words.type);
	(void)json_put_hex(doc, event, "digest", e->digest, sizeof(e->digest));
	(void)yyjson_mut_obj_add_strcpy(doc, event, "text", words.what);
}

/* A missing event right before an added one of its PCR and type is one that changed. */
static bool is_changed(const struct sides *s, u32 at)
{
	const struct change *gone = &s->changes[at];
	const struct change *new = gone + 1;

	if (at + 1 >= s->count || gone->kind != CHANGE_GONE || new->kind != CHANGE_NEW)
		return false;
	const struct baseline_event *a = &s->baseline[0].events[gone->approved];
	const struct baseline_event *b = &s->baseline[1].events[new->found];
	return a->pcr == b->pcr && a->type == b->type;
}

static void put_change(yyjson_mut_doc *doc, yyjson_mut_val *list, const struct sides *s, u32 at, bool changed)
{
	const struct change *c = &s->changes[at];
	const struct baseline_event *e =
	        c->kind == CHANGE_NEW ? &s->baseline[1].events[c->found] : &s->baseline[0].events[c->approved];
	yyjson_mut_val *o = yyjson_mut_arr_add_obj(doc, list);
	const char *type = event_type_name(e->type);

	(void)yyjson_mut_obj_add_str(doc, o, "change", changed ? "changed" : change_words[c->kind]);
	(void)yyjson_mut_obj_add_uint(doc, o, "pcr", e->pcr);
	(void)yyjson_mut_obj_add_uint(doc, o, "type", e->type);
	(void)yyjson_mut_obj_add_str(doc, o, "typeName", type ? type : "unknown");
	if (c->kind == CHANGE_NEW)
		(void)yyjson_mut_obj_add_null(doc, o, "expected");
	else
		put_side(doc, o, "expected", s, 0, c->approved);
	if (c->kind == CHANGE_GONE && !changed)
		(void)yyjson_mut_obj_add_null(doc, o, "found");
	else
		put_side(doc, o, "found", s, 1, changed ? c[1].found : c->found);
}

/* True when nothing differs. */
static bool put_changes(yyjson_mut_doc *doc, yyjson_mut_val *list, const struct sides *s)
{
	bool same = true;

	for (u32 i = 0; i < s->count; i++) {
		bool changed = is_changed(s, i);
		same = same && s->changes[i].kind == CHANGE_SAME;
		put_change(doc, list, s, i, changed);
		i += changed;
	}
	return same;
}

static enum err compare(struct sides *s)
{
	enum err e = OK;

	for (int i = 0; !e && i < 2; i++)
		e = baseline_of(s->log[i].bytes, s->log[i].n, &s->baseline[i]);
	return e ? e : baseline_diff(&s->baseline[0], &s->baseline[1], s->changes, &s->count);
}

static void answer_diff(
        struct call *c, const struct node_entry *n, const struct baseline_entry *b, const struct sides *s)
{
	yyjson_mut_val *root;
	yyjson_mut_doc *doc = fleet_object(&root);

	(void)yyjson_mut_obj_add_strcpy(doc, root, "class", b->hardware_class);
	(void)json_put_hex(doc, root, "node", n->id, sizeof(n->id));
	(void)yyjson_mut_obj_add_uint(doc, root, "appraisal", n->appraisal);
	bool same = put_changes(doc, yyjson_mut_obj_add_arr(doc, root, "events"), s);
	(void)yyjson_mut_obj_add_bool(doc, root, "same", same);
	answer_json(c, 200, doc);
}

static bool node_by_id(struct call *c, const u8 *id, struct node_entry *out)
{
	enum err e = c->server->storage->nodes->find(c->server->storage, id, out);

	if (e == ERR_STORAGE_ABSENT)
		answer_error(c, 404, "node-unknown", "`signet node list` shows the nodes", "there is no such node");
	else if (e)
		answer_failure(c, e, "the node's record could not be read");
	return !e;
}

static void diff(struct call *c, const struct node_entry *n, const struct baseline_entry *b, struct sides *s)
{
	u8 *evidence = NULL;
	enum err e = record_log(c->server, n->id, n->appraisal, &evidence, &s->log[1]);

	if (!e)
		e = compare(s);
	if (e == ERR_STORAGE_ABSENT)
		answer_error(c, 409, "not-attested", "attest the node first", "no evidence of this node is kept");
	else if (e)
		answer_failure(c, e, "the events could not be compared");
	else
		answer_diff(c, n, b, s);
	free(evidence);
}

void admin_diff_baseline(struct call *c)
{
	struct sides *s = calloc(1, sizeof(*s));
	struct node_entry *n = malloc(sizeof(*n));
	struct baseline_entry b;
	u8 *approved = NULL;
	u8 id[ATTEST_ID_SIZE];

	if (!s || !n)
		answer_failure(c, ERR_NO_MEMORY, "the events could not be compared");
	else if (fleet_id_of(c, call_query(c, "node"), id) && node_by_id(c, id, n) &&
	        find_baseline(c, c->parameters[0], &b, &approved, &s->log[0].n)) {
		s->log[0].bytes = approved;
		diff(c, n, &b, s);
	}
	free(approved);
	free(n);
	free(s);
}

static const struct field approve_fields[] = {
	{ "node", FIELD_HEX, FIELD_REQUIRED, ATTEST_ID_SIZE },
	{ "appraisal", FIELD_NUMBER, FIELD_REQUIRED, INT64_MAX },
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

static enum err store_baseline(struct server *server, const struct baseline_entry *b, const struct bytes_view *log)
{
	struct storage *s = server->storage;
	enum err e = s->transaction->begin(s);

	if (e)
		return e;
	e = s->baselines->put(s, b, log->bytes, log->n);
	if (!e)
		e = release_held(server, b->hardware_class);
	if (!e)
		return s->transaction->commit(s);
	s->transaction->rollback(s);
	return e;
}

static void approve_log(struct call *c, struct baseline_entry *entry, const struct bytes_view *log)
{
	struct baseline *b = malloc(sizeof(*b));
	enum err e = b ? baseline_of(log->bytes, log->n, b) : ERR_NO_MEMORY;

	entry->count = e ? 0 : b->count;
	free(b);
	if (!e)
		e = store_baseline(c->server, entry, log);
	if (e) {
		answer_failure(c, e, "the baseline could not be stored");
		return;
	}
	admin_show_baseline(c);
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

void admin_approve_baseline(struct call *c)
{
	struct baseline_entry entry = { .approved = fleet_wall(c->server) };
	struct bytes_view log;
	u8 *evidence = NULL;

	if (!body_fits(c, approve_fields, ARRAY_SIZE(approve_fields)) || !admin_class_fits(c, c->parameters[0]))
		return;
	(void)field_hex(c->json, "node", entry.node, sizeof(entry.node));
	entry.appraisal = field_number(c->json, "appraisal");
	(void)format(entry.hardware_class, sizeof(entry.hardware_class), "%s", c->parameters[0]);
	(void)snprintf(entry.approver, sizeof(entry.approver), "%s", c->who.name);
	if (!find_appraisal(c, &entry))
		return;
	enum err e = record_log(c->server, entry.node, entry.appraisal, &evidence, &log);
	call_note(c, "baseline of class %s from appraisal %llu of node %s", entry.hardware_class,
	        (unsigned long long)entry.appraisal, field_text(c->json, "node"));
	if (e)
		answer_failure(c, e, "the evidence could not be read");
	else
		approve_log(c, &entry, &log);
	free(evidence);
}

void admin_revoke_baseline(struct call *c)
{
	enum err e = c->server->storage->baselines->remove(c->server->storage, c->parameters[0]);

	if (e == ERR_STORAGE_ABSENT)
		answer_error(c, 404, "baseline-unknown", "`signet baseline list` shows them",
		        "no baseline is approved for this class");
	else if (e)
		answer_failure(c, e, "the baseline could not be removed");
	else
		answer_done(c);
}
