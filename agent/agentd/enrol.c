/* Making the fleet server know this node, and the TPM prove itself. Trust: see agent.h. */
#include "agent/agentd/agent.h"

#include "lib/print.h"

#include <string.h>
#include <unistd.h>

void agent_node_text(const struct agent *a, char out[NODE_TEXT_SIZE])
{
	hex_encode(out, a->ek.node, sizeof(a->ek.node));
}

static enum err find_keys(struct agent *a, struct tss *t, bool provisioned)
{
	enum err e = tss_ek_read(t, &a->ek);

	if (!e)
		e = tss_ak_read(t, !provisioned, &a->ak);
	if (e == ERR_NV_ABSENT)
		(void)format(t->why, sizeof(t->why), "%s",
		        "the attestation key is gone; the TPM was cleared: remove the node and enrol it again");
	else if (e == ERR_NV_FOREIGN)
		(void)format(
		        t->why, sizeof(t->why), "another key is at the attestation key's place (0x%x)", 0x81005100u);
	return e;
}

enum agent_outcome agent_prepare(struct agent *a)
{
	struct control_status status;
	struct tss t;
	enum err e = node_read_status(&a->node, &status);

	if (e) {
		agent_waits(a, "hypervisor: %s", err_text(e));
		return OUTCOME_FAILED;
	}
	e = tss_open(&t, a->options.tcti);
	if (!e)
		e = find_keys(a, &t, status.flags & CONTROL_PROVISIONED);
	tss_close(&t);
	if (e)
		agent_waits(a, "TPM: %s", t.why[0] ? t.why : err_text(e));
	return e ? OUTCOME_FAILED : OUTCOME_DONE;
}

static yyjson_mut_doc *enroll_body(const struct agent *a)
{
	char host[256] = "";
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *root = yyjson_mut_obj(doc);

	(void)gethostname(host, sizeof(host) - 1);
	yyjson_mut_doc_set_root(doc, root);
	(void)json_put_base64(doc, root, "ek", a->ek.public.bytes, a->ek.public.n);
	if (a->ek.certificate_size)
		(void)json_put_base64(doc, root, "ekCertificate", a->ek.certificate, a->ek.certificate_size);
	else
		(void)yyjson_mut_obj_add_null(doc, root, "ekCertificate");
	(void)json_put_base64(doc, root, "ak", a->ak.bytes, a->ak.n);
	(void)yyjson_mut_obj_add_strcpy(doc, root, "hostname", host[0] ? host : "signet");
	return doc;
}

static bool take_blob(yyjson_val *object, const char *name, struct tss_blob *out)
{
	out->n = (u16)field_base64(object, name, out->bytes, sizeof(out->bytes));
	return out->n > 0;
}

/* The TPM opens what was made for this EK and this AK alone. */
static enum err open_credential(struct agent *a, yyjson_val *answer, struct tss_blob *activation)
{
	static const struct field fields[] = {
		{ "node", FIELD_HEX, FIELD_REQUIRED, ATTEST_ID_SIZE },
		{ "credential", FIELD_BASE64, FIELD_REQUIRED, TSS_BLOB_MAX },
		{ "secret", FIELD_BASE64, FIELD_REQUIRED, TSS_BLOB_MAX },
	};
	struct tss_blob credential, secret;
	struct tss t;

	if (!fields_fit(answer, fields, ARRAY_SIZE(fields), a->link.why, sizeof(a->link.why)) ||
	        !take_blob(answer, "credential", &credential) || !take_blob(answer, "secret", &secret))
		return ERR_ARGUMENT;
	enum err e = tss_open(&t, a->options.tcti);
	if (!e)
		e = tss_activate(&t, &credential, &secret, activation);
	tss_close(&t);
	if (e)
		(void)format(a->link.why, sizeof(a->link.why), "TPM: %s", t.why[0] ? t.why : err_text(e));
	return e;
}

static enum agent_outcome activate(struct agent *a, const struct tss_blob *activation)
{
	char node[NODE_TEXT_SIZE];
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *root = yyjson_mut_obj(doc);
	yyjson_doc *answer;

	agent_node_text(a, node);
	yyjson_mut_doc_set_root(doc, root);
	(void)yyjson_mut_obj_add_strcpy(doc, root, "node", node);
	(void)json_put_base64(doc, root, "activation", activation->bytes, activation->n);
	enum agent_outcome outcome = link_post(&a->link, "/node/v1/activate", doc, 0, &answer);
	yyjson_doc_free(answer);
	return outcome;
}

static enum agent_outcome enrol(struct agent *a)
{
	struct tss_blob activation;
	yyjson_doc *answer;
	enum agent_outcome outcome = link_post(&a->link, "/node/v1/enroll", enroll_body(a), 0, &answer);

	if (outcome != OUTCOME_DONE)
		return outcome;
	enum err e = open_credential(a, yyjson_doc_get_root(answer), &activation);
	yyjson_doc_free(answer);
	return e ? OUTCOME_FAILED : activate(a, &activation);
}

enum agent_outcome agent_enrol(struct agent *a)
{
	char node[NODE_TEXT_SIZE];
	enum agent_outcome outcome = enrol(a);

	agent_node_text(a, node);
	if (outcome == OUTCOME_DONE)
		tell("enrolment asked for: node %s, %s", node,
		        a->ek.certificate_size ? "with EK certificate" : "WITHOUT an EK certificate");
	else
		agent_waits(a, "enrolment: %s", a->link.why);
	return outcome;
}
