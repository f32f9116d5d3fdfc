/*
 * Operators' requests about guests: definitions are kept here, nodes run them.
 * Trust: from an authenticated operator; what a node says of its guests is its word alone.
 */
#include "signetd/admin.h"

#include "lib/print.h"
#include "signetd/blobs.h"
#include "signetd/body.h"
#include "signetd/guest_definition.h"
#include "signetd/orders.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { INPUT_MAX = 4096, WAIT_MAX = 30000 };

static bool find_node(struct call *c, u8 id[ATTEST_ID_SIZE])
{
	struct node_entry *n = malloc(sizeof(*n));
	bool found = n && fleet_node_of(c, n);

	if (!n)
		answer_failure(c, ERR_NO_MEMORY, "a node's record");
	if (found)
		memcpy(id, n->id, ATTEST_ID_SIZE);
	free(n);
	return found;
}

static bool find_guest(struct call *c, const u8 id[ATTEST_ID_SIZE], const char *name, struct guest_entry *out)
{
	struct storage *s = c->server->storage;
	enum err e = s->guests->find(s, id, name, out);

	if (e == ERR_STORAGE_ABSENT)
		answer_error(c, 404, "guest-unknown", "`signet guest list` shows the node's guests",
		        "no such guest is defined on this node");
	else if (e)
		answer_failure(c, e, "the guest's definition could not be read");
	return !e;
}

static void add_definition(yyjson_mut_doc *doc, yyjson_mut_val *to, const char *name, const struct guest_entry *g)
{
	yyjson_doc *definition = yyjson_read(g->definition, strlen(g->definition), 0);

	if (definition)
		(void)yyjson_mut_obj_add_val(doc, to, name, yyjson_val_mut_copy(doc, yyjson_doc_get_root(definition)));
	else
		(void)yyjson_mut_obj_add_null(doc, to, name);
	yyjson_doc_free(definition);
}

yyjson_mut_doc *guest_run_arguments(const struct guest_entry *g)
{
	yyjson_mut_val *root;
	yyjson_mut_doc *doc = fleet_object(&root);

	add_definition(doc, root, "guest", g);
	(void)json_put_hex(doc, root, "digest", g->digest, sizeof(g->digest));
	return doc;
}

static void put_text(yyjson_mut_doc *doc, yyjson_mut_val *to, const char *name, const char *text, const char *otherwise)
{
	(void)yyjson_mut_obj_add_strcpy(doc, to, name, text ? text : otherwise);
}

/* definition, said: NULL for what is not known. */
static void put_guest(yyjson_mut_doc *doc, yyjson_mut_val *o, const struct guest_entry *definition, yyjson_val *said,
        const char *state)
{
	const char *digest = field_text(said, "digest");

	put_text(doc, o, "name", definition ? definition->name : field_text(said, "name"), "");
	if (definition)
		add_definition(doc, o, "definition", definition);
	else
		(void)yyjson_mut_obj_add_null(doc, o, "definition");
	put_text(doc, o, "state", field_text(said, "state"), state);
	if (definition)
		(void)json_put_hex(doc, o, "digest", definition->digest, sizeof(definition->digest));
	else if (digest)
		(void)yyjson_mut_obj_add_strcpy(doc, o, "digest", digest);
	else
		(void)yyjson_mut_obj_add_null(doc, o, "digest");
	(void)yyjson_mut_obj_add_uint(doc, o, "cpuTime", field_number(said, "cpuTime"));
	(void)yyjson_mut_obj_add_uint(doc, o, "exits", field_number(said, "exits"));
	put_text(doc, o, "reason", field_text(said, "reason"), "");
}

struct listing {
	yyjson_mut_doc *doc;
	yyjson_mut_val *list;
	yyjson_val *said; /* the node's guests; NULL: it is silent */
};

static yyjson_val *said_of(yyjson_val *said, const char *name)
{
	size_t i;
	size_t n;
	yyjson_val *one;

	yyjson_arr_foreach(said, i, n, one) {
		if (yyjson_equals_str(yyjson_obj_get(one, "name"), name))
			return one;
	}
	return NULL;
}

static enum err list_defined(void *context, const struct guest_entry *g)
{
	struct listing *l = context;

	put_guest(l->doc, yyjson_mut_arr_add_obj(l->doc, l->list), g, said_of(l->said, g->name),
	        l->said ? "absent" : "unknown");
	return OK;
}

/* Guests that the node has and nobody here defined. */
static void list_others(struct listing *l, struct storage *s, const u8 *id)
{
	struct guest_entry *g = malloc(sizeof(*g));
	size_t i;
	size_t n;
	yyjson_val *one;

	yyjson_arr_foreach(l->said, i, n, one) {
		const char *name = yyjson_get_str(yyjson_obj_get(one, "name"));
		if (g && name && s->guests->find(s, id, name, g) == ERR_STORAGE_ABSENT)
			put_guest(l->doc, yyjson_mut_arr_add_obj(l->doc, l->list), NULL, one, "unknown");
	}
	free(g);
}

static void answer_guests(struct call *c, yyjson_val *value)
{
	struct storage *s = c->server->storage;
	yyjson_mut_val *root;
	u8 id[ATTEST_ID_SIZE];

	if (!find_node(c, id))
		return;
	yyjson_mut_doc *doc = fleet_object(&root);
	struct listing l = { doc, yyjson_mut_obj_add_arr(doc, root, "guests"), yyjson_obj_get(value, "guests") };
	enum err e = s->guests->read(s, id, list_defined, &l);
	if (e) {
		yyjson_mut_doc_free(doc);
		answer_failure(c, e, "the guests could not be read");
		return;
	}
	list_others(&l, s, id);
	answer_json(c, 200, doc);
}

void admin_list_guests(struct call *c)
{
	u8 id[ATTEST_ID_SIZE];

	if (!find_node(c, id))
		return;
	const struct live_node *l = live_find(c->server, id);
	if (l && live_is_online(c->server, l))
		order_for_call(c, id, "guest-list", NULL, answer_guests);
	else
		answer_guests(c, NULL);
}

static bool blob_is_here(struct call *c, const char *digest)
{
	int fd;
	u64 length;
	enum err e = digest ? blob_open(c->server->blobs, digest, &fd, &length) : ERR_ARGUMENT;

	if (!digest)
		return true;
	if (!e)
		(void)close(fd);
	else
		answer_error(c, 404, "blob-unknown", "upload it first", "the server does not hold %s", digest);
	return !e;
}

static enum err count_guest(void *context, const struct guest_entry *g)
{
	(void)g;
	++*(u32 *)context;
	return OK;
}

/* A ticket lists no more, so none is defined that no ticket could allow. */
static bool has_room(struct call *c, const struct guest_entry *g)
{
	struct storage *s = c->server->storage;
	struct guest_entry *same = malloc(sizeof(*same));
	u32 count = 0;
	enum err e = same ? s->guests->find(s, g->node, g->name, same) : ERR_NO_MEMORY;

	free(same);
	if (!e)
		return true;
	if (e == ERR_STORAGE_ABSENT)
		e = s->guests->read(s, g->node, count_guest, &count);
	if (e)
		answer_failure(c, e, "the guests could not be counted");
	else if (count >= TICKET_GUESTS_MAX)
		answer_error(c, 409, "too-many-guests", "remove one first", "the node has %d guests already",
		        TICKET_GUESTS_MAX);
	return !e && count < TICKET_GUESTS_MAX;
}

static void guest_runs(struct call *c, yyjson_val *value)
{
	u8 id[ATTEST_ID_SIZE];
	struct guest_entry *g = malloc(sizeof(*g));
	yyjson_mut_val *root;

	(void)value;
	if (!g)
		answer_failure(c, ERR_NO_MEMORY, "a guest's definition");
	else if (find_node(c, id) && find_guest(c, id, field_text(c->json, "name"), g)) {
		yyjson_mut_doc *doc = fleet_object(&root);
		put_guest(doc, root, g, NULL, "running");
		answer_json(c, 200, doc);
	}
	free(g);
}

static bool ticket_allows_it(const struct live_node *l, const struct guest_entry *g)
{
	for (u32 i = 0; l && i < l->allowed_count; i++)
		if (memcmp(l->allowed[i], g->digest, SHA384_SIZE) == 0)
			return true;
	return false;
}

/* The node has a new ticket, if its boot is good; without one in which the guest is listed, it says why it refuses. */
static void attested(struct call *c, yyjson_val *value)
{
	u8 id[ATTEST_ID_SIZE];
	struct guest_entry *g = malloc(sizeof(*g));

	(void)value;
	if (!g)
		answer_failure(c, ERR_NO_MEMORY, "a guest's definition");
	else if (find_node(c, id) && find_guest(c, id, field_text(c->json, "name"), g)) {
		if (ticket_allows_it(live_find(c->server, id), g))
			order_for_call(c, id, "guest-run", guest_run_arguments(g), guest_runs);
		else
			answer_error(c, 409, "no-ticket", "`signet attest explain` says why", "%s",
			        "the node gets no ticket: its boot was not found good");
	}
	free(g);
}

static void define_and_run(struct call *c, struct guest_entry *g)
{
	struct storage *s = c->server->storage;
	char why[256];

	if (!guest_definition_read(c->json, g, why, sizeof(why))) {
		answer_error(c, 400, "body", "docs/guests.md says what a definition holds", "%s", why);
		return;
	}
	if (!blob_is_here(c, field_text(c->json, "kernel")) || !blob_is_here(c, field_text(c->json, "initramfs")) ||
	        !has_room(c, g))
		return;
	enum err e = s->guests->put(s, g);
	if (e) {
		answer_failure(c, e, "the definition could not be stored");
		return;
	}
	call_note(c, "guest %s on node %s", g->name, c->parameters[0]);
	order_for_call(c, g->node, "attest", NULL, attested);
}

void admin_run_guest(struct call *c)
{
	struct guest_entry *g = calloc(1, sizeof(*g));

	if (!g)
		answer_failure(c, ERR_NO_MEMORY, "a guest's definition");
	else if (find_node(c, g->node))
		define_and_run(c, g);
	free(g);
}

static yyjson_mut_doc *name_argument(struct call *c, yyjson_mut_val **root)
{
	yyjson_mut_doc *doc = fleet_object(root);

	(void)yyjson_mut_obj_add_strcpy(doc, *root, "name", c->parameters[1]);
	return doc;
}

static const struct field stop_fields[] = { { "now", FIELD_BOOL, FIELD_REQUIRED, 0 } };

void admin_stop_guest(struct call *c)
{
	u8 id[ATTEST_ID_SIZE];
	yyjson_mut_val *root;

	if (!body_fits(c, stop_fields, ARRAY_SIZE(stop_fields)) || !find_node(c, id))
		return;
	yyjson_mut_doc *doc = name_argument(c, &root);
	(void)yyjson_mut_obj_add_bool(doc, root, "now", field_bool(c->json, "now"));
	order_for_call(c, id, "guest-stop", doc, NULL);
}

/* The definition goes first: from then on no ticket lists the guest, whether the node answers or not. */
void admin_remove_guest(struct call *c)
{
	struct storage *s = c->server->storage;
	u8 id[ATTEST_ID_SIZE];
	yyjson_mut_val *root;

	if (!find_node(c, id))
		return;
	enum err e = s->guests->remove(s, id, c->parameters[1]);
	if (e && e != ERR_STORAGE_ABSENT) {
		answer_failure(c, e, "the definition could not be removed");
		return;
	}
	const struct live_node *l = live_find(c->server, id);
	if (!e && (!l || !live_is_online(c->server, l)))
		answer_done(c);
	else
		order_for_call(c, id, "guest-remove", name_argument(c, &root), NULL);
}

static const struct field console_fields[] = {
	{ "offset", FIELD_NUMBER, FIELD_REQUIRED, INT64_MAX },
	{ "input", FIELD_BASE64, FIELD_REQUIRED | FIELD_EMPTY, INPUT_MAX },
	{ "waitMs", FIELD_NUMBER, FIELD_REQUIRED, WAIT_MAX },
};

void admin_console(struct call *c)
{
	u8 id[ATTEST_ID_SIZE];
	yyjson_mut_val *root;

	if (!body_fits(c, console_fields, ARRAY_SIZE(console_fields)) || !find_node(c, id))
		return;
	yyjson_mut_doc *doc = name_argument(c, &root);
	(void)yyjson_mut_obj_add_uint(doc, root, "offset", field_number(c->json, "offset"));
	(void)yyjson_mut_obj_add_strcpy(doc, root, "input", field_text(c->json, "input"));
	(void)yyjson_mut_obj_add_uint(doc, root, "waitMs", field_number(c->json, "waitMs"));
	order_for_call(c, id, "guest-console", doc, NULL);
}
