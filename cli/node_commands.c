/* The table of `signet node`, and its short commands. Trust: runs as the operator. */
#include "cli/node_commands.h"

#include "keys/commands.h"

static enum exit_code list_nodes(struct fleet_client *c, const struct args *args)
{
	return show_target(c, args, "/v1/nodes", nodes_print);
}

static enum exit_code node_list(const struct args *args)
{
	return fleet_run(args, list_nodes);
}

static enum exit_code show_node(struct fleet_client *c, const struct args *args)
{
	return show_of_node(c, args, "", node_print);
}

static enum exit_code node_show(const struct args *args)
{
	return fleet_run(args, show_node);
}

static enum exit_code remove_node(struct fleet_client *c, const struct args *args)
{
	char question[NODE_LABEL_TEXT + 128];
	struct node_name node;
	yyjson_doc *doc;
	enum exit_code code = node_operand(c, args, 0, &node);

	if (code != EXIT_OK)
		return code;
	(void)snprintf(question, sizeof(question),
	        "Forget node %s, its record, guests and history? It gets no ticket until it is enrolled anew.",
	        node.label);
	code = confirm(args, question);
	if (code == EXIT_OK)
		code = fleet_send(c, "DELETE", NULL, &doc, "/v1/nodes/%s", node.id);
	return code == EXIT_OK ? report_done(args, doc, "Removed node %s.", node.label) : code;
}

static enum exit_code node_remove(const struct args *args)
{
	return fleet_run(args, remove_node);
}

enum { DRAIN_DEFAULT = 60, DRAIN_MAX = 86400 };

static enum exit_code reboot_node(struct fleet_client *c, const struct args *args)
{
	struct node_name node;
	yyjson_mut_doc *body;
	yyjson_doc *doc;
	u64 drain;
	enum exit_code code = option_number(args, "drain", DRAIN_DEFAULT, 0, DRAIN_MAX, &drain);

	if (code == EXIT_OK)
		code = node_operand(c, args, 0, &node);
	if (code != EXIT_OK)
		return code;
	body = body_new();
	(void)yyjson_mut_obj_add_uint(body, yyjson_mut_doc_get_root(body), "drainSeconds", drain);
	code = fleet_send(c, "POST", body, &doc, "/v1/nodes/%s/reboot", node.id);
	return code == EXIT_OK ? report_done(args, doc, "Node %s reboots; its guests have %llu s to stop.", node.label,
	                                 (unsigned long long)drain)
	                       : code;
}

static enum exit_code node_reboot(const struct args *args)
{
	return fleet_run(args, reboot_node);
}

static const struct option_spec plain_options[] = { OPTIONS_FLEET, OPTION_JSON, OPTIONS_END };

static const struct option_spec remove_options[] = { OPTION_YES, OPTIONS_FLEET, OPTION_JSON, OPTIONS_END };

static const struct option_spec reboot_options[] = {
	{ .name = "drain", .argument = "SECONDS", .help = "how long its guests have to stop (60)" },
	OPTIONS_FLEET,
	OPTION_JSON,
	OPTIONS_END,
};

static const struct option_spec enroll_options[] = {
	{ .name = "keys", .argument = "DIR", .required = true, .help = "key directory that holds the policy key" },
	{ .name = "class", .argument = "NAME", .help = "class of hardware, whose firmware baseline counts (default)" },
	{ .name = "image-floor", .argument = "SVN", .help = "lowest SVN it may boot (that of the image it runs)" },
	{ .name = "key-floor", .argument = "N", .help = "lowest key manifest of an image it may boot (0)" },
	{ .name = "accept-uncertified", .help = "take a TPM whose EK no configured CA certifies" },
	OPTION_PASSPHRASE,
	OPTION_YES,
	OPTIONS_FLEET,
	OPTION_JSON,
	OPTIONS_END,
};

static const struct option_spec authority_options[] = {
	{ .name = "keys", .argument = "DIR", .required = true, .help = "key directory that holds the policy key" },
	{ .name = "pcr7",
	        .argument = "HEX",
	        .repeatable = true,
	        .help = "a value of PCR 7 to approve, beside the one it attested last" },
	OPTION_PASSPHRASE,
	OPTION_YES,
	OPTIONS_FLEET,
	OPTION_JSON,
	OPTIONS_END,
};

static const struct option_spec logs_options[] = {
	{ .name = "source", .argument = "NAME", .help = "hypervisor or agent (agent)" },
	{ .name = "offset", .argument = "N", .help = "begin with this byte of it (0)" },
	{ .name = "follow", .help = "go on as the log grows, until interrupted" },
	OPTIONS_FLEET,
	OPTION_JSON,
	OPTIONS_END,
};

#define ONE_NODE .operands = "NODE", .operands_min = 1, .operands_max = 1

const struct command node_commands[] = {
	{ .name = "list",
	        .operands = "",
	        .help = "List the nodes of the fleet",
	        .options = plain_options,
	        .run = node_list },
	{ .name = "show",
	        ONE_NODE,
	        .help = "Show all that is known of a node",
	        .details = "NODE is an id, the unique beginning of one, or a host name.",
	        .options = plain_options,
	        .run = node_show },
	{ .name = "enroll",
	        ONE_NODE,
	        .help = "Enrol a pending node",
	        .details =
	                "Shows what is trusted by that: who certifies its TPM, its firmware, and the Secure Boot state "
	                "that PCR 7 stands for. Then signs, with the policy key, that the node may write its boot "
	                "state "
	                "under this PCR 7, and has the fleet server provision it.",
	        .options = enroll_options,
	        .run = node_enroll_command },
	{ .name = "authority",
	        ONE_NODE,
	        .help = "Approve a node's changed Secure Boot state",
	        .details = "After new Secure Boot keys or firmware changed PCR 7, a node can read its boot state but "
	                   "not write "
	                   "it, and starts no trial, until a write authority for the new value is signed.",
	        .options = authority_options,
	        .run = node_authority_command },
	{ .name = "remove", ONE_NODE, .help = "Forget a node", .options = remove_options, .run = node_remove },
	{ .name = "reboot", ONE_NODE, .help = "Reboot a node", .options = reboot_options, .run = node_reboot },
	{ .name = "logs",
	        ONE_NODE,
	        .help = "Print what a node's agent or hypervisor has said",
	        .options = logs_options,
	        .run = node_logs_command },
	{ .name = NULL },
};
