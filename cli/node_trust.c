/*
 * `signet node enroll` and `signet node authority`: what is trusted is shown, agreed to, and signed here with the
 * policy key; the fleet server only carries it. Trust: runs as the operator, with a private key. What the server says
 * of a node is shown, and what it says is PCR 7 is what gets signed: so a person looks at it first.
 */
#include "cli/node_commands.h"
#include "keys/approve.h"

#include <string.h>

#define CLASS_DEFAULT "default"

/* A node as the server has it. */
struct subject {
	struct node_name name;
	u8 id[NODE_ID_SIZE];
	struct pcr7_values pcr7;
	yyjson_doc *doc;
	yyjson_val *node;
};

/* From EXIT_OK on, doc is to be freed. */
static enum exit_code subject_get(struct fleet_client *c, const struct args *args, struct subject *s)
{
	enum exit_code code = node_operand(c, args, 0, &s->name);

	if (code == EXIT_OK)
		code = fleet_get(c, &s->doc, "/v1/nodes/%s", s->name.id);
	if (code != EXIT_OK)
		return code;
	s->node = yyjson_doc_get_root(s->doc);
	if (!parse_hex(s->name.id, s->id, sizeof(s->id)))
		return complain(ERR_INTERNAL, NULL, "cannot use node id %s", s->name.id);
	return EXIT_OK;
}

/* The value it attested last becomes the first to approve. */
static enum exit_code take_pcr7(struct subject *s)
{
	if (answer_hex(s->node, "pcr7", s->pcr7.value[s->pcr7.count], SHA256_SIZE)) {
		s->pcr7.count++;
		return EXIT_OK;
	}
	note("node %s has shown no PCR 7 yet, so nobody knows under which Secure Boot state it may write",
	        s->name.label);
	note("wait until its agent has sent evidence, or look at why it does not: `signet node logs %.*s`", SHORT_ID,
	        s->name.id);
	return EXIT_FAILED;
}

static bool is_certified(yyjson_val *node)
{
	return answer_bool(yyjson_obj_get(node, "ekCertificate"), "trusted");
}

static enum exit_code check_certified(const struct args *args, const struct subject *s)
{
	if (is_certified(s->node) || option_given(args, "accept-uncertified"))
		return EXIT_OK;
	note("no configured CA certifies that node %s has a real TPM: whatever it attests may be made up",
	        s->name.label);
	note("add its maker's CA to the fleet server's configuration, or take it all the same: --accept-uncertified");
	return EXIT_REFUSED;
}

/* With --json the output is for machines, who were told of the node before. */
static void show_trusted(const struct args *args, const struct subject *s)
{
	if (!option_given(args, "json"))
		node_print(args, s->node);
}

static enum exit_code sign(const struct args *args, const struct subject *s, struct authority *out)
{
	struct key_session keys;
	enum exit_code code = key_session_open_at(args, option_value(args, "keys"), &keys);

	if (code != EXIT_OK)
		return code;
	code = authority_sign(&keys, s->id, &s->pcr7, out);
	key_session_close(&keys);
	return code;
}

static void put_authority(yyjson_mut_doc *body, const struct authority *a)
{
	u8 bytes[AUTHORITY_SIZE_MAX];
	size_t n = authority_encode(a, bytes);

	(void)body_put_base64(body, yyjson_mut_doc_get_root(body), "authority", bytes, n);
}

struct enrolment {
	const char *class;
	u64 image_floor, key_floor;
	bool accept_uncertified;
};

static enum exit_code enrolment_of(const struct args *args, const struct subject *s, struct enrolment *e)
{
	const char *class = option_value(args, "class");
	enum exit_code code =
	        option_number(args, "image-floor", answer_number(s->node, "svn", 0), 0, SVN_MAX, &e->image_floor);

	if (code == EXIT_OK)
		code = option_number(args, "key-floor", 0, 0, UINT32_MAX, &e->key_floor);
	e->class = class ? class : CLASS_DEFAULT;
	e->accept_uncertified = option_given(args, "accept-uncertified");
	if (code == EXIT_OK && !name_is_plain(e->class))
		return usage_error(
		        args, "--class takes letters, digits, '.', '-' and '_', at most 63, not '%s'", e->class);
	return code;
}

static enum exit_code send_enrolment(struct fleet_client *c, const struct args *args, const struct subject *s,
        const struct enrolment *e, const struct authority *a)
{
	yyjson_mut_doc *body = body_new();
	yyjson_mut_val *root = yyjson_mut_doc_get_root(body);
	yyjson_doc *doc;

	put_authority(body, a);
	(void)body_put_base64(body, root, "policyKey", a->policy_key, sizeof(a->policy_key));
	(void)yyjson_mut_obj_add_str(body, root, "class", e->class);
	(void)yyjson_mut_obj_add_uint(body, root, "imageFloor", e->image_floor);
	(void)yyjson_mut_obj_add_uint(body, root, "keyFloor", e->key_floor);
	(void)yyjson_mut_obj_add_bool(body, root, "acceptUncertified", e->accept_uncertified);
	enum exit_code code = fleet_send(c, "POST", body, &doc, "/v1/nodes/%s/enroll", s->name.id);

	return code == EXIT_OK ? report_done(args, doc, "Enrolled node %s in class %s.", s->name.label, e->class)
	                       : code;
}

static enum exit_code enroll_subject(struct fleet_client *c, const struct args *args, struct subject *s)
{
	char question[NODE_LABEL_TEXT + 128];
	struct enrolment e;
	struct authority a;
	enum exit_code code = take_pcr7(s);

	if (code == EXIT_OK)
		code = check_certified(args, s);
	if (code == EXIT_OK)
		code = enrolment_of(args, s, &e);
	if (code != EXIT_OK)
		return code;
	show_trusted(args, s);
	(void)snprintf(question, sizeof(question), "Enrol node %s with this TPM, firmware and Secure Boot state%s?",
	        s->name.label, is_certified(s->node) ? "" : ", UNCERTIFIED");
	code = confirm(args, question);
	if (code == EXIT_OK)
		code = sign(args, s, &a);
	return code == EXIT_OK ? send_enrolment(c, args, s, &e, &a) : code;
}

static enum exit_code enroll(struct fleet_client *c, const struct args *args)
{
	struct subject s = { 0 };
	enum exit_code code = subject_get(c, args, &s);

	if (code == EXIT_OK)
		code = enroll_subject(c, args, &s);
	yyjson_doc_free(s.doc);
	return code;
}

enum exit_code node_enroll_command(const struct args *args)
{
	return fleet_run(args, enroll);
}

static enum exit_code send_authority(
        struct fleet_client *c, const struct args *args, const struct subject *s, const struct authority *a)
{
	yyjson_mut_doc *body = body_new();
	yyjson_doc *doc;

	put_authority(body, a);
	enum exit_code code = fleet_send(c, "POST", body, &doc, "/v1/nodes/%s/authority", s->name.id);

	return code == EXIT_OK
	        ? report_done(args, doc,
	                  "Node %s may write its boot state under %u value%s of PCR 7, from its next start on.",
	                  s->name.label, a->count, a->count == 1 ? "" : "s")
	        : code;
}

static enum exit_code authorize_subject(struct fleet_client *c, const struct args *args, struct subject *s)
{
	char question[NODE_LABEL_TEXT + 128];
	struct authority a;
	enum exit_code code = take_pcr7(s);

	if (code == EXIT_OK)
		code = pcr7_from_options(args, &s->pcr7);
	if (code != EXIT_OK)
		return code;
	if (!option_given(args, "json")) {
		print_field("PCR 7", "%s", answer_text(s->node, "pcr7", "?"));
		events_print(yyjson_obj_get(s->node, "secureBoot"));
	}
	(void)snprintf(question, sizeof(question), "Let node %s write its boot state under this Secure Boot state?",
	        s->name.label);
	code = confirm(args, question);
	if (code == EXIT_OK)
		code = sign(args, s, &a);
	return code == EXIT_OK ? send_authority(c, args, s, &a) : code;
}

static enum exit_code authorize(struct fleet_client *c, const struct args *args)
{
	struct subject s = { 0 };
	enum exit_code code = subject_get(c, args, &s);

	if (code == EXIT_OK)
		code = authorize_subject(c, args, &s);
	yyjson_doc_free(s.doc);
	return code;
}

enum exit_code node_authority_command(const struct args *args)
{
	return fleet_run(args, authorize);
}
