/*
 * A node's long poll: answers to commands come in, new commands go out. And what the node fetches.
 * Trust: of a node whose own the connection is; what it answers is its word alone.
 */
#include "signetd/node_handlers.h"

#include "signetd/audit.h"
#include "signetd/blobs.h"
#include "signetd/body.h"
#include "signetd/journal.h"
#include "signetd/orders.h"
#include "signetd/updates.h"

#include "lib/print.h"

#include <stdlib.h>
#include <string.h>

enum { RESULTS_MAX = 64, INTENT_MILLISECONDS = 600000, INTENT_REST_MILLISECONDS = 60000, ERROR_MEMBERS_MAX = 3 };

static const struct field poll_fields[] = {
	{ "node", FIELD_HEX, FIELD_REQUIRED, ATTEST_ID_SIZE },
	{ "results", FIELD_ARRAY, FIELD_REQUIRED, RESULTS_MAX },
	{ "running", FIELD_ARRAY, FIELD_REQUIRED, RESULTS_MAX },
	{ "report", FIELD_OBJECT, FIELD_REQUIRED | FIELD_NULLABLE, 64 },
};

static const struct field result_fields[] = {
	{ "id", FIELD_NUMBER, FIELD_REQUIRED, INT64_MAX },
	{ "ok", FIELD_BOOL, FIELD_REQUIRED, 0 },
	{ "value", FIELD_OBJECT, FIELD_NULLABLE, 64 },
	{ "error", FIELD_OBJECT, FIELD_NULLABLE, ERROR_MEMBERS_MAX },
};

static void answer_attest_first(struct call *c)
{
	answer_error(c, 401, "attest-first", "attest over this connection's key", "this connection is no node's own");
}

static bool results_fit(struct call *c, yyjson_val *results)
{
	size_t i;
	size_t n;
	yyjson_val *one;
	char why[256];

	yyjson_arr_foreach(results, i, n, one) {
		if (fields_fit(one, result_fields, ARRAY_SIZE(result_fields), why, sizeof(why)))
			continue;
		answer_error(c, 400, "body", "docs/fleet-api.md lists what this request takes", "results: %s", why);
		return false;
	}
	return true;
}

static void take_results(struct server *s, const u8 *node, yyjson_val *results)
{
	size_t i;
	size_t n;
	yyjson_val *one;

	yyjson_arr_foreach(results, i, n, one) {
		bool ok = field_bool(one, "ok");
		yyjson_val *answer = yyjson_obj_get(one, ok ? "value" : "error");
		order_answered(s, node, field_number(one, "id"), ok, answer);
	}
}

static void keep_report(struct server *s, struct live_node *l, yyjson_val *report)
{
	size_t n = 0;
	char *text = yyjson_is_obj(report) ? yyjson_val_write(report, YYJSON_WRITE_NOFLAG, &n) : NULL;

	if (!text || n > REPORT_MAX) {
		free(text);
		return;
	}
	free(l->report);
	l->report = text;
	updates_reported(s, l, report);
}

/* Reads, changes and stores a node's record; for the answers of its own orders. */
static void update_node(struct server *s, const u8 *id, void (*change)(struct node_entry *n))
{
	struct node_entry *n = malloc(sizeof(*n));
	enum err e = n ? s->storage->nodes->find(s->storage, id, n) : ERR_NO_MEMORY;

	if (!e) {
		change(n);
		e = s->storage->nodes->put(s->storage, n);
	}
	if (e && e != ERR_STORAGE_ABSENT)
		journal(JOURNAL_ERROR, "a node's record could not be changed: %s", err_text(e));
	free(n);
}

/* What failed will most likely fail again: nodes' logs, TPMs and this server are not worn out by trying. */
static void rest(struct server *s, struct live_node *l)
{
	l->intents_after = fleet_now(s) + INTENT_REST_MILLISECONDS;
}

static void tell_failure(const u8 *id, const char *what, yyjson_val *answer)
{
	char text[2 * ATTEST_ID_SIZE + 1];
	const char *message = yyjson_get_str(yyjson_obj_get(answer, "message"));

	hex_encode(text, id, ATTEST_ID_SIZE);
	journal(JOURNAL_WARNING, "node %s: %s failed: %s", text, what, message ? message : "no answer");
}

static void is_provisioned(struct node_entry *n)
{
	n->provisioned = true;
	n->authority_due = false;
}

static void has_authority(struct node_entry *n)
{
	n->authority_due = false;
}

static void started_guests(struct node_entry *n)
{
	memcpy(n->autostart_session, n->ticket_session, sizeof(n->autostart_session));
}

static void provision_done(struct server *s, void *context, bool ok, yyjson_val *answer)
{
	struct live_node *l = context;

	l->provision_order = 0;
	if (ok)
		update_node(s, l->id, is_provisioned);
	else
		tell_failure(l->id, "provisioning", answer);
	if (!ok)
		rest(s, l);
}

static void authority_done(struct server *s, void *context, bool ok, yyjson_val *answer)
{
	struct live_node *l = context;

	l->authority_order = 0;
	if (ok)
		update_node(s, l->id, has_authority);
	else
		tell_failure(l->id, "the write authority", answer);
	if (!ok)
		rest(s, l);
}

/* A guest that cannot start is the node's to tell; the others start all the same. */
static void autostart_done(struct server *s, void *context, bool ok, yyjson_val *answer)
{
	struct live_node *l = context;

	if (!ok)
		tell_failure(l->id, "the start of a guest", answer);
	l->autostart_missed |= !ok && !answer;
	if (--l->autostart_open == 0 && !l->autostart_missed)
		update_node(s, l->id, started_guests);
}

static void order_provision(struct server *s, struct live_node *l, const struct node_entry *n)
{
	yyjson_mut_val *root;
	yyjson_mut_doc *doc = fleet_object(&root);

	(void)json_put_base64(doc, root, "ownerAuth", n->owner_auth, sizeof(n->owner_auth));
	(void)json_put_base64(doc, root, "lockoutAuth", n->lockout_auth, sizeof(n->lockout_auth));
	(void)yyjson_mut_obj_add_uint(doc, root, "imageFloor", n->first_image_floor);
	(void)yyjson_mut_obj_add_uint(doc, root, "keyFloor", n->first_key_floor);
	(void)json_put_base64(doc, root, "policyKey", n->policy_key, sizeof(n->policy_key));
	(void)json_put_base64(doc, root, "authority", n->authority, n->authority_size);
	if (order_give(s, l->id, "provision", doc, INTENT_MILLISECONDS, provision_done, l, &l->provision_order) != OK)
		l->provision_order = 0;
}

static void order_authority(struct server *s, struct live_node *l, const struct node_entry *n)
{
	yyjson_mut_val *root;
	yyjson_mut_doc *doc = fleet_object(&root);

	(void)json_put_base64(doc, root, "authority", n->authority, n->authority_size);
	if (order_give(s, l->id, "authority", doc, INTENT_MILLISECONDS, authority_done, l, &l->authority_order) != OK)
		l->authority_order = 0;
}

struct starting {
	struct server *server;
	struct live_node *live;
};

static enum err order_guest(void *context, const struct guest_entry *g)
{
	struct starting *st = context;
	u64 id;

	if (!g->autostart)
		return OK;
	yyjson_mut_doc *doc = guest_run_arguments(g);
	enum err e = order_give(
	        st->server, st->live->id, "guest-run", doc, INTENT_MILLISECONDS, autostart_done, st->live, &id);
	st->live->autostart_open += e == OK;
	return e;
}

static bool guests_are_due(const struct live_node *l, const struct node_entry *n)
{
	return strcmp(node_state_words(n), "good") == 0 && n->ticket_sequence && !l->autostart_open &&
	        memcmp(n->autostart_session, n->ticket_session, sizeof(n->ticket_session)) != 0;
}

/* All of a node's or none: what could not be ordered now, is when its next poll comes. */
static void start_guests(struct server *s, struct live_node *l)
{
	struct starting st = { s, l };
	char text[2 * ATTEST_ID_SIZE + 1];
	bool before = l->autostart_missed;
	enum err e = orders_room(s) < TICKET_GUESTS_MAX ? ERR_RANGE
	                                                : s->storage->guests->read(s->storage, l->id, order_guest, &st);

	l->autostart_missed = e != OK;
	if (!e && !l->autostart_open)
		update_node(s, l->id, started_guests);
	if (!e || before)
		return;
	hex_encode(text, l->id, ATTEST_ID_SIZE);
	journal(JOURNAL_WARNING, "node %s: its guests wait for their start: %s", text, err_text(e));
}

void node_intents(struct server *s, struct live_node *l, struct node_entry *n)
{
	if (n->state != NODE_ENROLLED || fleet_now(s) < l->intents_after)
		return;
	if (!n->provisioned && !l->provision_order)
		order_provision(s, l, n);
	else if (n->provisioned && n->authority_due && !l->authority_order)
		order_authority(s, l, n);
	updates_intents(s, l, n);
	if (guests_are_due(l, n))
		start_guests(s, l);
}

static void poll(struct call *c, struct live_node *l)
{
	struct server *s = c->server;
	struct node_entry *n = malloc(sizeof(*n));

	take_results(s, l->id, yyjson_obj_get(c->json, "results"));
	keep_report(s, l, yyjson_obj_get(c->json, "report"));
	enum err e = n ? s->storage->nodes->find(s->storage, l->id, n) : ERR_NO_MEMORY;
	if (!e)
		node_intents(s, l, n);
	free(n);
	if (e)
		answer_failure(c, e, "the node's record could not be read");
	else
		orders_poll(c, l, yyjson_obj_get(c->json, "running"));
}

void node_poll(struct call *c)
{
	u8 id[ATTEST_ID_SIZE];

	if (!body_fits(c, poll_fields, ARRAY_SIZE(poll_fields)) || !results_fit(c, yyjson_obj_get(c->json, "results")))
		return;
	(void)field_hex(c->json, "node", id, sizeof(id));
	struct live_node *l = live_find(c->server, id);
	if (!l || !live_owns(l, &c->who))
		answer_attest_first(c);
	else
		poll(c, l);
}

/* Who has a TPM of his own making gets as far as pending. */
static bool is_enrolled(struct call *c, const struct live_node *l)
{
	struct storage *s = c->server->storage;
	struct node_entry *n = malloc(sizeof(*n));
	enum err e = n ? s->nodes->find(s, l->id, n) : ERR_NO_MEMORY;
	bool enrolled = !e && n->state == NODE_ENROLLED;

	free(n);
	if (e)
		answer_failure(c, e, "the node's record could not be read");
	else if (!enrolled)
		answer_error(c, 403, "not-enrolled", "have an approver enrol it", "the node is not enrolled");
	return enrolled;
}

static const struct field report_fields[] = {
	{ "node", FIELD_HEX, FIELD_REQUIRED, ATTEST_ID_SIZE },
	{ "report", FIELD_OBJECT, FIELD_REQUIRED, 64 },
};

/* Beside the poll, which another thread of the node holds. */
void node_report(struct call *c)
{
	u8 id[ATTEST_ID_SIZE];

	if (!body_fits(c, report_fields, ARRAY_SIZE(report_fields)))
		return;
	(void)field_hex(c->json, "node", id, sizeof(id));
	struct live_node *l = live_find(c->server, id);
	if (!l || !live_owns(l, &c->who)) {
		answer_attest_first(c);
		return;
	}
	live_touch(c->server, l);
	keep_report(c->server, l, yyjson_obj_get(c->json, "report"));
	answer_done(c);
}

void node_blob(struct call *c)
{
	const struct live_node *l = live_of_key(c->server, &c->who);
	int fd;
	u64 length;

	if (!l) {
		answer_attest_first(c);
		return;
	}
	if (!is_enrolled(c, l))
		return;
	enum err e = blob_open(c->server->blobs, c->parameters[0], &fd, &length);
	if (e == ERR_STORAGE_ABSENT || e == ERR_ARGUMENT)
		answer_error(c, 404, "blob-unknown", "upload it first", "the server holds no such blob");
	else if (e)
		answer_failure(c, e, "a blob could not be read");
	else
		answer_file(c, fd, length);
}
