/*
 * Status, audit log, figures, health.
 * Trust: reading only; figures and health are for anybody who reaches their listener.
 */
#include "cli/version.h"
#include "signetd/audit.h"
#include "signetd/body.h"
#include "signetd/routes.h"

#include <stdlib.h>
#include <string.h>

enum { AUDIT_PAGE = 200 };

static void get_status(struct call *c)
{
	struct server *s = c->server;
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *root = yyjson_mut_obj(doc);
	char now[TIME_TEXT_SIZE];

	yyjson_mut_doc_set_root(doc, root);
	time_text(s->clock->wall(s->clock), now);
	(void)yyjson_mut_obj_add_str(doc, root, "version", SIGNET_VERSION);
	(void)yyjson_mut_obj_add_strcpy(doc, root, "fleet", s->config.name);
	(void)yyjson_mut_obj_add_strcpy(doc, root, "time", now);
	for (size_t i = 0; i < part_count; i++)
		if (parts[i]->status)
			parts[i]->status(s, doc, root);
	answer_json(c, 200, doc);
}

struct listing {
	yyjson_mut_doc *doc;
	yyjson_mut_val *array;
	u64 last;
};

/* The very bytes that were hashed go out as a string: whoever checks the chain needs them so. */
static enum err list_one(void *context, const struct audit_record *r)
{
	struct listing *l = context;
	yyjson_mut_val *o = yyjson_mut_arr_add_obj(l->doc, l->array);

	(void)yyjson_mut_obj_add_uint(l->doc, o, "number", r->number);
	(void)json_put_hex(l->doc, o, "hash", r->hash, sizeof(r->hash));
	(void)yyjson_mut_obj_add_strncpy(l->doc, o, "content", r->content, r->length);
	l->last = r->number;
	return OK;
}

static bool read_after(struct call *c, u64 *after)
{
	const char *text = call_query(c, "after");
	char *end = NULL;

	*after = 0;
	if (!text)
		return true;
	if (*text < '0' || *text > '9' || strlen(text) > 18)
		return false;
	*after = strtoull(text, &end, 10);
	return !*end;
}

static void get_audit(struct call *c)
{
	struct storage *s = c->server->storage;
	yyjson_mut_doc *doc;
	struct listing l;
	enum err e;
	u64 after;

	if (!read_after(c, &after)) {
		answer_error(c, 400, "query", "give the number of the last entry you have", "after is no number");
		return;
	}
	doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *root = yyjson_mut_obj(doc);
	yyjson_mut_doc_set_root(doc, root);
	l = (struct listing){ .doc = doc, .array = yyjson_mut_obj_add_arr(doc, root, "entries"), .last = after };
	e = s->audit->read(s, after, AUDIT_PAGE, list_one, &l);
	if (e) {
		yyjson_mut_doc_free(doc);
		answer_failure(c, e, "the audit log could not be read");
		return;
	}
	(void)yyjson_mut_obj_add_uint(doc, root, "next", l.last);
	answer_json(c, 200, doc);
}

static void get_metrics(struct call *c)
{
	struct text t = { 0 };

	metrics_write_counters(&t, &c->server->counters);
	for (size_t i = 0; i < part_count; i++)
		if (parts[i]->metrics)
			parts[i]->metrics(c->server, &t);
	if (t.failed || !t.bytes)
		answer_failure(c, ERR_NO_MEMORY, "figures could not be written");
	else
		answer_bytes(c, 200, "text/plain; version=0.0.4; charset=utf-8", (const u8 *)t.bytes, t.length);
	text_free(&t);
}

/* Healthy is who can remember: the one thing without which every request fails. */
static void get_health(struct call *c)
{
	struct storage *s = c->server->storage;
	enum err e = s->transaction->begin(s);

	if (e) {
		answer_failure(c, e, "storage");
		return;
	}
	s->transaction->rollback(s);
	answer_bytes(c, 200, "text/plain", (const u8 *)"ok\n", 3);
}

#define OPERATORS LISTENER_OPERATORS
#define METRICS LISTENER_METRICS
const struct route platform_routes[PLATFORM_ROUTES] = {
	{ METHOD_GET, OPERATORS, "/v1/status", ROLE_VIEWER, BODY_NONE, BOUND_JSON, false, NULL, get_status },
	{ METHOD_GET, OPERATORS, "/v1/audit", ROLE_VIEWER, BODY_NONE, BOUND_JSON, false, NULL, get_audit },
	{ METHOD_GET, METRICS, "/metrics", ROLE_NONE, BODY_NONE, BOUND_JSON, false, NULL, get_metrics },
	{ METHOD_GET, METRICS, "/healthz", ROLE_NONE, BODY_NONE, BOUND_JSON, false, NULL, get_health },
};
