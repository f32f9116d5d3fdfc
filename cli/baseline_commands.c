/* `signet baseline`: the firmware events that are approved for a class of hardware. Trust: runs as the operator. */
#include "cli/attest_commands.h"
#include "cli/fleet_common.h"
#include "cli/node_commands.h"

#include <stdlib.h>
#include <string.h>

enum { DIGEST_SHOWN = 16, NUMBER_DIGITS = 19 };

static void list_print(const struct args *args, yyjson_val *answer)
{
	static const char *const headings[] = { "CLASS", "NUMBER", "NODES", "SINCE", "EVENTS", "APPROVED BY", "WHEN",
		"FROM NODE", "APPRAISAL" };
	char when[WHEN_TEXT];
	struct columns t;
	size_t at, max;
	yyjson_val *each;

	(void)args;
	columns_begin(&t, headings, ARRAY_SIZE(headings), BIT(1) | BIT(2) | BIT(4) | BIT(8));
	yyjson_arr_foreach(yyjson_obj_get(answer, "baselines"), at, max, each) {
		columns_add(&t, "%s", answer_text(each, "class", ""));
		columns_add(&t, "%llu", (unsigned long long)answer_number(each, "number", 0));
		columns_add(&t, "%llu", (unsigned long long)answer_number(each, "nodes", 0));
		columns_add(&t, "%s",
		        answer_number(each, "nodes", 0) ? format_when(when, answer_time(each, "since")) : "-");
		columns_add(&t, "%llu", (unsigned long long)answer_number(each, "count", 0));
		columns_add(&t, "%s", answer_text(each, "approvedBy", ""));
		columns_add(&t, "%s", format_when(when, answer_time(each, "approvedAt")));
		columns_add(&t, "%.*s", SHORT_ID, answer_text(each, "node", ""));
		columns_add(&t, "%llu", (unsigned long long)answer_number(each, "appraisal", 0));
	}
	(void)columns_end(&t, stdout);
}

static enum exit_code list(struct fleet_client *c, const struct args *args)
{
	return show_target(c, args, "/v1/baselines", list_print);
}

static enum exit_code baseline_list(const struct args *args)
{
	return fleet_run(args, list);
}

static enum exit_code class_operand(const struct args *args, const char **class)
{
	*class = operand(args, 0);
	if (name_is_plain(*class))
		return EXIT_OK;
	return usage_error(args, "a class has letters, digits, '.', '-' and '_', at most 63, not '%s'", *class);
}

/* The operand after the class; 0 when it is not given. */
static enum exit_code number_operand(const struct args *args, u64 *number)
{
	const char *text = operand(args, 1);

	*number = 0;
	if (!text)
		return EXIT_OK;
	if (strlen(text) < NUMBER_DIGITS && strspn(text, "0123456789") == strlen(text))
		*number = strtoull(text, NULL, 10);
	return *number
	        ? EXIT_OK
	        : usage_error(args, "a baseline has a number, as `signet baseline list` shows it, not '%s'", text);
}

static void print_baseline(yyjson_val *baseline)
{
	u64 nodes = answer_number(baseline, "nodes", 0);
	char when[WHEN_TEXT];

	print_field("Class", "%s", answer_text(baseline, "class", "?"));
	print_field("Number", "%llu", (unsigned long long)answer_number(baseline, "number", 0));
	print_field("Approved by", "%s, %s", answer_text(baseline, "approvedBy", "?"),
	        format_when(when, answer_time(baseline, "approvedAt")));
	print_field("From", "appraisal %llu of node %s", (unsigned long long)answer_number(baseline, "appraisal", 0),
	        answer_text(baseline, "node", "?"));
	print_field("Nodes", "%llu matched it last%s%s", (unsigned long long)nodes, nodes ? ", the first since " : "",
	        nodes ? format_when(when, answer_time(baseline, "since")) : "");
	print_field("Events", "%llu", (unsigned long long)yyjson_arr_size(yyjson_obj_get(baseline, "events")));
	events_print(yyjson_obj_get(baseline, "events"));
}

/* One, or all of a class. */
static void baselines_print(const struct args *args, yyjson_val *answer)
{
	yyjson_val *list = yyjson_obj_get(answer, "baselines"), *each;
	size_t at, max;

	(void)args;
	if (!list)
		print_baseline(answer);
	yyjson_arr_foreach(list, at, max, each)
		print_baseline(each);
}

static enum exit_code show(struct fleet_client *c, const struct args *args)
{
	const char *class;
	yyjson_doc *doc;
	u64 number;
	enum exit_code code = class_operand(args, &class);

	if (code == EXIT_OK)
		code = number_operand(args, &number);
	if (code != EXIT_OK)
		return code;
	if (number)
		code = fleet_get(c, &doc, "/v1/baselines/%s/%llu", class, (unsigned long long)number);
	else
		code = fleet_get(c, &doc, "/v1/baselines/%s", class);
	return code == EXIT_OK ? show_answer(args, doc, baselines_print) : code;
}

static enum exit_code baseline_show(const struct args *args)
{
	return fleet_run(args, show);
}

static void print_side(const char *mark, yyjson_val *event)
{
	if (!yyjson_is_obj(event))
		return;
	printf("%s PCR %-2llu  ", mark, (unsigned long long)answer_number(event, "pcr", 0));
	print_plain(stdout, answer_text(event, "typeName", "?"));
	printf("  ");
	print_plain(stdout, answer_text(event, "text", ""));
	printf("  %.*s\n", DIGEST_SHOWN, answer_text(event, "digest", ""));
}

/* Of a change, what is expected and not found is null, and the other way round. */
static void print_change(yyjson_val *each, bool all)
{
	bool same = strcmp(answer_text(each, "change", ""), "same") == 0;

	if (!same)
		print_side("-", yyjson_obj_get(each, "expected"));
	if (!same || all)
		print_side(same ? " " : "+", yyjson_obj_get(each, "found"));
}

/* Why the node is compared with that one (docs/signetd.md, "Baselines"). */
static const struct {
	const char *reason, *text;
} reasons[] = {
	{ "accepts", "which accepts it, event by event" },
	{ "matched-last", "which the node matched last" },
	{ "nearest", "the nearest one" },
};

static void diff_print(const struct args *args, yyjson_val *diff)
{
	const char *reason = answer_text(diff, "reason", ""), *text = "";
	size_t at, max;
	yyjson_val *each;

	for (size_t i = 0; i < ARRAY_SIZE(reasons); i++)
		if (strcmp(reason, reasons[i].reason) == 0)
			text = reasons[i].text;
	print_field("Compared with", "baseline %llu of class %s, %s",
	        (unsigned long long)answer_number(diff, "number", 0), answer_text(diff, "class", "?"), text);
	yyjson_arr_foreach(yyjson_obj_get(diff, "events"), at, max, each)
		print_change(each, option_given(args, "all"));
}

/* Like diff(1): 1 when they differ. */
static enum exit_code diff(struct fleet_client *c, const struct args *args)
{
	struct node_name node;
	const char *class;
	yyjson_doc *doc;
	enum exit_code code = class_operand(args, &class);

	if (code == EXIT_OK)
		code = node_operand(c, args, 1, &node);
	if (code == EXIT_OK)
		code = fleet_get(c, &doc, "/v1/baselines/%s/diff?node=%s", class, node.id);
	if (code != EXIT_OK)
		return code;
	bool same = answer_bool(yyjson_doc_get_root(doc), "same");

	code = show_answer(args, doc, diff_print);
	return code != EXIT_OK || same ? code : EXIT_FAILED;
}

static enum exit_code baseline_diff_command(const struct args *args)
{
	return fleet_run(args, diff);
}

/* What would be approved, before it is: the difference where there is a baseline, otherwise all of the node's events.
 */
static enum exit_code show_candidate(
        struct fleet_client *c, const struct args *args, const char *class, const struct node_name *node)
{
	yyjson_doc *doc;
	bool there;
	enum exit_code code = fleet_has(c, &there, "baseline-unknown", "/v1/baselines/%s", class);

	if (code != EXIT_OK || !there || option_given(args, "json"))
		return code;
	code = fleet_get(c, &doc, "/v1/baselines/%s/diff?node=%s", class, node->id);
	return code == EXIT_OK ? show_answer(args, doc, diff_print) : code;
}

static enum exit_code send_approval(
        struct fleet_client *c, const struct args *args, const char *class, const struct node_name *node, u64 number)
{
	yyjson_mut_doc *body = body_new();
	yyjson_mut_val *root = yyjson_mut_doc_get_root(body);
	yyjson_doc *doc;

	(void)yyjson_mut_obj_add_str(body, root, "node", node->id);
	(void)yyjson_mut_obj_add_uint(body, root, "appraisal", number);
	if (option_given(args, "replace"))
		(void)yyjson_mut_obj_add_bool(body, root, "replace", true);
	enum exit_code code = fleet_send(c, "POST", body, &doc, "/v1/baselines/%s", class);
	if (code != EXIT_OK)
		return code;
	yyjson_val *answer = yyjson_doc_get_root(doc);

	return report_done(args, doc, "Class %s: the firmware of node %s %s its baseline %llu.", class, node->label,
	        answer_bool(answer, "added") ? "is now" : "was already",
	        (unsigned long long)answer_number(answer, "number", 0));
}

static enum exit_code approve(struct fleet_client *c, const struct args *args)
{
	char question[NODE_LABEL_TEXT + 160];
	struct node_name node;
	const char *class;
	u64 number;
	enum exit_code code = class_operand(args, &class);

	if (code == EXIT_OK)
		code = option_number(args, "appraisal", 0, 1, UINT64_MAX, &number);
	if (code == EXIT_OK)
		code = node_operand(c, args, 1, &node);
	if (code == EXIT_OK && number == 0)
		code = appraisal_last(c, &node, &number);
	if (code == EXIT_OK)
		code = show_candidate(c, args, class, &node);
	if (code != EXIT_OK)
		return code;
	(void)snprintf(question, sizeof(question),
	        "Approve the firmware of node %s (appraisal %llu) for all of class %s%s?", node.label,
	        (unsigned long long)number, class,
	        option_given(args, "replace") ? ", and revoke every other baseline of it" : "");
	code = confirm(args, question);
	return code == EXIT_OK ? send_approval(c, args, class, &node, number) : code;
}

static enum exit_code baseline_approve(const struct args *args)
{
	return fleet_run(args, approve);
}

/* How many nodes matched last what is to go. */
static enum exit_code count_nodes(struct fleet_client *c, const char *class, u64 number, u64 *nodes)
{
	yyjson_doc *doc;
	yyjson_val *each;
	size_t at, max;
	enum exit_code code = fleet_get(c, &doc, "/v1/baselines");

	if (code != EXIT_OK)
		return code;
	yyjson_arr_foreach(yyjson_obj_get(yyjson_doc_get_root(doc), "baselines"), at, max, each)
		if (strcmp(answer_text(each, "class", ""), class) == 0 &&
		        (!number || answer_number(each, "number", 0) == number))
			*nodes += answer_number(each, "nodes", 0);
	yyjson_doc_free(doc);
	return EXIT_OK;
}

static enum exit_code ask_to_revoke(const struct args *args, const char *class, u64 number, u64 nodes)
{
	char question[256];
	char what[NUMBER_DIGITS + 16] = "every baseline";

	if (number)
		(void)snprintf(what, sizeof(what), "baseline %llu", (unsigned long long)number);
	(void)snprintf(question, sizeof(question),
	        "Revoke %s of class %s? Nodes that nothing else accepts fail at their next appraisal; %llu matched it "
	        "last.",
	        what, class, (unsigned long long)nodes);
	return confirm(args, question);
}

static enum exit_code send_revocation(struct fleet_client *c, const struct args *args, const char *class, u64 number)
{
	yyjson_doc *doc;
	enum exit_code code = number
	        ? fleet_send(c, "DELETE", NULL, &doc, "/v1/baselines/%s/%llu", class, (unsigned long long)number)
	        : fleet_send(c, "DELETE", NULL, &doc, "/v1/baselines/%s", class);

	if (code != EXIT_OK)
		return code;
	if (number)
		return report_done(args, doc, "Revoked baseline %llu of class %s.", (unsigned long long)number, class);
	return report_done(args, doc, "Revoked every baseline of class %s.", class);
}

static enum exit_code revoke(struct fleet_client *c, const struct args *args)
{
	const char *class;
	u64 number, nodes = 0;
	enum exit_code code = class_operand(args, &class);

	if (code == EXIT_OK)
		code = number_operand(args, &number);
	if (code == EXIT_OK)
		code = count_nodes(c, class, number, &nodes);
	if (code == EXIT_OK)
		code = ask_to_revoke(args, class, number, nodes);
	return code == EXIT_OK ? send_revocation(c, args, class, number) : code;
}

static enum exit_code baseline_revoke(const struct args *args)
{
	return fleet_run(args, revoke);
}

static const struct option_spec plain_options[] = { OPTIONS_FLEET, OPTION_JSON, OPTIONS_END };

static const struct option_spec diff_options[] = {
	{ .name = "all", .help = "show the events that are the same too" },
	OPTIONS_FLEET,
	OPTION_JSON,
	OPTIONS_END,
};

static const struct option_spec approve_options[] = {
	{ .name = "appraisal", .argument = "N", .help = "the appraisal whose events to take (the node's last)" },
	{ .name = "replace", .help = "revoke every other baseline of the class" },
	{ .name = "all", .help = "show the events that are the same too" },
	OPTION_YES,
	OPTIONS_FLEET,
	OPTION_JSON,
	OPTIONS_END,
};

static const struct option_spec revoke_options[] = { OPTION_YES, OPTIONS_FLEET, OPTION_JSON, OPTIONS_END };

const struct command baseline_commands[] = {
	{ .name = "list",
	        .operands = "",
	        .help = "List the firmware baselines, and how many nodes need each",
	        .details = "NODES: how many matched it last, SINCE: since when the first of them does.",
	        .options = plain_options,
	        .run = baseline_list },
	{ .name = "show",
	        .operands = "CLASS [NUMBER]",
	        .operands_min = 1,
	        .operands_max = 2,
	        .help = "Show the events of a class's baselines, or of one",
	        .options = plain_options,
	        .run = baseline_show },
	{ .name = "diff",
	        .operands = "CLASS NODE",
	        .operands_min = 2,
	        .operands_max = 2,
	        .help = "Compare a node's firmware with a baseline, event by event",
	        .details =
	                "Of several, it is the one that accepts the firmware; else the one that the node matched last; "
	                "else the nearest. "
	                "A line with - is an event that the baseline has and the node not, + the other way round. "
	                "Exit code 1 "
	                "says that they differ.",
	        .options = diff_options,
	        .run = baseline_diff_command },
	{ .name = "approve",
	        .operands = "CLASS NODE",
	        .operands_min = 2,
	        .operands_max = 2,
	        .help = "Make a node's firmware events a baseline of a class",
	        .details = "One node's approval serves its whole class. Ask first what changed: new firmware, another "
	                   "setting, "
	                   "another card. The class's other baselines stay, at most eight in all, until they are "
	                   "revoked.",
	        .options = approve_options,
	        .run = baseline_approve },
	{ .name = "revoke",
	        .operands = "CLASS [NUMBER]",
	        .operands_min = 1,
	        .operands_max = 2,
	        .help = "Revoke one baseline of a class, or all",
	        .details = "Nodes that nothing else accepts fail at their next attestation, and are held.",
	        .options = revoke_options,
	        .run = baseline_revoke },
	{ .name = NULL },
};
