/*
 * Operators' requests about updates: each node is judged by itself, so that one that refuses does not stop the others.
 * Trust: from an authenticated operator.
 */
#include "signetd/admin.h"

#include "signetd/body.h"
#include "signetd/update_track.h"
#include "signetd/updates.h"
#include "update/refusal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DRAIN_SECONDS_MAX = 86400 };

static void put_drain(yyjson_mut_doc *doc, yyjson_mut_val *o, const char *drain)
{
	if (drain[0] >= '0' && drain[0] <= '9')
		(void)yyjson_mut_obj_add_uint(doc, o, "drain", strtoull(drain, NULL, 10));
	else
		(void)yyjson_mut_obj_add_strcpy(doc, o, "drain", drain);
}

struct listing {
	struct server *server;
	yyjson_mut_doc *doc;
	yyjson_mut_val *list;
};

static void put_hostname(const struct listing *l, yyjson_mut_val *o, const u8 *node)
{
	struct node_entry *n = malloc(sizeof(*n));
	bool known = n && l->server->storage->nodes->find(l->server->storage, node, n) == OK;

	(void)yyjson_mut_obj_add_strcpy(l->doc, o, "hostname", known ? n->hostname : "");
	free(n);
}

static enum err list_node(void *context, const struct update_node *n)
{
	const struct listing *l = context;
	yyjson_mut_val *o = yyjson_mut_arr_add_obj(l->doc, l->list);
	const struct refusal *refusal = refusal_named(n->code);

	(void)json_put_hex(l->doc, o, "node", n->node, sizeof(n->node));
	put_hostname(l, o, n->node);
	(void)yyjson_mut_obj_add_str(l->doc, o, "state", update_state_words(n->state));
	(void)yyjson_mut_obj_add_uint(l->doc, o, "done", n->done);
	(void)yyjson_mut_obj_add_uint(l->doc, o, "total", n->total);
	(void)yyjson_mut_obj_add_uint(l->doc, o, "written", n->written);
	(void)yyjson_mut_obj_add_uint(l->doc, o, "fetched", n->fetched);
	(void)yyjson_mut_obj_add_uint(l->doc, o, "reused", n->reused);
	(void)yyjson_mut_obj_add_strcpy(l->doc, o, "reason", n->reason);
	(void)yyjson_mut_obj_add_strcpy(l->doc, o, "code", n->code);
	(void)yyjson_mut_obj_add_str(l->doc, o, "advice", refusal ? refusal->advice : "");
	return OK;
}

static enum err put_update(struct server *s, yyjson_mut_doc *doc, yyjson_mut_val *o, const struct update_entry *u)
{
	struct listing l = { s, doc, NULL };

	(void)yyjson_mut_obj_add_uint(doc, o, "id", u->id);
	(void)json_put_hex(doc, o, "image", u->image, sizeof(u->image));
	(void)yyjson_mut_obj_add_strcpy(doc, o, "release", u->release);
	put_drain(doc, o, u->drain);
	json_put_time(doc, o, "started", u->started);
	(void)yyjson_mut_obj_add_strcpy(doc, o, "by", u->by);
	(void)yyjson_mut_obj_add_bool(doc, o, "cancelled", u->cancelled);
	l.list = yyjson_mut_obj_add_arr(doc, o, "nodes");
	return s->storage->updates->read_nodes(s->storage, u->id, list_node, &l);
}

static enum err list_update(void *context, const struct update_entry *u)
{
	const struct listing *l = context;

	return put_update(l->server, l->doc, yyjson_mut_arr_add_obj(l->doc, l->list), u);
}

void admin_list_updates(struct call *c)
{
	struct storage *s = c->server->storage;
	yyjson_mut_val *root;
	yyjson_mut_doc *doc = fleet_object(&root);
	struct listing l = { c->server, doc, yyjson_mut_obj_add_arr(doc, root, "updates") };
	enum err e = s->updates->read(s, list_update, &l);

	if (!e) {
		answer_json(c, 200, doc);
		return;
	}
	yyjson_mut_doc_free(doc);
	answer_failure(c, e, "the updates could not be read");
}

/* One order on its way in. */
struct push {
	struct call *call;
	struct update_entry update;
	struct image_entry image;
	const struct reference *reference;
	bool force;
	u32 refused, taken;
};

/* drain is one of two words, or a number: no table of fields has both. */
static bool read_drain(struct call *c, char out[UPDATE_DRAIN_SIZE])
{
	yyjson_val *drain = yyjson_obj_get(c->json, "drain");
	const char *word = yyjson_get_str(drain);

	if (word && (strcmp(word, "now") == 0 || strcmp(word, "when-idle") == 0))
		(void)snprintf(out, UPDATE_DRAIN_SIZE, "%s", word);
	else if (yyjson_is_uint(drain) && yyjson_get_uint(drain) <= DRAIN_SECONDS_MAX)
		(void)snprintf(out, UPDATE_DRAIN_SIZE, "%llu", (unsigned long long)yyjson_get_uint(drain));
	else {
		answer_error(c, 400, "body", "docs/fleet-api.md lists what this request takes",
		        "\"drain\" must be \"now\", \"when-idle\" or a number of seconds, a day at most");
		return false;
	}
	return true;
}

/* Its head is verified again, and its reference stands for the rest of this request. */
static bool find_image(struct push *p)
{
	struct call *c = p->call;
	struct storage *s = c->server->storage;
	u8 *head = NULL;
	size_t n;
	enum err e = s->images->find(s, p->update.image, &p->image, &head, &n);

	if (e == ERR_STORAGE_ABSENT)
		answer_error(c, 404, "image-unknown", "publish it first: `signet image publish`",
		        "the server knows no image of that digest");
	else if (e)
		answer_failure(c, e, "the image could not be read");
	else if (!p->image.whole)
		answer_error(c, 409, "image-not-whole", "publish all of it: `signet image publish`",
		        "the server has the head of this image alone, or its list of leaves is missing");
	else
		p->reference = fleet_reference(c->server, head, n);
	free(head);
	if (!e && p->image.whole && !p->reference)
		answer_error(c, 409, "image-refused", "look at it with `signet image verify`",
		        "the image does not verify under the fleet's anchor any more");
	return p->reference;
}

static enum err add_node(struct push *p, const struct node_entry *node)
{
	struct storage *s = p->call->server->storage;
	struct update_node n = { .update = p->update.id,
		.state = UPDATE_WAITING,
		.force = p->force,
		.sequence = node->state_sequence,
		.total = p->image.length };
	struct update_node other;
	enum err e = s->updates->open_of(s, node->id, &other);

	if (e && e != ERR_STORAGE_ABSENT)
		return e;
	memcpy(n.node, node->id, sizeof(n.node));
	memcpy(n.image, p->update.image, sizeof(n.image));
	e = updates_judge(p->call->server, node, p->reference, e == OK, p->force);
	const struct refusal *refusal = refusal_of(e);
	if (e && !refusal)
		return e;
	if (refusal)
		update_end(&n, UPDATE_REFUSED, refusal->code, err_text(e));
	p->refused += refusal != NULL;
	p->taken += refusal == NULL;
	return s->updates->put_node(s, &n);
}

static bool add_nodes(struct push *p)
{
	struct call *c = p->call;
	struct node_entry *n = malloc(sizeof(*n));
	enum err e = n ? OK : ERR_NO_MEMORY;
	u8 id[ATTEST_ID_SIZE];
	yyjson_val *one;
	size_t i, count;

	yyjson_arr_foreach(yyjson_obj_get(c->json, "nodes"), i, count, one) {
		if (e || !fleet_id_of(c, yyjson_get_str(one), id))
			break;
		e = c->server->storage->nodes->find(c->server->storage, id, n);
		if (e == ERR_STORAGE_ABSENT) {
			answer_error(c, 404, "node-unknown", "`signet node list` shows the nodes",
			        "there is no node %s", yyjson_get_str(one));
			break;
		}
		if (!e)
			e = add_node(p, n);
		live_tell_later(c->server, id);
	}
	free(n);
	if (e && e != ERR_STORAGE_ABSENT)
		answer_failure(c, e, "the update could not be stored");
	return !c->answer.status;
}

static void answer_update(struct push *p)
{
	struct call *c = p->call;
	yyjson_mut_val *root;
	yyjson_mut_doc *doc = fleet_object(&root);
	enum err e = put_update(c->server, doc, root, &p->update);

	call_note(c, "update %llu to %s, svn %u: %u nodes, %u refused", (unsigned long long)p->update.id,
	        p->update.release, p->reference->image.manifest.svn, p->taken + p->refused, p->refused);
	if (!e) {
		answer_json(c, 200, doc);
		return;
	}
	yyjson_mut_doc_free(doc);
	answer_failure(c, e, "the update could not be read back");
}

/* Left open for its nodes. */
static enum err begin_update(struct storage *s, struct update_entry *u)
{
	enum err e = s->transaction->begin(s);

	if (e)
		return e;
	e = s->updates->add(s, u);
	if (e)
		s->transaction->rollback(s);
	return e;
}

static void push(struct push *p)
{
	struct call *c = p->call;
	struct storage *s = c->server->storage;
	struct update_entry *u = &p->update;

	(void)field_hex(c->json, "image", u->image, sizeof(u->image));
	p->force = field_bool(c->json, "force");
	if (!read_drain(c, u->drain) || !find_image(p))
		return;
	u->started = fleet_wall(c->server);
	(void)snprintf(u->by, sizeof(u->by), "%s", c->who.name);
	(void)snprintf(u->release, sizeof(u->release), "%s", p->reference->image.manifest.release);
	enum err e = begin_update(s, u);
	if (e) {
		answer_failure(c, e, "the update could not be stored");
		return;
	}
	if (!add_nodes(p)) {
		s->transaction->rollback(s);
		return;
	}
	e = s->transaction->commit(s);
	if (e)
		answer_failure(c, e, "the update could not be stored");
	else
		answer_update(p);
}

static const struct field push_fields[] = {
	{ "image", FIELD_HEX, FIELD_REQUIRED, SHA384_SIZE },
	{ "nodes", FIELD_ARRAY, FIELD_REQUIRED, UPDATE_NODES_MAX },
	{ "drain", FIELD_WORD, FIELD_REQUIRED, 0 },
	{ "force", FIELD_BOOL, 0, 0 },
};

void admin_push_update(struct call *c)
{
	if (!body_fits(c, push_fields, ARRAY_SIZE(push_fields)))
		return;
	if (yyjson_arr_size(yyjson_obj_get(c->json, "nodes")) == 0) {
		answer_error(c, 400, "body", "docs/fleet-api.md lists what this request takes", "\"nodes\" names none");
		return;
	}
	struct push *p = calloc(1, sizeof(*p));
	if (p) {
		p->call = c;
		push(p);
	} else {
		answer_failure(c, ERR_NO_MEMORY, "an update");
	}
	free(p);
}

static bool read_id(struct call *c, u64 *id)
{
	const char *text = c->parameters[0];
	size_t n = strlen(text);

	*id = 0;
	if (n && n <= 18 && strspn(text, "0123456789") == n)
		*id = strtoull(text, NULL, 10);
	return *id;
}

void admin_cancel_update(struct call *c)
{
	struct storage *s = c->server->storage;
	struct update_entry u;
	u64 id;
	bool any = false;
	enum err e = read_id(c, &id) ? s->updates->find(s, id, &u) : ERR_STORAGE_ABSENT;

	if (!e)
		e = updates_cancel(c->server, id, &any);
	if (e == ERR_STORAGE_ABSENT)
		answer_error(c, 404, "update-unknown", "`signet update status` lists them", "there is no such update");
	else if (e)
		answer_failure(c, e, "the update could not be cancelled");
	else if (!any)
		answer_error(c, 409, "update-over", "`signet update status` shows how it went",
		        "on every node it has ended, or is being tried");
	else
		answer_done(c);
}
