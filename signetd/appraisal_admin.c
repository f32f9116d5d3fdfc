/*
 * Operators' requests about what a node has shown: attest now, appraisals, evidence, the result for others and its
 * keys. Trust: from an authenticated operator, of the role that the table demands.
 */
#include "signetd/admin.h"

#include "signetd/ear.h"
#include "signetd/orders.h"
#include "signetd/records.h"

#include "cli/version.h"

#include <stdlib.h>
#include <string.h>

/* False: there is none, and that is answered. */
static bool find_appraisal(struct call *c, const u8 *node, u64 number, struct appraisal_entry *out)
{
	enum err e = c->server->storage->appraisals->find(c->server->storage, node, number, out);

	if (e == ERR_STORAGE_ABSENT)
		answer_error(c, 404, "appraisal-unknown", "`signet attest history` shows those that are kept",
		        "there is no such appraisal");
	else if (e)
		answer_failure(c, e, "the appraisal could not be read");
	return !e;
}

static void answer_entry(struct call *c, const struct appraisal_entry *a)
{
	yyjson_mut_val *root;
	yyjson_mut_doc *doc = fleet_object(&root);

	record_appraisal(c->server, doc, root, a, true);
	answer_json(c, 200, doc);
}

static void answer_appraisal(struct call *c, const u8 *node, u64 number)
{
	struct appraisal_entry a;

	if (find_appraisal(c, node, number, &a))
		answer_entry(c, &a);
}

/* Whoever answers and shows nothing, or nothing that is its own, does not have an old verdict told as a new one. */
static void answer_news(struct call *c, const struct appraisal_entry *last)
{
	if (last->number && nonce_time(last->nonce) >= c->ordered)
		answer_entry(c, last);
	else
		answer_error(c, 409, "no-evidence", "look at `signet node logs`, and order it again",
		        "the node answered, and no evidence of its own came that was begun after this order");
}

/* The node has attested over its own connection meanwhile: the last appraisal is the one. */
static void attested(struct call *c, yyjson_val *value)
{
	struct node_entry *n = malloc(sizeof(*n));
	struct appraisal_entry a = { .number = 0 };

	(void)value;
	if (!n)
		answer_failure(c, ERR_NO_MEMORY, "a node's record");
	else if (fleet_node_of(c, n) && (!n->appraisal || find_appraisal(c, n->id, n->appraisal, &a)))
		answer_news(c, &a);
	free(n);
}

static void attest(struct call *c, struct node_entry *n)
{
	order_for_call(c, n->id, "attest", NULL, attested);
}

void admin_attest(struct call *c)
{
	with_node(c, attest);
}

struct listing {
	struct server *server;
	yyjson_mut_doc *doc;
	yyjson_mut_val *list;
};

static enum err list_appraisal(void *context, const struct appraisal_entry *a)
{
	struct listing *l = context;

	record_appraisal(l->server, l->doc, yyjson_mut_arr_add_obj(l->doc, l->list), a, false);
	return OK;
}

static void history(struct call *c, struct node_entry *n)
{
	yyjson_mut_val *root;
	yyjson_mut_doc *doc = fleet_object(&root);
	struct listing l = { c->server, doc, yyjson_mut_obj_add_arr(doc, root, "appraisals") };
	enum err e = c->server->storage->appraisals->read(c->server->storage, n->id, list_appraisal, &l);

	if (!e) {
		answer_json(c, 200, doc);
		return;
	}
	yyjson_mut_doc_free(doc);
	answer_failure(c, e, "the history could not be read");
}

void admin_history(struct call *c)
{
	with_node(c, history);
}

enum { NUMBER_DIGITS_MAX = 18 };

u64 admin_number(const char *text)
{
	size_t n = strlen(text);

	return n && n <= NUMBER_DIGITS_MAX && strspn(text, "0123456789") == n ? strtoull(text, NULL, 10) : 0;
}

static void appraisal(struct call *c, struct node_entry *n)
{
	answer_appraisal(c, n->id, admin_number(c->parameters[1]));
}

void admin_appraisal(struct call *c)
{
	with_node(c, appraisal);
}

static void evidence(struct call *c, struct node_entry *n)
{
	u8 *bytes = NULL;
	size_t size = 0;
	enum err e = c->server->storage->appraisals->evidence(
	        c->server->storage, n->id, admin_number(c->parameters[1]), &bytes, &size);

	if (!e)
		answer_bytes(c, 200, "application/octet-stream", bytes, size);
	else if (e == ERR_STORAGE_ABSENT)
		answer_appraisal(c, n->id, 0);
	else
		answer_failure(c, e, "the evidence could not be read");
	free(bytes);
}

void admin_evidence(struct call *c)
{
	with_node(c, evidence);
}

/* A result is as old as the last appraisal, and good as long as the ticket; later there is none. */
static void result(struct call *c, struct node_entry *n)
{
	struct server *s = c->server;
	struct ear ear = {
		.issued = n->appraised_at,
		.expires = n->appraised_at + s->config.lease_seconds,
		.verdict = n->verdict,
		.held = n->held != VERDICT_GOOD,
		.ek_certified = n->ek_finding == EK_TRUSTED,
		.hardware_class = n->hardware_class,
		.baseline = n->baseline,
		.release = n->release,
		.verifier = SIGNET_VERSION,
	};
	struct appraisal_policy policy;
	char *jwt = NULL;
	yyjson_mut_val *root;

	ear.appraised = n->appraised && n->state == NODE_ENROLLED && fleet_wall(s) < ear.expires;
	fleet_policy(&s->config, n->hardware_class, &policy, &ear.relaxed);
	memcpy(ear.node, n->id, sizeof(ear.node));
	memcpy(ear.manifest, n->manifest, sizeof(ear.manifest));
	memcpy(ear.session, n->session, sizeof(ear.session));
	enum err e = ear_make(&ear, leaf_current(s->leaves, LEAF_EAR)->signer, &jwt);
	if (e) {
		answer_failure(c, e, "the result could not be made");
		return;
	}
	yyjson_mut_doc *doc = fleet_object(&root);
	(void)yyjson_mut_obj_add_strcpy(doc, root, "ear", jwt);
	free(jwt);
	answer_json(c, 200, doc);
}

void admin_result(struct call *c)
{
	with_node(c, result);
}

struct keys {
	size_t count;
	u8 key[EAR_KEYS_MAX][P256_KEY_SIZE];
	u8 leaf[EAR_KEYS_MAX][LEAF_RECORD_SIZE];
};

/* Newest first; the older ones stay until nothing that they signed is good any more. */
static enum err list_key(void *context, const struct leaf_entry *e)
{
	enum { KEY_AT = 16 };
	struct keys *k = context;

	if (k->count == EAR_KEYS_MAX)
		return OK;
	memcpy(k->key[k->count], e->record + KEY_AT, P256_KEY_SIZE);
	memcpy(k->leaf[k->count++], e->record, LEAF_RECORD_SIZE);
	return OK;
}

void admin_jwks(struct call *c)
{
	struct storage *s = c->server->storage;
	struct keys k = { .count = 0 };
	char *json = NULL;
	enum err e = s->leaves->read(s, LEAF_EAR, list_key, &k);

	if (!e)
		e = ear_jwks((const u8(*)[P256_KEY_SIZE])k.key, (const u8(*)[LEAF_RECORD_SIZE])k.leaf, k.count, &json);
	if (e)
		answer_failure(c, e, "the keys could not be listed");
	else
		answer_bytes(c, 200, "application/json", (const u8 *)json, strlen(json));
	free(json);
}
