/* `signet operator`: who may ask the fleet server for what. Trust: runs as the operator; `add` makes a private key. */
#include "cli/fleet_common.h"
#include "cli/image_common.h"
#include "cli/operator_key.h"
#include "keys/commands.h"
#include "keys/files.h"
#include "keys/issue.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static void list_print(const struct args *args, yyjson_val *answer)
{
	static const char *const headings[] = { "SERIAL", "NAME", "ROLE", "SINCE", "UNTIL", "BY" };
	char since[AGO_TEXT], until[AGO_TEXT];
	u64 now = now_seconds();
	struct columns t;
	size_t at, max;
	yyjson_val *each;

	(void)args;
	columns_begin(&t, headings, ARRAY_SIZE(headings), 0);
	yyjson_arr_foreach(yyjson_obj_get(answer, "operators"), at, max, each) {
		bool revoked = yyjson_is_str(yyjson_obj_get(each, "revoked"));

		columns_add(&t, "%s", answer_text(each, "serial", ""));
		columns_add(&t, "%s", answer_text(each, "name", ""));
		columns_add(&t, "%s", answer_text(each, "role", ""));
		columns_add(&t, "%s", format_ago(since, answer_time(each, "issued"), now));
		columns_add(&t, "%s", revoked ? "revoked" : format_ago(until, answer_time(each, "expires"), now));
		columns_add(&t, "%s", answer_text(each, "issuer", ""));
	}
	(void)columns_end(&t, stdout);
}

static enum exit_code list(struct fleet_client *c, const struct args *args)
{
	return show_target(c, args, "/v1/operators", list_print);
}

static enum exit_code operator_list(const struct args *args)
{
	return fleet_run(args, list);
}

/* What is to be certified, and where what comes of it goes. */
struct candidate {
	const char *name, *role, *out;
	struct operator_key made; /* key_size 0: the request is somebody else's */
};

/* The file is there, with the key, before anything is certified: nothing certified can get lost for want of a place. */
static enum exit_code make_key(const struct args *args, struct candidate *k)
{
	const char *file = option_value(args, "passphrase-file");
	struct passphrase passphrase = { 0 };
	enum err e = passphrase_read(file, &passphrase);

	if (e)
		return complain(e, key_file_advice(e, file), "cannot read a passphrase from %s", file);
	e = operator_key_make(k->name, &passphrase, &k->made);
	passphrase_wipe(&passphrase);
	if (!e)
		e = file_create(k->out, k->made.key, k->made.key_size, SECRET_MODE);
	return e ? complain_file(e, key_advice(e), "cannot make the key in", k->out) : EXIT_OK;
}

static enum exit_code read_request(const char *path, struct candidate *k)
{
	size_t n;
	enum err e = file_read(path, (u8 *)k->made.csr, sizeof(k->made.csr) - 1, &n);

	if (e)
		return complain_file(
		        e, "it is a PKCS#10 request in PEM, as `openssl req -new` makes it", "cannot read", path);
	k->made.csr[n] = '\0';
	if (access(k->out, F_OK) != 0)
		return EXIT_OK;
	return complain(ERR_KEY_EXISTS, key_advice(ERR_KEY_EXISTS), "cannot make %s", k->out);
}

static enum exit_code certify(struct fleet_client *c, const struct candidate *k, yyjson_doc **out)
{
	yyjson_mut_doc *body = body_new();
	yyjson_mut_val *root = yyjson_mut_doc_get_root(body);

	(void)yyjson_mut_obj_add_str(body, root, "name", k->name);
	(void)yyjson_mut_obj_add_str(body, root, "role", k->role);
	(void)yyjson_mut_obj_add_str(body, root, "csr", k->made.csr);
	return fleet_send(c, "POST", body, out, "/v1/operators");
}

/* Key and certificate in one file take the place of the key alone. */
static enum err write_pair(const struct candidate *k, const char *certificate)
{
	char temporary[PATH_MAX];
	char text[KEY_PEM_MAX + ISSUE_PEM_MAX];
	int n = snprintf(text, sizeof(text), "%s%s", k->made.key, certificate);
	enum err e = path_make(temporary, sizeof(temporary), "%s.new", k->out);

	if (!e && (n < 0 || (size_t)n >= sizeof(text)))
		e = ERR_RANGE;
	if (!e)
		e = file_create(temporary, text, (size_t)n, SECRET_MODE);
	explicit_bzero(text, sizeof(text));
	if (!e && rename(temporary, k->out) != 0) {
		e = ERR_IO;
		(void)unlink(temporary);
	}
	return e;
}

static enum exit_code keep_certificate(const struct args *args, const struct candidate *k, yyjson_doc *doc)
{
	yyjson_val *root = yyjson_doc_get_root(doc);
	const char *certificate = answer_text(root, "certificate", ""), *serial = answer_text(root, "serial", "?");
	enum err e = !certificate[0] ? ERR_HTTP_FORMAT
	        : k->made.key_size   ? write_pair(k, certificate)
	                             : file_create(k->out, certificate, strlen(certificate), PUBLIC_MODE);

	if (!e)
		return report_done(args, doc, "Wrote %s: %s \"%s\", certificate %s.%s", k->out, k->role, k->name,
		        serial,
		        k->made.key_size ? " Its holder gives it to --operator, or to `signet fleet connect`." : "");
	enum exit_code code =
	        complain_file(e, NULL, "the operator was certified, but the certificate cannot be kept in", k->out);

	note("revoke it and try again: `signet operator revoke %s`", serial);
	yyjson_doc_free(doc);
	return code;
}

static enum exit_code add_candidate(struct fleet_client *c, const struct args *args, struct candidate *k)
{
	const char *request = option_value(args, "csr");
	yyjson_doc *doc;
	enum exit_code code = request ? read_request(request, k) : make_key(args, k);

	if (code != EXIT_OK)
		return code;
	code = certify(c, k, &doc);
	if (code == EXIT_OK)
		return keep_certificate(args, k, doc);
	/* A key that nobody certified is of no use. */
	if (!request)
		(void)unlink(k->out);
	return code;
}

static bool role_known(const char *role)
{
	return strcmp(role, "viewer") == 0 || strcmp(role, "operator") == 0 || strcmp(role, "approver") == 0;
}

static enum exit_code add(struct fleet_client *c, const struct args *args)
{
	static struct candidate k;
	enum exit_code code;

	k = (struct candidate){
		.name = operand(args, 0), .role = option_value(args, "role"), .out = option_value(args, "out")
	};
	if (!role_known(k.role))
		return usage_error(args, "--role takes viewer, operator or approver, not '%s'", k.role);
	if (!subject_text_valid(k.name))
		return usage_error(
		        args, "NAME has 1 to %d printable ASCII characters, none of ,+\"\\<>;=#", SUBJECT_TEXT_MAX - 1);
	code = add_candidate(c, args, &k);
	operator_key_wipe(&k.made);
	return code;
}

static enum exit_code operator_add(const struct args *args)
{
	return fleet_run(args, add);
}

static enum exit_code revoke_certificate(struct fleet_client *c, const struct args *args)
{
	const char *serial = operand(args, 0);
	yyjson_doc *doc;
	enum exit_code code;

	if (!name_is_plain(serial))
		return usage_error(args, "SERIAL is what `signet operator list` shows, not '%s'", serial);
	code = confirm(args, "Revoke this certificate? Its holder is locked out from now on, for good.");
	if (code == EXIT_OK)
		code = fleet_send(c, "DELETE", NULL, &doc, "/v1/operators/%s", serial);
	return code == EXIT_OK ? report_done(args, doc, "Revoked certificate %s.", serial) : code;
}

static enum exit_code operator_revoke(const struct args *args)
{
	return fleet_run(args, revoke_certificate);
}

static const struct option_spec list_options[] = { OPTIONS_FLEET, OPTION_JSON, OPTIONS_END };

static const struct option_spec add_options[] = {
	{ .name = "role", .argument = "ROLE", .required = true, .help = "viewer, operator or approver" },
	{ .name = "out", .argument = "FILE", .required = true, .help = "takes key and certificate; must not be there" },
	{ .name = "csr",
	        .argument = "FILE",
	        .help = "certify this request; FILE of --out takes the certificate alone" },
	OPTION_PASSPHRASE,
	OPTIONS_FLEET,
	OPTION_JSON,
	OPTIONS_END,
};

static const struct option_spec revoke_options[] = { OPTION_YES, OPTIONS_FLEET, OPTION_JSON, OPTIONS_END };

const struct command operator_commands[] = {
	{ .name = "list",
	        .operands = "",
	        .help = "List the operators' certificates",
	        .options = list_options,
	        .run = operator_list },
	{ .name = "add",
	        .operands = "NAME",
	        .operands_min = 1,
	        .operands_max = 1,
	        .help = "Certify an operator",
	        .details =
	                "Makes a key here and has the fleet server certify it; the key never leaves this machine. Who "
	                "has a key of his own sends a request, made with `openssl req -new`, for --csr. A viewer "
	                "reads, an "
	                "operator also orders, an approver also decides who and what is trusted.",
	        .options = add_options,
	        .run = operator_add },
	{ .name = "revoke",
	        .operands = "SERIAL",
	        .operands_min = 1,
	        .operands_max = 1,
	        .help = "Revoke an operator's certificate",
	        .options = revoke_options,
	        .run = operator_revoke },
	{ .name = NULL },
};
