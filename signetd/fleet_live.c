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

struct live_node *live_find(const struct server *s, const u8 id[ATTEST_ID_SIZE])
{
	for (size_t i = 0; i < s->fleet->node_count; i++)
		if (memcmp(s->fleet->nodes[i]->id, id, ATTEST_ID_SIZE) == 0)
			return s->fleet->nodes[i];
	return NULL;
}

struct live_node *live_node(struct server *s, const u8 id[ATTEST_ID_SIZE])
{
	struct fleet_state *f = s->fleet;
	struct live_node *n = live_find(s, id);

	if (n || f->node_count == NODES_MAX)
		return n;
	struct live_node **more = realloc(f->nodes, (f->node_count + 1) * sizeof(struct live_node *));
	if (!more)
		return NULL;
	f->nodes = more;
	n = calloc(1, sizeof(*n));
	if (!n)
		return NULL;
	memcpy(n->id, id, sizeof(n->id));
	f->nodes[f->node_count++] = n;
	return n;
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

	for (size_t i = 0; i < f->node_count; i++) {
		if (memcmp(f->nodes[i]->id, id, ATTEST_ID_SIZE) != 0)
			continue;
		free_one(s, f->nodes[i]);
		f->nodes[i] = f->nodes[--f->node_count];
		return;
	}
}

void live_free(struct server *s)
{
	struct fleet_state *f = s->fleet;

	while (f->node_count)
		free_one(s, f->nodes[--f->node_count]);
	free(f->nodes);
	f->nodes = NULL;
}
