/*
 * The fleet's share in the server's life.
 * Trust: see fleet.h.
 */
#include "signetd/fleet.h"

#include "image/host/trust.h"
#include "lib/print.h"
#include "signetd/blob_sweep.h"
#include "signetd/body.h"
#include "signetd/challenges.h"
#include "signetd/journal.h"
#include "signetd/node_handlers.h"
#include "signetd/orders.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

u64 fleet_now(const struct server *s)
{
	return s->clock->monotonic(s->clock);
}

u64 fleet_wall(const struct server *s)
{
	return s->clock->wall(s->clock);
}

yyjson_mut_doc *fleet_object(yyjson_mut_val **root)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);

	*root = yyjson_mut_obj(doc);
	yyjson_mut_doc_set_root(doc, *root);
	return doc;
}

/* A path of the configuration is the server's folder's unless it is absolute. */
static bool path_of(const struct server *s, const char *configured, char out[PATH_MAX])
{
	int n = configured[0] == '/' ? snprintf(out, PATH_MAX, "%s", configured)
	                             : snprintf(out, PATH_MAX, "%s/%s", s->folder, configured);

	return n > 0 && n < PATH_MAX;
}

static enum err load_anchor(struct server *s, struct fleet_state *f)
{
	struct trust trust;
	char path[PATH_MAX];

	if (!s->config.anchor[0]) {
		journal(JOURNAL_WARNING, "[images] anchor is not set: no image is trusted, and no node passes");
		return OK;
	}
	enum err e = path_of(s, s->config.anchor, path) ? trust_read(path, &trust) : ERR_RANGE;
	if (!e && !trust.whole)
		e = ERR_BOOT_ANCHOR;
	if (e) {
		journal(JOURNAL_ERROR, "[images] anchor: %s: %s", path, err_text(e));
		return e;
	}
	f->anchor = trust.anchor;
	f->has_anchor = true;
	return OK;
}

static enum err load_authorities(struct server *s, struct fleet_state *f)
{
	char path[PATH_MAX];
	char bad[256];
	bool set = s->config.ek_authorities[0] != '\0';

	if (set && !path_of(s, s->config.ek_authorities, path))
		return ERR_RANGE;
	enum err e = ek_authorities_load(set ? path : NULL, &f->authorities, bad, sizeof(bad));
	if (e)
		journal(JOURNAL_ERROR, "[tpm] ek-authorities: %s: %s %s", path, err_text(e), bad);
	else if (ek_authorities_count(f->authorities) == 0)
		journal(JOURNAL_WARNING, "[tpm] ek-authorities: no TPM maker is trusted; every node is uncertified");
	return e;
}

static const char *const allow_words[ALLOW_COUNT] = {
	[ALLOW_DEVELOPMENT] = "development images",
	[ALLOW_DEBUG] = "debug images",
	[ALLOW_BIOS] = "BIOS boots, of which nothing is measured",
	[ALLOW_SECURE_BOOT_OFF] = "boots without Secure Boot",
	[ALLOW_NO_DMA_PROTECTION] = "boots without VT-d",
	[ALLOW_UNGATED] = "guests without a ticket",
	[ALLOW_NO_BASELINE] = "any firmware",
};

static void warn_of_policy(const struct server *s)
{
	for (size_t i = 0; i < ALLOW_COUNT; i++)
		if (s->config.allow[i][0])
			journal(JOURNAL_WARNING, "policy: %s are allowed for: %s", allow_words[i], s->config.allow[i]);
}

static void close_fleet(struct server *s)
{
	struct fleet_state *f = s->fleet;

	if (!f)
		return;
	orders_close(s);
	live_free(s);
	challenges_close(f->challenges);
	for (size_t i = 0; i < REFERENCES_MAX; i++)
		free(f->references[i]);
	ek_authorities_free(f->authorities);
	nonces_close(f->nonces);
	free(f);
	s->fleet = NULL;
}

static enum err open_fleet(struct server *s)
{
	enum err e;

	s->fleet = calloc(1, sizeof(*s->fleet));
	if (!s->fleet)
		return ERR_NO_MEMORY;
	e = nonces_open(&s->fleet->nonces);
	if (!e)
		e = challenges_open(&s->fleet->challenges);
	if (!e)
		e = orders_open(s);
	if (!e)
		e = load_anchor(s, s->fleet);
	if (!e)
		e = load_authorities(s, s->fleet);
	if (!e)
		e = blob_sweep(s);
	if (e)
		close_fleet(s);
	else
		warn_of_policy(s);
	return e;
}

enum err fleet_check(struct server *s)
{
	struct fleet_state *f = calloc(1, sizeof(*f));

	if (!f)
		return ERR_NO_MEMORY;
	enum err e = load_anchor(s, f);
	if (!e)
		e = load_authorities(s, f);
	ek_authorities_free(f->authorities);
	free(f);
	return e;
}

static bool names_class(const char *list, const char *hardware_class)
{
	size_t n = strlen(hardware_class);

	for (const char *at = list; *at;) {
		at += strspn(at, ", ");
		size_t length = strcspn(at, ", ");
		if ((length == 1 && *at == '*') || (n && length == n && memcmp(at, hardware_class, n) == 0))
			return true;
		at += length;
	}
	return false;
}

void fleet_policy(const struct config *c, const char *hardware_class, struct appraisal_policy *out, bool *relaxed)
{
	bool allowed[ALLOW_COUNT];
	bool any = false;

	for (size_t i = 0; i < ALLOW_COUNT; i++) {
		allowed[i] = names_class(c->allow[i], hardware_class);
		any = any || allowed[i];
	}
	*out = (struct appraisal_policy){
		.image_flags = (allowed[ALLOW_DEVELOPMENT] ? (u32)IMAGE_DEVELOPMENT : 0) |
		        (allowed[ALLOW_DEBUG] ? (u32)IMAGE_DEBUG : 0),
		.bios = allowed[ALLOW_BIOS],
		.secure_boot_off = allowed[ALLOW_SECURE_BOOT_OFF],
		.no_dma_protection = allowed[ALLOW_NO_DMA_PROTECTION],
		.ungated = allowed[ALLOW_UNGATED],
		.no_baseline = allowed[ALLOW_NO_BASELINE],
	};
	if (relaxed)
		*relaxed = any;
}

static struct cached_reference *slot_for(struct fleet_state *f)
{
	size_t oldest = 0;

	for (size_t i = 0; i < REFERENCES_MAX; i++) {
		if (!f->references[i])
			return f->references[i] = calloc(1, sizeof(struct cached_reference));
		if (f->references[i]->used < f->references[oldest]->used)
			oldest = i;
	}
	return f->references[oldest];
}

const struct reference *fleet_reference(struct server *s, const u8 *head, size_t n)
{
	struct fleet_state *f = s->fleet;
	u8 digest[SHA384_SIZE];

	if (!f->has_anchor)
		return NULL;
	sha384_of(head, n, digest);
	for (size_t i = 0; i < REFERENCES_MAX; i++) {
		struct cached_reference *r = f->references[i];
		if (!r || !r->used || memcmp(r->head, digest, sizeof(digest)) != 0)
			continue;
		r->used = ++f->uses;
		return &r->reference;
	}
	struct cached_reference *r = slot_for(f);
	if (!r)
		return NULL;
	r->used = 0;
	if (reference_make(head, n, &f->anchor, &r->reference) != OK)
		return NULL;
	memcpy(r->head, digest, sizeof(digest));
	r->used = ++f->uses;
	return &r->reference;
}

bool fleet_id_of(struct call *c, const char *text, u8 id[ATTEST_ID_SIZE])
{
	if (text && hex_decode(text, id, ATTEST_ID_SIZE))
		return true;
	answer_error(c, 404, "node-unknown", "`signet node list` shows the nodes", "that is no node's id");
	return false;
}

bool fleet_node_of(struct call *c, struct node_entry *out)
{
	struct storage *s = c->server->storage;
	u8 id[ATTEST_ID_SIZE];

	if (!fleet_id_of(c, c->parameters[0], id))
		return false;
	enum err e = s->nodes->find(s, id, out);
	if (e == ERR_STORAGE_ABSENT)
		answer_error(c, 404, "node-unknown", "`signet node list` shows the nodes", "there is no such node");
	else if (e)
		answer_failure(c, e, "the node's record could not be read");
	if (e)
		return false;
	call_note(c, "node %s (%s)", c->parameters[0], out->hostname);
	return true;
}

struct counts {
	const struct server *server;
	u64 total, online, pending, good, failed, held;
};

static enum err count_node(void *context, const struct node_entry *n)
{
	struct counts *k = context;
	const struct live_node *l = live_find(k->server, n->id);
	const char *state = node_state_words(n);

	k->total++;
	k->online += l && live_is_online(k->server, l);
	k->pending += strcmp(state, "pending") == 0;
	k->good += strcmp(state, "good") == 0;
	k->failed += strcmp(state, "failed") == 0;
	k->held += strcmp(state, "held") == 0;
	return OK;
}

static void put_status(struct server *s, yyjson_mut_doc *doc, yyjson_mut_val *object)
{
	struct counts k = { .server = s };
	yyjson_mut_val *nodes = yyjson_mut_obj_add_obj(doc, object, "nodes");
	yyjson_mut_val *allowed = yyjson_mut_obj_add_obj(doc, object, "allowed");

	if (s->storage->nodes->read(s->storage, count_node, &k) != OK)
		journal(JOURNAL_ERROR, "nodes could not be counted");
	(void)yyjson_mut_obj_add_uint(doc, nodes, "total", k.total);
	(void)yyjson_mut_obj_add_uint(doc, nodes, "online", k.online);
	(void)yyjson_mut_obj_add_uint(doc, nodes, "pending", k.pending);
	(void)yyjson_mut_obj_add_uint(doc, nodes, "good", k.good);
	(void)yyjson_mut_obj_add_uint(doc, nodes, "failed", k.failed);
	(void)yyjson_mut_obj_add_uint(doc, nodes, "held", k.held);
	for (size_t i = 0; i < ALLOW_COUNT; i++)
		if (s->config.allow[i][0])
			(void)yyjson_mut_obj_add_strcpy(doc, allowed, allow_words[i], s->config.allow[i]);
}

static void put_metrics(struct server *s, struct text *out)
{
	struct counts k = { .server = s };

	if (s->storage->nodes->read(s->storage, count_node, &k) != OK)
		return;
	metric_family(out, "signetd_nodes", "gauge", "Nodes by state.");
	metric_value(out, "signetd_nodes", "state=\"pending\"", k.pending);
	metric_value(out, "signetd_nodes", "state=\"good\"", k.good);
	metric_value(out, "signetd_nodes", "state=\"failed\"", k.failed);
	metric_value(out, "signetd_nodes", "state=\"held\"", k.held);
	metric_family(out, "signetd_nodes_online", "gauge", "Nodes that wait for commands.");
	metric_value(out, "signetd_nodes_online", NULL, k.online);
}

static void tell_intents(struct server *s, struct live_node *l)
{
	struct node_entry *n = malloc(sizeof(*n));

	l->intents_due = false;
	if (n && s->storage->nodes->find(s->storage, l->id, n) == OK)
		node_intents(s, l, n);
	free(n);
}

static void tell_silence(struct server *s, struct live_node *l)
{
	char id[2 * ATTEST_ID_SIZE + 1];
	bool offline = l->seen && !live_is_online(s, l);

	hex_encode(id, l->id, sizeof(l->id));
	if (offline && !l->told_offline)
		journal(JOURNAL_NOTICE, "node %s is silent", id);
	l->told_offline = offline;
}

static void tick_fleet(struct server *s)
{
	orders_tick(s);
	for (size_t i = 0; i < s->fleet->node_count; i++) {
		struct live_node *l = s->fleet->nodes[i];
		if (l->intents_due && l->poll)
			tell_intents(s, l);
		tell_silence(s, l);
	}
}

const struct part fleet_part = { "fleet", open_fleet, close_fleet, tick_fleet, put_status, put_metrics };
