/* The table of `signet guest`, and its short commands. Trust: runs as the operator. */
#include "cli/guest_commands.h"

#include "cli/guest_define.h"

#include <string.h>

enum exit_code guest_operands(
        struct fleet_client *c, const struct args *args, struct node_name *node, const char **guest)
{
	*guest = operand(args, 1);
	if (!name_is_plain(*guest))
		return usage_error(args, "a guest's name has letters, digits, '.', '-' and '_', not '%s'", *guest);
	return node_operand(c, args, 0, node);
}

static void guest_row(struct columns *t, yyjson_val *guest)
{
	yyjson_val *definition = yyjson_obj_get(guest, "definition");
	char size[SIZE_TEXT];

	columns_add(t, "%s", answer_text(guest, "name", ""));
	columns_add(t, "%s", answer_text(guest, "state", ""));
	columns_add(t, "%llu", (unsigned long long)answer_number(definition, "vcpus", 0));
	columns_add(t, "%s", format_size(size, answer_number(definition, "memory", 0)));
	columns_add(t, "%s", answer_bool(definition, "autostart") ? "yes" : "no");
	columns_add(t, "%.1f s", (double)answer_number(guest, "cpuTime", 0) / 1e9);
	columns_add(t, "%.*s", SHORT_ID, answer_text(guest, "digest", ""));
	columns_add(t, "%s", answer_text(guest, "reason", ""));
}

static void guests_print(const struct args *args, yyjson_val *answer)
{
	static const char *const headings[] = { "NAME", "STATE", "VCPUS", "MEMORY", "AUTOSTART", "CPU TIME", "DIGEST",
		"REASON" };
	struct columns t;
	size_t at, max;
	yyjson_val *guest;

	(void)args;
	columns_begin(&t, headings, ARRAY_SIZE(headings), BIT(2) | BIT(3) | BIT(5));
	yyjson_arr_foreach(yyjson_obj_get(answer, "guests"), at, max, guest)
		guest_row(&t, guest);
	(void)columns_end(&t, stdout);
}

static enum exit_code list(struct fleet_client *c, const struct args *args)
{
	struct node_name node;
	yyjson_doc *doc;
	enum exit_code code = node_operand(c, args, 0, &node);

	if (code == EXIT_OK)
		code = fleet_get(c, &doc, "/v1/nodes/%s/guests", node.id);
	return code == EXIT_OK ? show_answer(args, doc, guests_print) : code;
}

static enum exit_code guest_list(const struct args *args)
{
	return fleet_run(args, list);
}

static enum exit_code run_source(
        struct fleet_client *c, const struct args *args, const struct node_name *node, const struct guest_source *s)
{
	yyjson_doc *doc;
	enum exit_code code = guest_upload(c, s);

	if (code == EXIT_OK)
		code = fleet_send(c, "POST", guest_definition(s, option_given(args, "autostart")), &doc,
		        "/v1/nodes/%s/guests", node->id);
	if (code != EXIT_OK)
		return code;
	const char *digest = answer_text(yyjson_doc_get_root(doc), "digest", "");

	return report_done(args, doc, "Guest %s runs on node %s%s%.*s", s->file.name, node->label,
	        digest[0] ? ", measured as " : "", SHORT_ID, digest);
}

static enum exit_code run(struct fleet_client *c, const struct args *args)
{
	static struct guest_source source;
	struct node_name node;
	enum exit_code code = node_operand(c, args, 0, &node);

	if (code == EXIT_OK)
		code = guest_source_open(operand(args, 1), &source);
	if (code != EXIT_OK)
		return code;
	code = run_source(c, args, &node, &source);
	guest_source_close(&source);
	return code;
}

static enum exit_code guest_run(const struct args *args)
{
	return fleet_run(args, run);
}

static enum exit_code stop(struct fleet_client *c, const struct args *args)
{
	bool now = option_given(args, "now");
	struct node_name node;
	const char *guest;
	yyjson_mut_doc *body;
	yyjson_doc *doc;
	enum exit_code code = guest_operands(c, args, &node, &guest);

	if (code != EXIT_OK)
		return code;
	body = body_new();
	(void)yyjson_mut_obj_add_bool(body, yyjson_mut_doc_get_root(body), "now", now);
	code = fleet_send(c, "POST", body, &doc, "/v1/nodes/%s/guests/%s/stop", node.id, guest);
	return code == EXIT_OK
	        ? report_done(args, doc,
	                  now ? "Ended guest %s on node %s." : "Pressed the power button of guest %s on node %s.",
	                  guest, node.label)
	        : code;
}

static enum exit_code guest_stop(const struct args *args)
{
	return fleet_run(args, stop);
}

static enum exit_code remove_guest(struct fleet_client *c, const struct args *args)
{
	char question[NODE_LABEL_TEXT + 128];
	struct node_name node;
	const char *guest;
	yyjson_doc *doc;
	enum exit_code code = guest_operands(c, args, &node, &guest);

	if (code != EXIT_OK)
		return code;
	(void)snprintf(question, sizeof(question),
	        "End guest %s on node %s, and forget its definition? Its disks stay.", guest, node.label);
	code = confirm(args, question);
	if (code == EXIT_OK)
		code = fleet_send(c, "DELETE", NULL, &doc, "/v1/nodes/%s/guests/%s", node.id, guest);
	return code == EXIT_OK ? report_done(args, doc, "Removed guest %s from node %s.", guest, node.label) : code;
}

static enum exit_code guest_remove(const struct args *args)
{
	return fleet_run(args, remove_guest);
}

static const struct option_spec plain_options[] = { OPTIONS_FLEET, OPTION_JSON, OPTIONS_END };

static const struct option_spec run_options[] = {
	{ .name = "autostart", .help = "start it again by itself whenever the node has a ticket" },
	OPTIONS_FLEET,
	OPTION_JSON,
	OPTIONS_END,
};

static const struct option_spec stop_options[] = {
	{ .name = "now", .help = "end it without asking" },
	OPTIONS_FLEET,
	OPTION_JSON,
	OPTIONS_END,
};

static const struct option_spec remove_options[] = { OPTION_YES, OPTIONS_FLEET, OPTION_JSON, OPTIONS_END };

static const struct option_spec console_options[] = {
	{ .name = "no-follow", .help = "print what there is, and leave" },
	OPTIONS_FLEET,
	OPTIONS_END,
};

#define NODE_AND_NAME .operands = "NODE NAME", .operands_min = 2, .operands_max = 2

const struct command guest_commands[] = {
	{ .name = "run",
	        .operands = "NODE FILE",
	        .operands_min = 2,
	        .operands_max = 2,
	        .help = "Run a guest on a node",
	        .details = "FILE says what the guest is made of, as signetctl takes it (docs/signetctl.md). Its kernel "
	                   "and "
	                   "initramfs are uploaded from here where the fleet server has them not; its disks are the "
	                   "node's, by "
	                   "absolute paths. The node attests, and the guest starts only under a ticket that names its "
	                   "launch "
	                   "measurement.",
	        .options = run_options,
	        .run = guest_run },
	{ .name = "stop",
	        NODE_AND_NAME,
	        .help = "Press a guest's power button",
	        .options = stop_options,
	        .run = guest_stop },
	{ .name = "list",
	        .operands = "NODE",
	        .operands_min = 1,
	        .operands_max = 1,
	        .help = "List a node's guests: those defined, and what runs",
	        .options = plain_options,
	        .run = guest_list },
	{ .name = "remove",
	        NODE_AND_NAME,
	        .help = "End a guest and forget its definition",
	        .options = remove_options,
	        .run = guest_remove },
	{ .name = "console",
	        NODE_AND_NAME,
	        .help = "Use a guest's console; Ctrl-] leaves",
	        .details = "Begins with what the node still keeps of it. Every key is the guest's, Ctrl-C too.",
	        .options = console_options,
	        .run = guest_console_command },
	{ .name = NULL },
};
