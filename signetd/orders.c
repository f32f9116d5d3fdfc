/*
 * Commands to nodes.
 * Trust: answers come from nodes.
 */
#include "signetd/orders.h"

#include "signetd/journal.h"
#include "signetd/storage_meta.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Ids are taken from storage by the block: a restart skips what is left of one, and never gives one twice. Nor does a
 * server whose folder was brought back from a copy: blocks do not begin below the time. To an id that was given before,
 * a node would repeat its old answer, and carry nothing out.
 */
enum { ID_BLOCK = 1000, BATCH_MAX = 16 };

static const char id_name[] = "order-ids";

struct order {
	u64 id;
	u8 node[ATTEST_ID_SIZE];
	char kind[ORDER_KIND_SIZE];
	yyjson_mut_doc *arguments;
	bool sent; /* at some time */
	bool with_node; /* as far as its last poll told */
	u64 expires;
	order_done *done;
	void *context;
};

struct orders {
	struct order *all[ORDERS_MAX];
	size_t count;
	u64 next_id, last_id; /* of the block */
};

static enum err next_block(struct server *s, struct orders *o)
{
	char value[META_VALUE_MAX + 1];
	enum err e = s->storage->meta->get(s->storage, id_name, value);
	u64 first = e ? 1 : strtoull(value, NULL, 10), now = s->clock->wall(s->clock) * ID_BLOCK;

	if (e && e != ERR_STORAGE_ABSENT)
		return e;
	if (first < now)
		first = now;
	(void)snprintf(value, sizeof(value), "%llu", (unsigned long long)first + ID_BLOCK);
	e = s->storage->meta->set(s->storage, id_name, value);
	if (e)
		return e;
	o->next_id = first;
	o->last_id = first + ID_BLOCK - 1;
	return OK;
}

enum err orders_open(struct server *s)
{
	s->fleet->orders = calloc(1, sizeof(struct orders));
	return s->fleet->orders ? next_block(s, s->fleet->orders) : ERR_NO_MEMORY;
}

static void free_order(struct order *o)
{
	yyjson_mut_doc_free(o->arguments);
	free(o);
}

/* Out of the list first: whoever is told may give new orders. */
static void end_order(struct server *s, size_t at, bool ok, yyjson_val *answer)
{
	struct orders *all = s->fleet->orders;
	struct order *o = all->all[at];

	all->all[at] = all->all[--all->count];
	if (o->done)
		o->done(s, o->context, ok, answer);
	free_order(o);
}

void orders_close(struct server *s)
{
	struct orders *o = s->fleet->orders;

	for (size_t i = 0; o && i < o->count; i++)
		free_order(o->all[i]);
	free(o);
	s->fleet->orders = NULL;
}

void orders_tick(struct server *s)
{
	struct orders *o = s->fleet->orders;
	u64 now = fleet_now(s);

	for (size_t i = o->count; i-- > 0;)
		if (i < o->count && now >= o->all[i]->expires)
			end_order(s, i, false, NULL);
}

void orders_forget(struct server *s, const u8 node[ATTEST_ID_SIZE])
{
	struct orders *o = s->fleet->orders;

	for (size_t i = o ? o->count : 0; i-- > 0;)
		if (i < o->count && memcmp(o->all[i]->node, node, ATTEST_ID_SIZE) == 0)
			end_order(s, i, false, NULL);
}

/* In the order they were given: orders are few, and ids tell. */
static struct order *next_for(struct orders *o, const u8 *node)
{
	struct order *best = NULL;

	for (size_t i = 0; i < o->count; i++) {
		struct order *one = o->all[i];
		if (!one->with_node && memcmp(one->node, node, ATTEST_ID_SIZE) == 0 && (!best || one->id < best->id))
			best = one;
	}
	return best;
}

static void put_order(yyjson_mut_doc *doc, yyjson_mut_val *list, const struct order *o)
{
	yyjson_mut_val *one = yyjson_mut_arr_add_obj(doc, list);
	yyjson_mut_val *arguments = o->arguments ? yyjson_mut_val_mut_copy(doc, yyjson_mut_doc_get_root(o->arguments))
	                                         : yyjson_mut_obj(doc);

	(void)yyjson_mut_obj_add_uint(doc, one, "id", o->id);
	(void)yyjson_mut_obj_add_strcpy(doc, one, "kind", o->kind);
	(void)yyjson_mut_obj_add_val(doc, one, "arguments", arguments);
}

/* False: there was none, and nothing was answered. */
static bool answer_with_orders(struct call *c, const u8 *node)
{
	struct orders *o = c->server->fleet->orders;
	struct order *one = next_for(o, node);
	yyjson_mut_val *root;

	if (!one)
		return false;
	yyjson_mut_doc *doc = fleet_object(&root);
	yyjson_mut_val *list = yyjson_mut_obj_add_arr(doc, root, "commands");
	for (size_t n = 0; one && n < BATCH_MAX; n++) {
		put_order(doc, list, one);
		one->sent = one->with_node = true;
		one = next_for(o, node);
	}
	answer_json(c, 200, doc);
	return true;
}

void orders_release_poll(struct live_node *n)
{
	struct call *c = n->poll;
	yyjson_mut_val *root;

	n->poll = NULL;
	if (!c)
		return;
	yyjson_mut_doc *doc = fleet_object(&root);
	(void)yyjson_mut_obj_add_arr(doc, root, "commands");
	answer_json(c, 200, doc);
}

static void poll_is_over(struct call *c)
{
	struct live_node *n = c->state;

	live_touch(c->server, n);
	orders_release_poll(n);
}

static void poll_is_gone(struct call *c)
{
	struct live_node *n = c->state;

	if (n->poll == c)
		n->poll = NULL;
}

static bool lists(yyjson_val *running, u64 id)
{
	size_t i;
	size_t n;
	yyjson_val *one;

	yyjson_arr_foreach(running, i, n, one) {
		if (yyjson_get_uint(one) == id)
			return true;
	}
	return false;
}

void orders_poll(struct call *c, struct live_node *n, yyjson_val *running)
{
	struct orders *o = c->server->fleet->orders;

	for (size_t i = 0; i < o->count; i++)
		if (memcmp(o->all[i]->node, n->id, ATTEST_ID_SIZE) == 0)
			o->all[i]->with_node = lists(running, o->all[i]->id);
	/* Two at once of one node: the older connection is most likely dead. */
	orders_release_poll(n);
	live_touch(c->server, n);
	if (answer_with_orders(c, n->id))
		return;
	n->poll = c;
	c->state = n;
	call_park(c, POLL_MILLISECONDS, NULL, poll_is_over, poll_is_gone);
}

static void wake(struct server *s, const u8 *node)
{
	struct live_node *n = live_find(s, node);
	struct call *c = n ? n->poll : NULL;

	if (c && answer_with_orders(c, node))
		n->poll = NULL;
}

size_t orders_room(const struct server *s)
{
	return ORDERS_MAX - s->fleet->orders->count;
}

enum err order_reserve(struct server *s, u64 *id)
{
	struct orders *all = s->fleet->orders;
	enum err e = OK;

	if (all->next_id > all->last_id)
		e = next_block(s, all);
	if (!e)
		*id = all->next_id++;
	return e;
}

enum err order_give_as(struct server *s, const u8 node[ATTEST_ID_SIZE], u64 id, const char *kind,
        yyjson_mut_doc *arguments, u64 milliseconds, order_done *done, void *context)
{
	struct orders *all = s->fleet->orders;
	struct order *o = all->count < ORDERS_MAX ? calloc(1, sizeof(*o)) : NULL;

	if (!o) {
		yyjson_mut_doc_free(arguments);
		return ERR_RANGE;
	}
	*o = (struct order){ .id = id, .arguments = arguments, .done = done, .context = context };
	memcpy(o->node, node, sizeof(o->node));
	(void)snprintf(o->kind, sizeof(o->kind), "%s", kind);
	o->expires = fleet_now(s) + milliseconds;
	all->all[all->count++] = o;
	wake(s, node);
	return OK;
}

enum err order_give(struct server *s, const u8 node[ATTEST_ID_SIZE], const char *kind, yyjson_mut_doc *arguments,
        u64 milliseconds, order_done *done, void *context, u64 *id)
{
	enum err e = order_reserve(s, id);

	if (!e)
		return order_give_as(s, node, *id, kind, arguments, milliseconds, done, context);
	yyjson_mut_doc_free(arguments);
	return e;
}

static size_t find_order(const struct orders *o, u64 id)
{
	size_t at = 0;

	while (at < o->count && o->all[at]->id != id)
		at++;
	return at;
}

void order_abandon(struct server *s, u64 id)
{
	struct orders *o = s->fleet->orders;
	size_t at = find_order(o, id);

	if (at == o->count)
		return;
	o->all[at]->done = NULL;
	if (!o->all[at]->sent)
		end_order(s, at, false, NULL);
}

void order_drop(struct server *s, u64 id)
{
	struct orders *o = s->fleet->orders;
	size_t at = find_order(o, id);

	if (at == o->count)
		return;
	o->all[at]->done = NULL;
	end_order(s, at, false, NULL);
}

void order_answered(struct server *s, const u8 node[ATTEST_ID_SIZE], u64 id, bool ok, yyjson_val *answer)
{
	struct orders *o = s->fleet->orders;
	size_t at = find_order(o, id);

	if (at < o->count && memcmp(o->all[at]->node, node, ATTEST_ID_SIZE) == 0)
		end_order(s, at, ok, answer);
}

/* An operator who waits for a node. */
struct waiting {
	struct call *call;
	u8 node[ATTEST_ID_SIZE];
	const char *kind;
	yyjson_mut_doc *arguments; /* until the order is given */
	u64 order;
	void (*then)(struct call *c, yyjson_val *value);
};

static void free_waiting(struct waiting *w)
{
	yyjson_mut_doc_free(w->arguments);
	free(w);
}

static void answer_value(struct call *c, yyjson_val *value)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);

	if (!yyjson_is_obj(value)) {
		yyjson_mut_doc_free(doc);
		answer_done(c);
		return;
	}
	yyjson_mut_doc_set_root(doc, yyjson_val_mut_copy(doc, value));
	answer_json(c, 200, doc);
}

static const char *text_or(yyjson_val *object, const char *name, const char *otherwise)
{
	const char *text = yyjson_get_str(yyjson_obj_get(object, name));

	return text ? text : otherwise;
}

static void answer_silent(struct call *c)
{
	answer_error(c, 504, "node-silent", "look at the node's console; it may still carry the command out",
	        "the node did not answer in time");
}

static void node_answered(struct server *s, void *context, bool ok, yyjson_val *answer)
{
	struct waiting *w = context;
	struct call *c = w->call;
	void (*then)(struct call *, yyjson_val *) = w->then;

	(void)s;
	c->state = NULL;
	free_waiting(w);
	if (ok)
		then(c, answer);
	else if (!answer)
		answer_silent(c);
	else
		answer_error(c, 409, text_or(answer, "code", "node-failed"),
		        text_or(answer, "advice", "look at `signet node logs`"), "%s",
		        text_or(answer, "message", "the node could not do it"));
}

static void call_is_over(struct call *c)
{
	struct waiting *w = c->state;

	c->state = NULL;
	order_abandon(c->server, w->order);
	free_waiting(w);
	answer_silent(c);
}

static void call_is_gone(struct call *c)
{
	struct waiting *w = c->state;

	if (!w)
		return;
	order_abandon(c->server, w->order);
	free_waiting(w);
}

static void give_order(struct call *c)
{
	struct waiting *w = c->state;
	yyjson_mut_doc *arguments = w->arguments;

	w->arguments = NULL;
	c->ordered = fleet_now(c->server);
	enum err e = order_give(
	        c->server, w->node, w->kind, arguments, 2 * ORDER_WAIT_MILLISECONDS, node_answered, w, &w->order);
	if (!e)
		return;
	c->state = NULL;
	free_waiting(w);
	answer_failure(c, e, "the command could not be given");
}

void order_for_call(struct call *c, const u8 node[ATTEST_ID_SIZE], const char *kind, yyjson_mut_doc *arguments,
        void (*then)(struct call *c, yyjson_val *value))
{
	const struct live_node *n = live_find(c->server, node);
	struct waiting *w = calloc(1, sizeof(*w));

	if (!w || !n || !live_is_online(c->server, n)) {
		free(w);
		yyjson_mut_doc_free(arguments);
		answer_error(c, 409, "node-offline", "look at the node's screen, which says what it waits for",
		        "the node is not connected");
		return;
	}
	*w = (struct waiting){ .call = c, .kind = kind, .arguments = arguments, .then = then ? then : answer_value };
	memcpy(w->node, node, sizeof(w->node));
	c->state = w;
	call_park(c, ORDER_WAIT_MILLISECONDS, give_order, call_is_over, call_is_gone);
}
