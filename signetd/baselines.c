/*
 * Baselines of a class.
 * Trust: see baselines.h.
 */
#include "signetd/baselines.h"

#include <string.h>

static enum err load_one(void *context, const struct baseline_entry *b, const struct bytes_view *log)
{
	struct baselines *all = context;

	if (all->count == BASELINES_MAX)
		return ERR_RANGE;
	struct baseline *to = &all->list[all->count++];
	enum err e = baseline_of(log->bytes, log->n, to);

	to->number = b->number;
	return e;
}

enum err baselines_load(struct storage *s, const char *hardware_class, struct baselines *out)
{
	out->count = 0;
	return hardware_class[0] ? s->baselines->read_of(s, hardware_class, load_one, out) : OK;
}

struct baseline_set baselines_set(const struct baselines *b)
{
	return (struct baseline_set){ b->list, b->count };
}

struct counting {
	struct baseline_use *uses;
	size_t count;
};

static enum err count_node(void *context, const struct node_entry *n)
{
	struct counting *k = context;

	for (size_t i = 0; i < k->count; i++) {
		struct baseline_use *u = &k->uses[i];
		if (n->baseline != u->entry.number || strcmp(n->hardware_class, u->entry.hardware_class) != 0)
			continue;
		u->nodes++;
		if (!u->since || n->baseline_since < u->since)
			u->since = n->baseline_since;
		break;
	}
	return OK;
}

enum err baselines_count(struct storage *s, struct baseline_use *uses, size_t count)
{
	struct counting k = { uses, count };

	for (size_t i = 0; i < count; i++)
		uses[i].nodes = uses[i].since = 0;
	return s->nodes->read(s, count_node, &k);
}
