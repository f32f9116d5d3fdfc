/*
 * Operators' requests about nodes.
 * Trust: from an authenticated operator, of the role that the table demands.
 */
#include "signetd/admin.h"

#include "keys/random.h"
#include "signetd/appraisal_numbers.h"
#include "signetd/body.h"
#include "signetd/enrolment.h"
#include "signetd/orders.h"
#include "signetd/records.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DRAIN_MAX = 86400 };

struct listing {
	struct server *server;
	yyjson_mut_doc *doc;
	yyjson_mut_val *list;
};

static enum err list_node(void *context, const struct node_entry *n)
{
	struct listing *l = context;

	record_node(l->server, l->doc, yyjson_mut_arr_add_obj(l->doc, l->list), n, false);
	return OK;
}

void admin_list_nodes(struct call *c)
{
	yyjson_mut_val *root;
	yyjson_mut_doc *doc = fleet_object(&root);
	struct listing l = { c->server, doc, yyjson_mut_obj_add_arr(doc, root, "nodes") };
	enum err e = c->server->storage->nodes->read(c->server->storage, list_node, &l);

	if (!e) {
		answer_json(c, 200, doc);
		return;
	}
	yyjson_mut_doc_free(doc);
	answer_failure(c, e, "the nodes could not be read");
}

static void answer_node(struct call *c, const struct node_entry *n)
{
	yyjson_mut_val *root;
	yyjson_mut_doc *doc = fleet_object(&root);

	record_node(c->server, doc, root, n, true);
	answer_json(c, 200, doc);
}

void with_node(struct call *c, void (*act)(struct call *c, struct node_entry *n))
{
	struct node_entry *n = malloc(sizeof(*n));

	if (!n)
		answer_failure(c, ERR_NO_MEMORY, "a node's record");
	else if (fleet_node_of(c, n))
		act(c, n);
	free(n);
}

static void show(struct call *c, struct node_entry *n)
{
	answer_node(c, n);
}

void admin_show_node(struct call *c)
{
	with_node(c, show);
}

static void answer_stored(struct call *c, const struct node_entry *n)
{
	enum err e = c->server->storage->nodes->put(c->server->storage, n);

	if (e)
		answer_failure(c, e, "the node could not be stored");
	else
		answer_node(c, n);
}

static const struct field enroll_fields[] = {
	{ "authority", FIELD_BASE64, FIELD_REQUIRED, AUTHORITY_SIZE_MAX },
	{ "policyKey", FIELD_BASE64, FIELD_REQUIRED, P256_KEY_SIZE },
	{ "class", FIELD_TEXT, FIELD_REQUIRED, NODE_CLASS_SIZE - 1 },
	{ "imageFloor", FIELD_NUMBER, FIELD_REQUIRED, UINT32_MAX },
	{ "keyFloor", FIELD_NUMBER, FIELD_REQUIRED, UINT32_MAX },
	{ "acceptUncertified", FIELD_BOOL, FIELD_REQUIRED, 0 },
};

bool admin_class_fits(struct call *c, const char *class)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";

	if (class[0] && class[0] != '.' && class[0] != '_' && class[0] != '-' && strlen(class) < NODE_CLASS_SIZE &&
	        strspn(class, letters) == strlen(class))
		return true;
	answer_error(
	        c, 400, "class", "use letters, digits, '.', '_' and '-'", "that is no name of a class of hardware");
	return false;
}

/* The authority in the body against the node. *n: how long it is. Answers itself. */
static bool take_authority(struct call *c, struct node_entry *node, const u8 policy_key[P256_KEY_SIZE])
{
	u8 bytes[AUTHORITY_SIZE_MAX];
	size_t n = field_base64(c->json, "authority", bytes, sizeof(bytes));

	if (!node->has_pcr7) {
		answer_error(c, 409, "not-attested", "wait until its agent has attested once",
		        "nothing is known of this node's boot yet");
		return false;
	}
	enum authority_finding f = authority_judge(bytes, n, node->id, policy_key, node->pcr7);
	if (f != AUTHORITY_FITS) {
		answer_error(c, 409, "authority", authority_advice(f), "%s", authority_words(f));
		return false;
	}
	memcpy(node->authority, bytes, n);
	node->authority_size = n;
	return true;
}

static bool may_be_enrolled(struct call *c, const struct node_entry *n)
{
	if (n->state == NODE_ENROLLED && n->provisioned) {
		answer_error(c, 409, "enrolled", "`signet node remove` it first, to enrol it anew",
		        "the node is enrolled already");
		return false;
	}
	if (n->ek_finding == EK_TRUSTED || field_bool(c->json, "acceptUncertified"))
		return true;
	answer_error(c, 409, "uncertified", "accept it as uncertified if you know this machine's TPM by other means",
	        "%s", ek_finding_words(n->ek_finding));
	return false;
}

/* Authorizations are made once: a provisioning that was cut is run again with the same ones. */
static enum err make_secrets(struct node_entry *n)
{
	if (n->state == NODE_ENROLLED)
		return OK;
	enum err e = random_bytes(n->owner_auth, sizeof(n->owner_auth));

	return e ? e : random_bytes(n->lockout_auth, sizeof(n->lockout_auth));
}

static void decide_enrolment(struct call *c, struct node_entry *n)
{
	u8 policy_key[P256_KEY_SIZE];
	const char *class = field_text(c->json, "class");

	if (field_base64(c->json, "policyKey", policy_key, sizeof(policy_key)) != sizeof(policy_key)) {
		answer_error(
		        c, 400, "body", "give X and Y of the fleet policy key", "\"policyKey\" has another length");
		return;
	}
	if (!may_be_enrolled(c, n) || !admin_class_fits(c, class) || !take_authority(c, n, policy_key))
		return;
	enum err e = make_secrets(n);
	if (e) {
		answer_failure(c, e, "authorizations could not be made");
		return;
	}
	memcpy(n->policy_key, policy_key, sizeof(n->policy_key));
	(void)snprintf(n->hardware_class, sizeof(n->hardware_class), "%s", class);
	n->first_image_floor = n->image_floor = field_number(c->json, "imageFloor");
	n->first_key_floor = n->key_floor = field_number(c->json, "keyFloor");
	n->state = NODE_ENROLLED;
	n->appraised = false;
	node_clear(n);
	call_note(c, "node %s enrolled in class %s%s", c->parameters[0], class,
	        n->ek_finding == EK_TRUSTED ? "" : ", its EK uncertified");
	answer_stored(c, n);
	live_tell_later(c->server, n->id);
}

void admin_enroll(struct call *c)
{
	if (body_fits(c, enroll_fields, ARRAY_SIZE(enroll_fields)))
		with_node(c, decide_enrolment);
}

static const struct field authority_fields[] = { { "authority", FIELD_BASE64, FIELD_REQUIRED, AUTHORITY_SIZE_MAX } };

static void renew_authority(struct call *c, struct node_entry *n)
{
	if (n->state != NODE_ENROLLED) {
		answer_error(c, 409, "not-enrolled", "enrol it first", "the node is not enrolled");
		return;
	}
	if (!take_authority(c, n, n->policy_key))
		return;
	n->authority_due = true;
	enum err e = c->server->storage->nodes->put(c->server->storage, n);
	if (e) {
		answer_failure(c, e, "the node could not be stored");
		return;
	}
	answer_done(c);
	live_tell_later(c->server, n->id);
}

void admin_authority(struct call *c)
{
	if (body_fits(c, authority_fields, ARRAY_SIZE(authority_fields)))
		with_node(c, renew_authority);
}

static void remove_node(struct call *c, struct node_entry *n)
{
	enum err e = appraisal_numbers_leave(c->server->storage, n->id);

	if (e) {
		answer_failure(c, e, "the node could not be removed");
		return;
	}
	live_forget(c->server, n->id);
	answer_done(c);
}

void admin_remove(struct call *c)
{
	with_node(c, remove_node);
}

static void clear(struct call *c, struct node_entry *n)
{
	node_clear(n);
	enum err e = c->server->storage->nodes->put(c->server->storage, n);

	if (e)
		answer_failure(c, e, "the node could not be stored");
	else
		answer_done(c);
}

void admin_clear(struct call *c)
{
	with_node(c, clear);
}

static const struct field reboot_fields[] = { { "drainSeconds", FIELD_NUMBER, FIELD_REQUIRED, DRAIN_MAX } };

static void reboot(struct call *c, struct node_entry *n)
{
	yyjson_mut_val *root;
	yyjson_mut_doc *doc = fleet_object(&root);

	(void)yyjson_mut_obj_add_uint(doc, root, "drainSeconds", field_number(c->json, "drainSeconds"));
	order_for_call(c, n->id, "reboot", doc, NULL);
}

void admin_reboot(struct call *c)
{
	if (body_fits(c, reboot_fields, ARRAY_SIZE(reboot_fields)))
		with_node(c, reboot);
}

static void logs(struct call *c, struct node_entry *n)
{
	const char *source = call_query(c, "source");
	const char *offset = call_query(c, "offset");
	yyjson_mut_val *root;

	if (!source || !offset || (strcmp(source, "hypervisor") != 0 && strcmp(source, "agent") != 0)) {
		answer_error(c, 400, "query",
		        "give source=hypervisor or source=agent, and offset=", "which log, and from where?");
		return;
	}
	yyjson_mut_doc *doc = fleet_object(&root);
	(void)yyjson_mut_obj_add_strcpy(doc, root, "source", source);
	(void)yyjson_mut_obj_add_uint(doc, root, "offset", admin_number(offset));
	order_for_call(c, n->id, "logs", doc, NULL);
}

void admin_logs(struct call *c)
{
	with_node(c, logs);
}
