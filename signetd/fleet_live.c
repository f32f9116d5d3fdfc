/*
 * Nodes that were heard of since the server started.
 * Trust: decides whose a connection is.
 */
#include "signetd/fleet.h"
#include "signetd/orders.h"

#include <stdlib.h>
#include <string.h>

/* A poll lasts 50 s; a node that asks again within this time was never away. */
enum { OFFLINE_MILLISECONDS = 15000 };

/* They stand in the order of their ids: where this one is, or would be. */
static size_t place_of(const struct fleet_state *f, const u8 id[ATTEST_ID_SIZE])
{
	size_t from = 0, to = f->node_count;

	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (memcmp(f->nodes[middle]->id, id, ATTEST_ID_SIZE) < 0)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

static bool is_at(const struct fleet_state *f, size_t i, const u8 id[ATTEST_ID_SIZE])
{
	return i < f->node_count && memcmp(f->nodes[i]->id, id, ATTEST_ID_SIZE) == 0;
}

struct live_node *live_find(const struct server *s, const u8 id[ATTEST_ID_SIZE])
{
	size_t i = place_of(s->fleet, id);

	return is_at(s->fleet, i, id) ? s->fleet->nodes[i] : NULL;
}

static struct live_node *add(struct fleet_state *f, size_t i, const u8 id[ATTEST_ID_SIZE])
{
	struct live_node **more = realloc(f->nodes, (f->node_count + 1) * sizeof(struct live_node *));

	if (!more)
		return NULL;
	f->nodes = more;
	struct live_node *n = calloc(1, sizeof(*n));
	if (!n)
		return NULL;
	memcpy(n->id, id, sizeof(n->id));
	memmove(more + i + 1, more + i, (f->node_count - i) * sizeof(struct live_node *));
	more[i] = n;
	f->node_count++;
	return n;
}

struct live_node *live_node(struct server *s, const u8 id[ATTEST_ID_SIZE])
{
	struct fleet_state *f = s->fleet;
	size_t i = place_of(f, id);

	if (is_at(f, i, id))
		return f->nodes[i];
	return f->node_count < NODES_MAX ? add(f, i, id) : NULL;
}

bool live_owns(const struct live_node *n, const struct caller *who)
{
	for (u32 i = 0; who->has_key && i < n->key_count; i++)
		if (memcmp(n->keys[i], who->key_hash, SHA256_SIZE) == 0)
			return true;
	return false;
}

struct live_node *live_of_key(const struct server *s, const struct caller *who)
{
	for (size_t i = 0; i < s->fleet->node_count; i++)
		if (live_owns(s->fleet->nodes[i], who))
			return s->fleet->nodes[i];
	return NULL;
}

void live_add_key(struct live_node *n, const u8 key[SHA256_SIZE])
{
	for (u32 i = 0; i < n->key_count; i++)
		if (memcmp(n->keys[i], key, SHA256_SIZE) == 0)
			return;
	memcpy(n->keys[n->next_key], key, SHA256_SIZE);
	n->next_key = (n->next_key + 1) % LIVE_KEYS_MAX;
	if (n->key_count < LIVE_KEYS_MAX)
		n->key_count++;
}

void live_tell_later(struct server *s, const u8 id[ATTEST_ID_SIZE])
{
	struct live_node *n = live_find(s, id);

	if (n)
		n->intents_due = true;
}

void live_touch(struct server *s, struct live_node *n)
{
	n->seen = true;
	n->seen_at = fleet_now(s);
	n->seen_wall = fleet_wall(s);
}

bool live_is_online(const struct server *s, const struct live_node *n)
{
	return n->poll || (n->seen && fleet_now(s) - n->seen_at < OFFLINE_MILLISECONDS);
}

static void free_one(struct server *s, struct live_node *n)
{
	orders_forget(s, n->id);
	if (n->poll)
		orders_release_poll(n);
	free(n->report);
	free(n);
}

void live_forget(struct server *s, const u8 id[ATTEST_ID_SIZE])
{
	struct fleet_state *f = s->fleet;
	size_t i = place_of(f, id);

	if (!is_at(f, i, id))
		return;
	free_one(s, f->nodes[i]);
	f->node_count--;
	memmove(f->nodes + i, f->nodes + i + 1, (f->node_count - i) * sizeof(struct live_node *));
}

void live_free(struct server *s)
{
	struct fleet_state *f = s->fleet;

	while (f->node_count)
		free_one(s, f->nodes[--f->node_count]);
	free(f->nodes);
	f->nodes = NULL;
}
