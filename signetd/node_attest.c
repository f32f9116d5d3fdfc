/*
 * Attestation: nonces, evidence, and what follows from its appraisal.
 * Trust: everything comes from outside. Nothing is answered before it is stored.
 */
#include "signetd/node_handlers.h"

#include "attest/sign.h"
#include "keys/random.h"
#include "lib/print.h"
#include "signetd/audit.h"
#include "signetd/baselines.h"
#include "signetd/body.h"
#include "signetd/journal.h"
#include "signetd/records.h"
#include "signetd/storage_appraisals.h"
#include "signetd/updates.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct field nonce_fields[] = { { "node", FIELD_HEX, FIELD_REQUIRED, ATTEST_ID_SIZE } };

/* The rest of a lease in which a node has to come again: a quarter, so that an outage that long costs nothing. */
enum { AGAIN_NUMERATOR = 3, AGAIN_DENOMINATOR = 4 };

static void answer_unknown(struct call *c)
{
	answer_error(c, 404, "node-unknown", "enrol first", "no such node is known");
}

void node_nonce(struct call *c)
{
	struct server *s = c->server;
	struct node_entry *n = malloc(sizeof(*n));
	u8 id[ATTEST_ID_SIZE];
	u8 nonce[ATTEST_ID_SIZE];
	yyjson_mut_val *root;

	if (!body_fits(c, nonce_fields, ARRAY_SIZE(nonce_fields))) {
		free(n);
		return;
	}
	(void)field_hex(c->json, "node", id, sizeof(id));
	enum err e = n ? s->storage->nodes->find(s->storage, id, n) : ERR_NO_MEMORY;
	free(n);
	if (!e)
		e = nonce_issue(s->fleet->nonces, id, c->who.key_hash, fleet_now(s), nonce);
	if (e == ERR_STORAGE_ABSENT) {
		answer_unknown(c);
		return;
	}
	if (e) {
		answer_failure(c, e, "a nonce could not be made");
		return;
	}
	yyjson_mut_doc *doc = fleet_object(&root);
	(void)json_put_hex(doc, root, "nonce", nonce, sizeof(nonce));
	(void)yyjson_mut_obj_add_uint(doc, root, "seconds", NONCE_SECONDS);
	answer_json(c, 200, doc);
}

/* One piece of evidence on its way through. */
struct attestation {
	struct call *call;
	struct live_node *live;
	struct evidence parts;
	struct claim claim;
	struct node_entry node;
	const struct reference *reference;
	struct baselines baselines;
	struct appraisal appraisal;
	struct decision decision;
	bool made_ticket, made_commit;
	u8 ticket[TICKET_SIZE], commit[COMMIT_VERDICT_SIZE];
	u8 guests[TICKET_GUESTS_MAX][SHA384_SIZE];
	u32 guest_count;
};

/* A nonce that is not open matches nothing: random bytes stand in its place. */
static enum err set_nonce(struct attestation *a, struct appraisal_terms *terms)
{
	struct server *s = a->call->server;

	if (!nonce_is_open(s->fleet->nonces, a->claim.nonce, a->node.id, a->call->who.key_hash, fleet_now(s)))
		return random_bytes(terms->nonce, sizeof(terms->nonce));
	memcpy(terms->nonce, a->claim.nonce, sizeof(terms->nonce));
	return OK;
}

static enum err judge(struct attestation *a)
{
	struct server *s = a->call->server;
	struct node_record record;
	struct appraisal_policy policy;
	struct appraisal_terms terms = { .now = fleet_wall(s), .node = &record, .policy = &policy };

	decide_view(&a->node, &record);
	fleet_policy(&s->config, a->node.hardware_class, &policy, NULL);
	memcpy(terms.tls_key, a->call->who.key_hash, sizeof(terms.tls_key));
	enum err e = set_nonce(a, &terms);
	if (e)
		return e;
	/* Who shows what is nobody's does not make the server verify an image's signatures. */
	if (appraise_origin(a->call->body, a->call->body_length, &terms, &a->appraisal))
		return OK;
	terms.reference = a->reference = fleet_reference(s, a->parts.head.bytes, a->parts.head.n);
	/* Without all of them nothing is decided: a failure here would hold a good node. */
	e = baselines_load(s->storage, a->node.hardware_class, &a->baselines);
	if (e)
		return e;
	terms.baselines = baselines_set(&a->baselines);
	a->appraisal.verdict = appraise(a->call->body, a->call->body_length, &terms, &a->appraisal);
	return OK;
}

static enum err add_guest(void *context, const struct guest_entry *g)
{
	struct attestation *a = context;

	if (a->guest_count == TICKET_GUESTS_MAX)
		return ERR_RANGE;
	memcpy(a->guests[a->guest_count++], g->digest, SHA384_SIZE);
	return OK;
}

static struct signing_leaf leaf_of(const struct server *s, enum leaf_role role)
{
	const struct leaf_key *k = leaf_current(s->leaves, role);
	struct signing_leaf leaf = { .key = k->signer };

	memcpy(leaf.record, k->entry.record, sizeof(leaf.record));
	return leaf;
}

static enum err make_ticket(struct attestation *a)
{
	struct server *s = a->call->server;
	const struct ticket_terms terms = {
		.rule = (enum ticket_rule)(TICKET_KEEP + s->config.lease_rule),
		.lease = s->config.lease_seconds,
		.guests = (u32)s->config.guests,
		.vcpus = (u32)s->config.vcpus,
		.memory = s->config.memory,
	};
	struct signing_leaf leaf = leaf_of(s, LEAF_TICKET);
	struct ticket ticket;
	enum err e = s->storage->guests->read(s->storage, a->node.id, add_guest, a);

	if (!e)
		e = decide_ticket(
		        &a->node, &a->claim, &terms, (const u8(*)[SHA384_SIZE])a->guests, a->guest_count, &ticket);
	if (!e)
		e = ticket_make(&ticket, &leaf, a->ticket);
	a->node.lease_until = fleet_wall(s) + s->config.lease_seconds;
	a->made_ticket = !e;
	return e;
}

static enum err make_commit(struct attestation *a)
{
	struct signing_leaf leaf = leaf_of(a->call->server, LEAF_COMMIT);
	struct commit_verdict verdict;

	decide_commit(&a->node, &a->appraisal, a->reference, &verdict);
	enum err e = commit_make(&verdict, &leaf, a->commit);
	a->made_commit = !e;
	return e;
}

static enum err keep_appraisal(struct attestation *a)
{
	struct server *s = a->call->server;
	struct storage *storage = s->storage;
	struct appraisal_entry entry = {
		.number = a->node.appraisal,
		.time = a->node.appraised_at,
		.verdict = a->appraisal.verdict,
		.difference = a->appraisal.difference,
		.baseline = a->appraisal.baseline,
		.ticket = a->made_ticket,
		.svn = a->node.svn,
	};

	memcpy(entry.node, a->node.id, sizeof(entry.node));
	memcpy(entry.nonce, a->claim.nonce, sizeof(entry.nonce));
	memcpy(entry.tls_key, a->call->who.key_hash, sizeof(entry.tls_key));
	(void)snprintf(entry.state, sizeof(entry.state), "%s", a->decision.state);
	(void)snprintf(entry.release, sizeof(entry.release), "%s", a->node.release);
	enum err e = storage->appraisals->add(storage, &entry, a->call->body, a->call->body_length);
	if (!e && entry.number > s->config.history)
		e = storage->appraisals->trim(storage, entry.node, entry.number - s->config.history);
	return e;
}

/* Record, appraisal and ticket stand together or not at all; then the node is told. */
static enum err store(struct attestation *a)
{
	struct storage *s = a->call->server->storage;
	enum err e = s->transaction->begin(s);

	if (e)
		return e;
	if (a->decision.ticket)
		e = make_ticket(a);
	if (!e && a->decision.commit)
		e = make_commit(a);
	if (!e)
		e = keep_appraisal(a);
	if (!e)
		e = s->nodes->put(s, &a->node);
	if (!e)
		return s->transaction->commit(s);
	s->transaction->rollback(s);
	return e;
}

static void put_bytes_or_null(
        yyjson_mut_doc *doc, yyjson_mut_val *root, const char *name, bool there, const u8 *bytes, size_t n)
{
	if (there)
		(void)json_put_base64(doc, root, name, bytes, n);
	else
		(void)yyjson_mut_obj_add_null(doc, root, name);
}

static void put_difference(yyjson_mut_doc *doc, yyjson_mut_val *root, const struct difference *d)
{
	if (!d->known) {
		(void)yyjson_mut_obj_add_null(doc, root, "difference");
		return;
	}
	yyjson_mut_val *o = yyjson_mut_obj_add_obj(doc, root, "difference");
	(void)yyjson_mut_obj_add_uint(doc, o, "index", d->index);
	(void)yyjson_mut_obj_add_uint(doc, o, "pcr", d->pcr);
	(void)json_put_hex(doc, o, "expected", d->expected, sizeof(d->expected));
	(void)json_put_hex(doc, o, "found", d->found, sizeof(d->found));
}

static void answer_verdict(struct attestation *a)
{
	u64 lease = a->call->server->config.lease_seconds;
	yyjson_mut_val *root;
	yyjson_mut_doc *doc = fleet_object(&root);

	record_verdict(doc, root, "verdict", a->appraisal.verdict);
	put_difference(doc, root, &a->appraisal.difference);
	(void)yyjson_mut_obj_add_str(doc, root, "state", a->decision.state);
	put_bytes_or_null(doc, root, "ticket", a->made_ticket, a->ticket, sizeof(a->ticket));
	put_bytes_or_null(doc, root, "commit", a->made_commit, a->commit, sizeof(a->commit));
	(void)yyjson_mut_obj_add_uint(doc, root, "leaseSeconds", lease);
	(void)yyjson_mut_obj_add_uint(doc, root, "attestAgainSeconds", lease / AGAIN_DENOMINATOR * AGAIN_NUMERATOR);
	answer_json(a->call, 200, doc);
}

static void tell_change(const struct attestation *a, enum verdict held_before)
{
	char id[2 * ATTEST_ID_SIZE + 1];
	enum verdict v = a->appraisal.verdict;

	hex_encode(id, a->node.id, sizeof(a->node.id));
	if (v != VERDICT_GOOD)
		journal(JOURNAL_WARNING, "node %s (%s): %s: %s", id, a->node.hostname, verdict_name(v),
		        verdict_words(v));
	if (a->node.held != held_before &&
	        audit_event(a->call->server, "node-failed", id, "%s: held until an approver clears it",
	                verdict_name(v)) != OK)
		journal(JOURNAL_ERROR, "the audit log could not be written");
}

/* In nobody's name: shown, and nothing of the node's record is touched by it. */
static void refuse(struct attestation *a)
{
	a->live->refused++;
	a->live->refused_verdict = a->appraisal.verdict;
	answer_verdict(a);
}

static enum err accept(struct attestation *a)
{
	struct server *s = a->call->server;
	enum err e = nonce_use(s->fleet->nonces, a->claim.nonce, a->node.id, fleet_now(s));

	if (!e)
		e = store(a);
	if (e)
		return e;
	live_add_key(a->live, a->call->who.key_hash);
	live_touch(s, a->live);
	if (a->made_ticket) {
		memcpy(a->live->allowed, a->guests, sizeof(a->guests));
		a->live->allowed_count = a->guest_count;
	}
	return OK;
}

static void conclude(struct attestation *a)
{
	struct decide_facts facts = {
		.appraisal = &a->appraisal,
		.reference = a->reference,
		.pcr7 = evidence_pcr(&a->parts, PCR_SECURE_BOOT),
		.now = fleet_wall(a->call->server),
	};
	enum verdict held_before = a->node.held;

	decide(&a->node, &facts, &a->decision);
	if (!a->decision.authentic) {
		refuse(a);
		return;
	}
	enum err e = accept(a);
	if (e == ERR_RANGE) {
		answer_error(a->call, 429, "too-many", "attest less often, and define 16 guests at most",
		        "too many attestations of this node in two minutes, or more guests than a ticket holds");
	} else if (e) {
		answer_failure(a->call, e, "the appraisal could not be stored");
	} else {
		tell_change(a, held_before);
		updates_attested(a->call->server, a->live, &a->node, &a->appraisal);
		answer_verdict(a);
	}
}

/* Whose the evidence says it is: enough to look up who would have to vouch for it. */
static bool find_node(struct attestation *a)
{
	struct call *c = a->call;
	struct storage *s = c->server->storage;

	if (evidence_parse(c->body, c->body_length, &a->parts) != OK) {
		answer_error(c, 400, "evidence-format", "look at the versions of agent and server", "%s",
		        verdict_words(VERDICT_FORMAT));
		return false;
	}
	claim_decode(a->parts.claim.bytes, &a->claim);
	enum err e = s->nodes->find(s, a->claim.node, &a->node);
	if (e == ERR_STORAGE_ABSENT)
		answer_unknown(c);
	else if (e)
		answer_failure(c, e, "the node's record could not be read");
	a->live = e ? NULL : live_node(c->server, a->claim.node);
	if (!e && !a->live)
		answer_failure(c, ERR_NO_MEMORY, "evidence");
	return a->live;
}

void node_evidence(struct call *c)
{
	struct attestation *a = calloc(1, sizeof(*a));

	if (!a) {
		answer_failure(c, ERR_NO_MEMORY, "evidence");
		return;
	}
	a->call = c;
	if (find_node(a)) {
		enum err e = judge(a);
		if (e)
			answer_failure(c, e, "evidence could not be judged");
		else
			conclude(a);
	}
	free(a);
}
