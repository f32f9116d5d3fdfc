/*
 * One request and its answer. Checks go from what is cheap and certain to what costs: rate, certificate, route, role,
 * size, then the body. Trust: requests come from outside.
 */
#include "signetd/net/exchange.h"

#include "signetd/audit.h"
#include "signetd/blobs.h"
#include "signetd/journal.h"
#include "signetd/operators.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BODY_FIRST = 4096 };

static const char see_page[] = "docs/fleet-api.md lists the requests";

/* Memory that bodies hold now. One loop, one number. */
static size_t body_memory;

struct exchange *exchange_make(struct server *s, const struct call_ops *ops, const struct caller *who)
{
	struct exchange *x = calloc(1, sizeof(*x));

	if (!x)
		return NULL;
	x->call.server = s;
	x->call.ops = ops;
	x->call.who = *who;
	x->call.answer.file = -1;
	return x;
}

static void clear_answer(struct answer *a)
{
	free(a->bytes);
	if (a->file >= 0)
		(void)close(a->file);
	*a = (struct answer){ .file = -1 };
}

void exchange_free(struct exchange *x)
{
	if (!x)
		return;
	clear_answer(&x->call.answer);
	blob_discard(x->call.upload);
	yyjson_doc_free(x->json);
	body_memory -= x->body_room;
	free(x->body);
	free(x);
}

static bool check_standing(struct call *c)
{
	switch (operator_standing(c->server, &c->who)) {
	case STANDING_GOOD:
		return true;
	case STANDING_REVOKED:
		answer_error(c, 403, "revoked", "ask an approver for a new certificate", "certificate %s is revoked",
		        c->who.serial);
		return false;
	case STANDING_UNKNOWN:
		break;
	}
	answer_error(c, 403, "operator-unknown", "ask an approver for a certificate of this server",
	        "this server issued no such certificate");
	return false;
}

static bool check_role(struct call *c)
{
	if (c->who.role >= c->route->role)
		return true;
	answer_error(c, 403, "role", "ask somebody who has that role", "this takes the role %s, \"%s\" is %s",
	        role_words(c->route->role), c->who.name, role_words(c->who.role));
	return false;
}

static bool check_size(struct call *c, u64 length)
{
	u64 bound = c->server->config.bound[c->route->bound];

	if (c->route->body == BODY_NONE) {
		if (length)
			answer_error(c, 400, "body", see_page, "this request has no body");
	} else if (length == 0) {
		answer_error(c, 400, "body", see_page, "this request needs a body");
	} else if (length > bound) {
		answer_error(c, 413, "size", "signetd.ini, section limits, holds the limit",
		        "%llu bytes are the limit here", (unsigned long long)bound);
	}
	return c->answer.status == 0;
}

static bool find_route(struct call *c, const struct request_head *head, enum listener listener)
{
	switch (route_find(
	        route_tables, route_table_count, listener, head->method, head->target, head->target_length, c)) {
	case MATCH_FOUND:
		return true;
	case MATCH_PATH_ONLY:
		answer_error(c, 405, "method", see_page, "this path does not take %s", method_name(head->method));
		return false;
	case MATCH_MALFORMED:
		answer_error(c, 400, "path", see_page, "the path or its query is malformed");
		return false;
	case MATCH_NONE:
		break;
	}
	answer_error(c, 404, "path", "docs/fleet-api.md lists the requests; nodes and operators have a port each",
	        "there is nothing at this path");
	return false;
}

static bool open_upload(struct call *c)
{
	enum err e;

	if (c->route->body != BODY_FILE)
		return true;
	e = blob_begin(c->server->blobs, &c->upload);
	if (e)
		answer_failure(c, e, "no file for the upload");
	return !e;
}

bool exchange_head(struct exchange *x, const struct request_head *head, enum listener listener, bool allowed)
{
	struct call *c = &x->call;

	memcpy(x->target, head->target, head->target_length);
	c->range = head->range;
	if (!allowed) {
		c->server->counters.throttled++;
		answer_error(c, 429, "rate", "ask again in a second", "too many requests from this address");
		return false;
	}
	if (listener == LISTENER_OPERATORS && !check_standing(c))
		return false;
	if (!find_route(c, head, listener) || !check_role(c) || !check_size(c, head->length))
		return false;
	if (c->route->admit)
		c->route->admit(c);
	return c->answer.status == 0 && open_upload(c);
}

/* Grows with what really came, so that a length alone takes no memory. */
static bool make_room(struct exchange *x, size_t n)
{
	size_t room = x->body_room ? x->body_room : BODY_FIRST;
	u8 *body;

	while (room < x->body_length + n)
		room *= 2;
	if (room == x->body_room)
		return true;
	if (body_memory + (room - x->body_room) > BODY_MEMORY_MAX || !(body = realloc(x->body, room))) {
		answer_error(&x->call, 503, "busy", "ask again in a second", "the server is busy");
		return false;
	}
	body_memory += room - x->body_room;
	x->body = body;
	x->body_room = room;
	return true;
}

bool exchange_body(struct exchange *x, const u8 *bytes, size_t n)
{
	struct call *c = &x->call;

	if (c->upload) {
		enum err e = blob_write(c->upload, bytes, n);

		if (e)
			answer_failure(c, e, "the upload could not be written");
		x->body_length += n;
		return !e;
	}
	if (!make_room(x, n))
		return false;
	memcpy(x->body + x->body_length, bytes, n);
	x->body_length += n;
	return true;
}

static bool read_json(struct exchange *x)
{
	yyjson_read_err why;

	x->json = yyjson_read_opts((char *)x->body, x->body_length, 0, NULL, &why);
	x->call.json = yyjson_doc_get_root(x->json);
	if (yyjson_is_obj(x->call.json))
		return true;
	if (x->json)
		answer_error(&x->call, 400, "json", see_page, "the body must be a JSON object");
	else
		answer_error(&x->call, 400, "json", see_page, "the body is no JSON: %s at byte %zu", why.msg, why.pos);
	return false;
}

static bool take_body(struct exchange *x)
{
	struct call *c = &x->call;

	switch (c->route->body) {
	case BODY_NONE:
	case BODY_FILE:
		break;
	case BODY_JSON:
		return read_json(x);
	case BODY_BYTES:
		c->body = x->body;
		c->body_length = x->body_length;
		break;
	}
	return true;
}

static void replace_answer(struct call *c, enum err e, const char *what)
{
	clear_answer(&c->answer);
	answer_failure(c, e, what);
}

/* Whoever waits is told that nothing comes. */
static bool unpark(struct call *c)
{
	void (*on_gone)(struct call *c) = c->parking.on_gone;
	bool parked = c->parking.parked;

	memset(&c->parking, 0, sizeof(c->parking));
	if (parked && on_gone)
		on_gone(c);
	return parked;
}

/* w: the work that was done for it; NULL: the handler runs. */
static void handle(struct call *c, struct work *w)
{
	struct storage *s = c->server->storage;
	u32 depth = s->transaction->depth(s);

	if (w)
		w->then(c, w);
	else
		c->route->handle(c);
	if (!c->answer.status && !c->parking.parked)
		answer_failure(c, ERR_INTERNAL, c->route->pattern);
	if (!storage_undo_left(s, depth))
		return;
	(void)unpark(c);
	replace_answer(c, ERR_INTERNAL, c->route->pattern);
}

void exchange_settle(struct exchange *x)
{
	struct call *c = &x->call;
	enum err e;

	if (x->settled)
		return;
	x->settled = true;
	if (!c->route || !c->route->audited)
		return;
	e = audit_call(c->server, c, x->target);
	if (e)
		replace_answer(c, e, "the audit log could not be written");
}

/* The answer's entry, or that the request waits: what it waits for begins once this is on the disk. */
static enum err write_entry(struct exchange *x)
{
	struct call *c = &x->call;

	if (c->parking.parked)
		return audit_begun(c->server, c, x->target);
	exchange_settle(x);
	return OK;
}

/* What an audited request changed and its entry are one transaction: neither is there without the other. */
static void handle_audited(struct exchange *x, struct work *w)
{
	struct storage *s = x->call.server->storage;
	struct call *c = &x->call;
	enum err e = s->transaction->begin(s);

	if (e) {
		x->settled = true;
		answer_failure(c, e, "storage");
		return;
	}
	handle(c, w);
	e = write_entry(x);
	if (e || c->answer.status == 500)
		s->transaction->rollback(s);
	else
		e = s->transaction->commit(s);
	if (e) {
		(void)unpark(c);
		/* That it began stays on the disk once it is there. */
		if (!c->begun)
			c->begun_entry = 0;
		replace_answer(c, e, "storage");
	}
	if (c->answer.status == 500) {
		x->settled = false;
		exchange_settle(x);
	}
}

static void begin(struct call *c)
{
	c->begun = true;
	if (c->parking.parked && c->parking.begin)
		c->parking.begin(c);
}

void exchange_run(struct exchange *x)
{
	struct call *c = &x->call;

	if (!take_body(x)) {
		exchange_settle(x);
		return;
	}
	if (c->route->audited)
		handle_audited(x, NULL);
	else
		handle(c, NULL);
	begin(c);
}

void exchange_resume(struct exchange *x, struct work *w)
{
	struct call *c = &x->call;

	/* Answered by what follows; a wake-up comes all the same, since the connection waits. */
	memset(&c->parking, 0, sizeof(c->parking));
	c->state = NULL;
	if (c->route->audited)
		handle_audited(x, w);
	else
		handle(c, w);
	c->ops->ready(c);
}

void exchange_time(struct exchange *x)
{
	struct call *c = &x->call;
	void (*on_time)(struct call *c) = c->parking.on_time;

	/* Parked again or answered by what it calls; a wake-up would only come back here. */
	memset(&c->parking, 0, sizeof(c->parking));
	if (on_time)
		on_time(c);
	if (!c->answer.status && !c->parking.parked)
		answer_failure(c, ERR_INTERNAL, c->route->pattern);
}

void exchange_refuse(struct exchange *x, const struct refusal *why)
{
	answer_error(&x->call, why->status, why->code, why->advice, "%s", why->message);
	x->settled = true;
}

/* What was ordered is carried out whether or not the caller stays for the answer: the audit log tells of it. */
void exchange_gone(struct exchange *x)
{
	static const char code[] = "caller-gone";
	struct call *c = &x->call;

	if (unpark(c))
		memcpy(c->answer.code, code, sizeof(code));
	exchange_settle(x);
}
