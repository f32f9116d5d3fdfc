/*
 * Operators' request for a node's firmware beside a baseline of a class, event by event.
 * Trust: from an authenticated operator; logs are outside bytes.
 */
#include "signetd/admin.h"

#include "attest/explain.h"
#include "signetd/body.h"
#include "signetd/records.h"

#include <stdlib.h>
#include <string.h>

/* The two sides of a diff, approved and found, each with its log. */
struct sides {
	struct baselines approved; /* of the class */
	u64 number; /* of the one that is compared with */
	enum baseline_reason reason;
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

static const char *const reason_words[] = {
	[BASELINE_ACCEPTS] = "accepts",
	[BASELINE_MATCHED_LAST] = "matched-last",
	[BASELINE_NEAREST] = "nearest",
};

static void answer_diff(struct call *c, const struct node_entry *n, const struct sides *s)
{
	yyjson_mut_val *root;
	yyjson_mut_doc *doc = fleet_object(&root);

	(void)yyjson_mut_obj_add_strcpy(doc, root, "class", c->parameters[0]);
	(void)yyjson_mut_obj_add_uint(doc, root, "number", s->number);
	(void)yyjson_mut_obj_add_str(doc, root, "reason", reason_words[s->reason]);
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

/* A class's numbers say nothing of a node of another class. */
static u64 matched_in(const struct node_entry *n, const char *class)
{
	return strcmp(n->hardware_class, class) == 0 ? n->baseline : 0;
}

/* ERR_STORAGE_ABSENT: the class has none. approved is the caller's to free. */
static enum err choose(struct call *c, const struct node_entry *n, struct sides *s, u8 **approved)
{
	struct storage *storage = c->server->storage;
	const char *class = c->parameters[0];
	struct baseline_entry entry;
	enum err e = baselines_load(storage, class, &s->approved);

	if (e)
		return e;
	const struct baseline_set set = baselines_set(&s->approved);
	const struct baseline *b =
	        baseline_to_compare(&set, matched_in(n, class), s->log[1].bytes, s->log[1].n, &s->reason);
	if (!b)
		return ERR_STORAGE_ABSENT;
	s->number = b->number;
	e = storage->baselines->find(storage, class, b->number, &entry, approved, &s->log[0].n);
	s->log[0].bytes = *approved;
	return e;
}

static void diff(struct call *c, const struct node_entry *n, struct sides *s)
{
	u8 *evidence = NULL;
	u8 *approved = NULL;
	enum err e = record_log(c->server, n->id, n->appraisal, &evidence, &s->log[1]);

	if (e == ERR_STORAGE_ABSENT) {
		answer_error(c, 409, "not-attested", "attest the node first", "no evidence of this node is kept");
		return;
	}
	if (!e)
		e = choose(c, n, s, &approved);
	if (!e)
		e = compare(s);
	if (e == ERR_STORAGE_ABSENT)
		admin_baseline_unknown(c);
	else if (e)
		answer_failure(c, e, "the events could not be compared");
	else
		answer_diff(c, n, s);
	free(approved);
	free(evidence);
}

void admin_diff_baseline(struct call *c)
{
	struct sides *s = calloc(1, sizeof(*s));
	struct node_entry *n = malloc(sizeof(*n));
	u8 id[ATTEST_ID_SIZE];

	if (!s || !n)
		answer_failure(c, ERR_NO_MEMORY, "the events could not be compared");
	else if (fleet_id_of(c, call_query(c, "node"), id) && node_by_id(c, id, n))
		diff(c, n, s);
	free(n);
	free(s);
}
