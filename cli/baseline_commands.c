/* `signet baseline`: the firmware events that are approved for a class of hardware. Trust: runs as the operator. */
#include "cli/attest_commands.h"
#include "cli/fleet_common.h"
#include "cli/node_commands.h"

#include <string.h>

enum { DIGEST_SHOWN = 16 };

static void list_print(const struct args *args, yyjson_val *answer)
{
	static const char *const headings[] = { "CLASS", "EVENTS", "APPROVED BY", "WHEN", "FROM NODE", "APPRAISAL" };
	char when[WHEN_TEXT];
	struct columns t;
	size_t at, max;
	yyjson_val *each;

	(void)args;
	columns_begin(&t, headings, ARRAY_SIZE(headings), BIT(1) | BIT(5));
	yyjson_arr_foreach(yyjson_obj_get(answer, "baselines"), at, max, each) {
		columns_add(&t, "%s", answer_text(each, "class", ""));
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

static void baseline_print(const struct args *args, yyjson_val *baseline)
{
	char when[WHEN_TEXT];

	(void)args;
	print_field("Class", "%s", answer_text(baseline, "class", "?"));
	print_field("Approved by", "%s, %s", answer_text(baseline, "approvedBy", "?"),
	        format_when(when, answer_time(baseline, "approvedAt")));
	print_field("From", "appraisal %llu of node %s", (unsigned long long)answer_number(baseline, "appraisal", 0),
	        answer_text(baseline, "node", "?"));
	print_field("Events", "%llu", (unsigned long long)yyjson_arr_size(yyjson_obj_get(baseline, "events")));
	events_print(yyjson_obj_get(baseline, "events"));
}

static enum exit_code show(struct fleet_client *c, const struct args *args)
{
	const char *class;
	yyjson_doc *doc;
	enum exit_code code = class_operand(args, &class);

	if (code == EXIT_OK)
		code = fleet_get(c, &doc, "/v1/baselines/%s", class);
	return code == EXIT_OK ? show_answer(args, doc, baseline_print) : code;
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

static void diff_print(const struct args *args, yyjson_val *diff)
{
	size_t at, max;
	yyjson_val *each;

	if (answer_bool(diff, "same"))
		print_field("Firmware", "as the baseline has it, event by event");
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
	enum exit_code code = fleet_send(c, "POST", body, &doc, "/v1/baselines/%s", class);

	return code == EXIT_OK
	        ? report_done(args, doc, "Class %s: the firmware of node %s is its baseline now.", class, node->label)
	        : code;
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
	        "Approve the firmware of node %s (appraisal %llu) for all of class %s?", node.label,
	        (unsigned long long)number, class);
	code = confirm(args, question);
	return code == EXIT_OK ? send_approval(c, args, class, &node, number) : code;
}

static enum exit_code baseline_approve(const struct args *args)
{
	return fleet_run(args, approve);
}

static enum exit_code revoke(struct fleet_client *c, const struct args *args)
{
	char question[192];
	const char *class;
	yyjson_doc *doc;
	enum exit_code code = class_operand(args, &class);

	if (code != EXIT_OK)
		return code;
	(void)snprintf(question, sizeof(question),
	        "Revoke the baseline of class %s? Its nodes fail at their next appraisal until another is approved.",
	        class);
	code = confirm(args, question);
	if (code == EXIT_OK)
		code = fleet_send(c, "DELETE", NULL, &doc, "/v1/baselines/%s", class);
	return code == EXIT_OK ? report_done(args, doc, "Revoked the baseline of class %s.", class) : code;
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
	        .help = "List the firmware baselines",
	        .options = plain_options,
	        .run = baseline_list },
	{ .name = "show",
	        .operands = "CLASS",
	        .operands_min = 1,
	        .operands_max = 1,
	        .help = "Show the events of a baseline",
	        .options = plain_options,
	        .run = baseline_show },
	{ .name = "diff",
	        .operands = "CLASS NODE",
	        .operands_min = 2,
	        .operands_max = 2,
	        .help = "Compare a node's firmware with a baseline, event by event",
	        .details = "A line with - is an event that the baseline has and the node not, + the other way round. "
	                   "Exit code 1 "
	                   "says that they differ.",
	        .options = diff_options,
	        .run = baseline_diff_command },
	{ .name = "approve",
	        .operands = "CLASS NODE",
	        .operands_min = 2,
	        .operands_max = 2,
	        .help = "Make a node's firmware events the baseline of a class",
	        .details = "One node's approval serves its whole class. Ask first what changed: new firmware, another "
	                   "setting, "
	                   "another card.",
	        .options = approve_options,
	        .run = baseline_approve },
	{ .name = "revoke",
	        .operands = "CLASS",
	        .operands_min = 1,
	        .operands_max = 1,
	        .help = "Revoke the baseline of a class",
	        .options = revoke_options,
	        .run = baseline_revoke },
	{ .name = NULL },
};
