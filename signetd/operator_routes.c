/*
 * Requests about operators.
 * Trust: from an authenticated operator, of the role that the table demands.
 */
#include "signetd/body.h"
#include "signetd/operators.h"
#include "signetd/routes.h"

#include <string.h>

enum { CSR_MAX = 8192 };

static yyjson_mut_doc *object_document(yyjson_mut_val **root)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);

	*root = yyjson_mut_obj(doc);
	yyjson_mut_doc_set_root(doc, *root);
	return doc;
}

static void put_operator(yyjson_mut_doc *doc, yyjson_mut_val *o, const struct operator_record *r)
{
	(void)yyjson_mut_obj_add_strcpy(doc, o, "serial", r->serial);
	(void)yyjson_mut_obj_add_strcpy(doc, o, "name", r->name);
	(void)yyjson_mut_obj_add_str(doc, o, "role", role_words(r->role));
	json_put_time(doc, o, "issued", r->issued);
	json_put_time(doc, o, "expires", r->expires);
	json_put_time(doc, o, "revoked", r->revoked);
	(void)yyjson_mut_obj_add_strcpy(doc, o, "issuer", r->issuer);
}

struct listing {
	yyjson_mut_doc *doc;
	yyjson_mut_val *array;
};

static enum err list_one(void *context, const struct operator_record *r)
{
	struct listing *l = context;

	put_operator(l->doc, yyjson_mut_arr_add_obj(l->doc, l->array), r);
	return OK;
}

static void list_operators(struct call *c)
{
	struct storage *s = c->server->storage;
	yyjson_mut_val *root;
	struct listing l = { .doc = object_document(&root) };
	enum err e;

	l.array = yyjson_mut_obj_add_arr(l.doc, root, "operators");
	e = s->operators->read(s, list_one, &l);
	if (!e) {
		answer_json(c, 200, l.doc);
		return;
	}
	yyjson_mut_doc_free(l.doc);
	answer_failure(c, e, "operators could not be read");
}

static const struct field add_fields[] = {
	{ "name", FIELD_TEXT, FIELD_REQUIRED, OPERATOR_NAME_SIZE - 1 },
	{ "role", FIELD_TEXT, FIELD_REQUIRED, 16 },
	{ "csr", FIELD_PEM, FIELD_REQUIRED, CSR_MAX },
};

static void issue(struct call *c, const char *name, enum role role, mbedtls_pk_context *key)
{
	struct operator_record r;
	char pem[ISSUE_PEM_MAX];
	yyjson_mut_val *root;
	enum err e = operator_issue(c->server, name, role, c->who.name, key, pem, &r);

	if (e == ERR_ARGUMENT) {
		answer_error(c, 400, "name", "use letters, digits, spaces, dots and dashes",
		        "a certificate cannot hold this name");
		return;
	}
	if (e) {
		answer_failure(c, e, "no certificate could be issued");
		return;
	}
	call_note(c, "%s \"%s\", certificate %s", role_words(role), name, r.serial);
	yyjson_mut_doc *doc = object_document(&root);
	put_operator(doc, root, &r);
	(void)yyjson_mut_obj_add_strcpy(doc, root, "certificate", pem);
	answer_json(c, 201, doc);
}

static void add_operator(struct call *c)
{
	if (!body_fits(c, add_fields, ARRAY_SIZE(add_fields)))
		return;
	const char *name = field_text(c->json, "name");
	enum role role = role_of(field_text(c->json, "role"));
	mbedtls_pk_context key;

	call_note(c, "\"%s\"", name);
	if (role == ROLE_NONE) {
		answer_error(c, 400, "role", "one of viewer, operator, approver", "this role is not known");
		return;
	}
	mbedtls_pk_init(&key);
	if (request_key(field_text(c->json, "csr"), &key) == OK)
		issue(c, name, role, &key);
	else
		answer_error(c, 400, "csr", "make one with an ECDSA key on P-384 or P-256, in PEM",
		        "the certificate request cannot be used");
	mbedtls_pk_free(&key);
}

static void revoke_operator(struct call *c)
{
	struct server *s = c->server;
	const char *serial = c->parameters[0];
	enum err e;

	/* Nobody locks himself out, and so the last approver stays. */
	if (strcmp(serial, c->who.serial) == 0) {
		answer_error(
		        c, 409, "own-certificate", "ask another approver", "nobody revokes the certificate he uses");
		return;
	}
	e = s->storage->operators->revoke(s->storage, serial, s->clock->wall(s->clock));
	if (e == ERR_STORAGE_ABSENT)
		answer_error(c, 404, "operator-unknown", "`signet operator list` shows the serial numbers",
		        "no certificate has that serial number");
	else if (e)
		answer_failure(c, e, "the certificate could not be revoked");
	else
		answer_done(c);
}

#define OPERATORS LISTENER_OPERATORS
const struct route operator_routes[OPERATOR_ROUTES] = {
	{ METHOD_GET, OPERATORS, "/v1/operators", ROLE_VIEWER, BODY_NONE, BOUND_JSON, false, NULL, list_operators },
	{ METHOD_POST, OPERATORS, "/v1/operators", ROLE_APPROVER, BODY_JSON, BOUND_JSON, true, NULL, add_operator },
	{ METHOD_DELETE, OPERATORS, "/v1/operators/{serial}", ROLE_APPROVER, BODY_NONE, BOUND_JSON, true, NULL,
	        revoke_operator },
};
