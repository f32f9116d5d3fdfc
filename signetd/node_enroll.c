/*
 * Enrolment from the node's side: a credential for its EK and AK, and what it gives back.
 * Trust: everything comes from outside; what makes a node is that its TPM opened the credential.
 */
#include "signetd/node_handlers.h"

#include "keys/random.h"
#include "lib/print.h"
#include "signetd/appraisal_numbers.h"
#include "signetd/audit.h"
#include "signetd/body.h"
#include "signetd/challenges.h"
#include "signetd/journal.h"
#include "signetd/pending.h"

#include <mbedtls/platform_util.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct field enroll_fields[] = {
	{ "ek", FIELD_BASE64, FIELD_REQUIRED, TPM_PUBLIC_MAX },
	{ "ekCertificate", FIELD_BASE64, FIELD_REQUIRED | FIELD_NULLABLE, EK_CERTIFICATE_MAX },
	{ "ak", FIELD_BASE64, FIELD_REQUIRED, EVIDENCE_AK_MAX },
	{ "hostname", FIELD_TEXT, FIELD_REQUIRED, NODE_HOSTNAME_SIZE - 1 },
};

static const struct field activate_fields[] = {
	{ "node", FIELD_HEX, FIELD_REQUIRED, ATTEST_ID_SIZE },
	{ "activation", FIELD_BASE64, FIELD_REQUIRED, CREDENTIAL_SECRET_SIZE },
};

struct applicant {
	struct ek_public ek;
	struct tpm_name ak_name;
	struct node_entry node;
};

static bool keys_fit(struct call *c, struct applicant *a)
{
	struct node_entry *n = &a->node;

	n->ek_size = field_base64(c->json, "ek", n->ek, sizeof(n->ek));
	n->ak_size = field_base64(c->json, "ak", n->ak, sizeof(n->ak));
	n->certificate_size = field_base64(c->json, "ekCertificate", n->certificate, sizeof(n->certificate));
	if (ek_public_read(n->ek, n->ek_size, &a->ek) != OK) {
		answer_error(c, 400, "ek-template", "use the TPM's default endorsement key",
		        "the EK is not one of the TCG's default templates");
		return false;
	}
	if (ak_public_check(n->ak, n->ak_size, &a->ak_name) != OK) {
		answer_error(c, 400, "ak-kind", "look at the agent's version",
		        "the attestation key is not a restricted ECDSA P-256 key of this TPM");
		return false;
	}
	return true;
}

enum { OTHERWISE_MILLISECONDS = 600000 };

/* An EK is no secret: who only repeats another node's must not fill the audit log. */
static void tell_otherwise(struct call *c, const struct node_entry *n)
{
	struct server *s = c->server;
	struct live_node *l = live_node(s, n->id);
	u64 now = fleet_now(s);
	char id[2 * ATTEST_ID_SIZE + 1];

	if (l && l->told_otherwise && now - l->told_otherwise < OTHERWISE_MILLISECONDS)
		return;
	if (l)
		l->told_otherwise = now;
	hex_encode(id, n->id, sizeof(n->id));
	if (audit_event(s, "node-enrolled-otherwise", id, "another attestation key came from %s", c->who.address) != OK)
		journal(JOURNAL_ERROR, "the audit log could not be written");
}

/* Another AK of an enrolled EK: the TPM was cleared, or somebody tries to take a node's place. Never in silence. */
static bool may_enroll(struct call *c, const struct node_entry *n)
{
	struct server *s = c->server;
	struct node_entry *known = malloc(sizeof(*known));
	enum err e = known ? s->storage->nodes->find(s->storage, n->id, known) : ERR_NO_MEMORY;
	bool other = !e && known->state == NODE_ENROLLED &&
	        (known->ak_size != n->ak_size || memcmp(known->ak, n->ak, n->ak_size) != 0);

	free(known);
	if (e && e != ERR_STORAGE_ABSENT) {
		answer_failure(c, e, "the node's record could not be read");
		return false;
	}
	if (!other)
		return true;
	tell_otherwise(c, n);
	answer_error(c, 409, "enrolled-otherwise", "`signet node remove` lets it enrol anew, if the TPM was cleared",
	        "this TPM is enrolled with another attestation key");
	return false;
}

static void answer_credential(struct call *c, const struct node_entry *n, const struct credential *made)
{
	yyjson_mut_val *root;
	yyjson_mut_doc *doc = fleet_object(&root);

	(void)json_put_hex(doc, root, "node", n->id, sizeof(n->id));
	(void)json_put_base64(doc, root, "credential", made->blob, made->blob_size);
	(void)json_put_base64(doc, root, "secret", made->seed, made->seed_size);
	answer_json(c, 200, doc);
}

static void challenge_applicant(struct call *c, struct applicant *a)
{
	static const struct credential_random random = { random_source, NULL };
	struct server *s = c->server;
	struct credential made;
	struct challenge *open = challenge_new(s->fleet->challenges, a->node.id, c->who.key_hash, fleet_now(s));

	if (!open) {
		answer_failure(c, ERR_NO_MEMORY, "a challenge could not be made");
		return;
	}
	open->node = a->node;
	enum err e = random_bytes(open->secret, sizeof(open->secret));
	if (!e)
		e = credential_make(&a->ek, &a->ak_name, open->secret, &random, &made);
	if (e) {
		challenge_end(open);
		answer_failure(c, e, "a credential could not be made");
		return;
	}
	answer_credential(c, &a->node, &made);
}

static void enroll(struct call *c, struct applicant *a)
{
	struct server *s = c->server;
	struct node_entry *n = &a->node;

	if (!keys_fit(c, a))
		return;
	n->state = NODE_PENDING;
	n->known_since = fleet_wall(s);
	(void)snprintf(n->hostname, sizeof(n->hostname), "%s", field_text(c->json, "hostname"));
	ek_node_id(&a->ek, n->id);
	n->ek_finding = ek_certificate_judge(s->fleet->authorities, n->certificate, n->certificate_size, &a->ek);
	if (may_enroll(c, n))
		challenge_applicant(c, a);
}

void node_enroll(struct call *c)
{
	struct applicant *a = calloc(1, sizeof(*a));

	if (!a)
		answer_failure(c, ERR_NO_MEMORY, "enrolment");
	else if (body_fits(c, enroll_fields, ARRAY_SIZE(enroll_fields)))
		enroll(c, a);
	free(a);
}

/*
 * An enrolled node that activates again, as an agent does that lost its notes, stays as it is. A pending one may come
 * with another AK: nothing was decided yet. Its appraisals are numbered on, so that a number never means two.
 */
static enum err keep_node(
        struct server *s, const struct node_entry *applicant, const struct caller *who, struct node_entry *out)
{
	u64 appraisal = 0;
	enum err e = s->storage->nodes->find(s->storage, applicant->id, out);

	if (!e && out->state == NODE_ENROLLED)
		return OK;
	if (!e)
		appraisal = out->appraisal;
	if (e == ERR_STORAGE_ABSENT) {
		e = pending_admit(s, applicant, who);
		/* Who makes place for it may be the one with the highest number. */
		if (!e)
			e = appraisal_numbers_begin(s->storage, &appraisal);
	}
	if (e)
		return e;
	*out = *applicant;
	out->appraisal = appraisal;
	e = s->storage->nodes->put(s->storage, out);
	if (!e)
		pending_came(s, out, who);
	return e;
}

static void tell_pending(const struct node_entry *n)
{
	char id[2 * ATTEST_ID_SIZE + 1];

	hex_encode(id, n->id, sizeof(n->id));
	journal(JOURNAL_NOTICE, "node %s (%s) %s: %s", id, n->hostname, node_state_words(n),
	        ek_finding_words(n->ek_finding));
}

static void activated(struct call *c, const struct challenge *open, struct node_entry *n)
{
	enum err e = keep_node(c->server, &open->node, &c->who, n);
	yyjson_mut_val *root;

	if (e == ERR_RANGE) {
		answer_error(c, 503, "too-many-pending", "have an approver enrol or remove nodes that wait",
		        "too many nodes wait for an approver");
		return;
	}
	if (e) {
		answer_failure(c, e, "the node could not be stored");
		return;
	}
	tell_pending(n);
	yyjson_mut_doc *doc = fleet_object(&root);
	(void)json_put_hex(doc, root, "node", n->id, sizeof(n->id));
	(void)yyjson_mut_obj_add_str(doc, root, "state", node_state_words(n));
	answer_json(c, 200, doc);
}

void node_activate(struct call *c)
{
	struct node_entry *n = malloc(sizeof(*n));
	u8 id[ATTEST_ID_SIZE];
	u8 given[CREDENTIAL_SECRET_SIZE] = { 0 };

	if (n && body_fits(c, activate_fields, ARRAY_SIZE(activate_fields))) {
		(void)field_hex(c->json, "node", id, sizeof(id));
		size_t size = field_base64(c->json, "activation", given, sizeof(given));
		struct challenge *open =
		        challenge_find(c->server->fleet->challenges, id, c->who.key_hash, fleet_now(c->server));
		if (!open || size != sizeof(given) || !digest_equal(given, open->secret, sizeof(given)))
			answer_error(c, 403, "activation-wrong",
			        "enrol again: a challenge is used once, within ten minutes",
			        "that does not answer an open challenge");
		else
			activated(c, open, n);
		if (open)
			challenge_end(open);
	} else if (!n) {
		answer_failure(c, ERR_NO_MEMORY, "activation");
	}
	mbedtls_platform_zeroize(given, sizeof(given));
	free(n);
}
