/* The table of `signet attest`, and what it asks of the fleet server. Trust: runs as the operator. */
#include "cli/attest_commands.h"

#include "cli/image_common.h"

#include <string.h>

enum { DIGEST_SHOWN = 16 };

static void print_side(const char *label, yyjson_val *difference, const char *text_name, const char *digest_name)
{
	const char *digest = answer_text(difference, digest_name, NULL), *text = answer_text(difference, text_name, "");

	if (!digest)
		print_field(label, "nothing more");
	else if (text[0])
		print_field(label, "%s (%.*s...)", text, DIGEST_SHOWN, digest);
	else
		print_field(label, "%s", digest);
}

static void print_difference(yyjson_val *difference)
{
	if (!yyjson_is_obj(difference))
		return;
	print_field("First difference", "event %llu of the log, PCR %llu",
	        (unsigned long long)answer_number(difference, "index", 0),
	        (unsigned long long)answer_number(difference, "pcr", 0));
	print_side("  expected", difference, "expectedText", "expected");
	print_side("  found", difference, "foundText", "found");
}

/* Where the advice ends in another command. */
static const struct {
	const char *verdict, *text;
} next_steps[] = {
	{ "BASELINE_NONE", "`signet baseline approve CLASS NODE`, once you have looked at its events" },
	{ "BASELINE_DIFFERS",
	        "`signet baseline diff CLASS NODE` shows all of it, `signet baseline approve CLASS NODE` accepts it" },
};

static void print_next(yyjson_val *appraisal)
{
	for (size_t i = 0; i < ARRAY_SIZE(next_steps); i++)
		if (strcmp(verdict_of(appraisal), next_steps[i].verdict) == 0)
			print_field("", "%s", next_steps[i].text);
	if (strcmp(answer_text(appraisal, "state", ""), "held") == 0)
		print_field("", "It failed before, and stays held until `signet attest clear NODE`");
}

static void appraisal_print(const struct args *args, yyjson_val *appraisal)
{
	yyjson_val *verdict = yyjson_obj_get(appraisal, "verdict");
	char when[WHEN_TEXT];

	(void)args;
	print_field("Node", "%s", answer_text(appraisal, "node", "?"));
	print_field("Appraisal", "%llu, %s", (unsigned long long)answer_number(appraisal, "number", 0),
	        format_when(when, answer_time(appraisal, "time")));
	print_field("Image", "%s, SVN %llu", answer_text(appraisal, "release", "unknown"),
	        (unsigned long long)answer_number(appraisal, "svn", 0));
	print_field("Verdict", "%s: %s", answer_text(verdict, "name", "?"), answer_text(verdict, "text", ""));
	if (yyjson_is_uint(yyjson_obj_get(appraisal, "baseline")))
		print_field(
		        "Baseline", "%llu of its class", (unsigned long long)answer_number(appraisal, "baseline", 0));
	print_difference(yyjson_obj_get(appraisal, "difference"));
	if (answer_number(verdict, "code", 1))
		print_field("What to do", "%s",
		        answer_text(
		                yyjson_obj_get(appraisal, "difference"), "advice", answer_text(verdict, "advice", "")));
	print_field("Ticket", "%s", answer_bool(appraisal, "ticket") ? "yes" : "none: no new guest starts");
	print_next(appraisal);
}

static bool is_good(yyjson_val *appraisal)
{
	return strcmp(verdict_of(appraisal), "GOOD") == 0;
}

static enum exit_code attest_node(struct fleet_client *c, const struct args *args)
{
	struct node_name node;
	yyjson_doc *doc;
	enum exit_code code = node_operand(c, args, 0, &node);

	if (code == EXIT_OK)
		code = fleet_send(c, "POST", NULL, &doc, "/v1/nodes/%s/attest", node.id);
	if (code != EXIT_OK)
		return code;
	bool good = is_good(yyjson_doc_get_root(doc));

	code = show_answer(args, doc, appraisal_print);
	return code != EXIT_OK || good ? code : EXIT_REFUSED;
}

static enum exit_code attest_now(const struct args *args)
{
	return fleet_run(args, attest_node);
}

static void history_print(const struct args *args, yyjson_val *answer)
{
	static const char *const headings[] = { "NUMBER", "WHEN", "VERDICT", "RELEASE", "SVN" };
	char when[WHEN_TEXT];
	struct columns t;
	size_t at, max;
	yyjson_val *each;

	(void)args;
	columns_begin(&t, headings, ARRAY_SIZE(headings), BIT(0) | BIT(4));
	yyjson_arr_foreach(yyjson_obj_get(answer, "appraisals"), at, max, each) {
		columns_add(&t, "%llu", (unsigned long long)answer_number(each, "number", 0));
		columns_add(&t, "%s", format_when(when, answer_time(each, "time")));
		columns_add(&t, "%s", verdict_of(each));
		columns_add(&t, "%s", answer_text(each, "release", ""));
		columns_add(&t, "%llu", (unsigned long long)answer_number(each, "svn", 0));
	}
	(void)columns_end(&t, stdout);
}

static enum exit_code show_history(struct fleet_client *c, const struct args *args)
{
	return show_of_node(c, args, "/history", history_print);
}

static enum exit_code attest_history(const struct args *args)
{
	return fleet_run(args, show_history);
}

enum exit_code appraisal_last(struct fleet_client *c, const struct node_name *node, u64 *number)
{
	yyjson_doc *doc;
	enum exit_code code = fleet_get(c, &doc, "/v1/nodes/%s/history", node->id);

	if (code != EXIT_OK)
		return code;
	*number = answer_number(
	        yyjson_arr_get_first(yyjson_obj_get(yyjson_doc_get_root(doc), "appraisals")), "number", 0);
	yyjson_doc_free(doc);
	if (*number)
		return EXIT_OK;
	note("node %s has not been appraised yet", node->label);
	note("`signet attest now NODE` asks it for evidence");
	return EXIT_FAILED;
}

enum exit_code appraisal_get(
        struct fleet_client *c, const struct args *args, const struct node_name *node, yyjson_doc **out)
{
	u64 number;
	enum exit_code code = option_number(args, "appraisal", 0, 1, UINT64_MAX, &number);

	if (code == EXIT_OK && number == 0)
		code = appraisal_last(c, node, &number);
	if (code != EXIT_OK)
		return code;
	return fleet_get(c, out, "/v1/nodes/%s/appraisals/%llu", node->id, (unsigned long long)number);
}

static enum exit_code explain_node(struct fleet_client *c, const struct args *args)
{
	struct node_name node;
	yyjson_doc *doc;
	enum exit_code code = node_operand(c, args, 0, &node);

	if (code == EXIT_OK)
		code = appraisal_get(c, args, &node, &doc);
	return code == EXIT_OK ? show_answer(args, doc, appraisal_print) : code;
}

static enum exit_code attest_explain(const struct args *args)
{
	return fleet_run(args, explain_node);
}

static enum exit_code clear_node(struct fleet_client *c, const struct args *args)
{
	char question[NODE_LABEL_TEXT + 128];
	struct node_name node;
	yyjson_doc *doc;
	enum exit_code code = node_operand(c, args, 0, &node);

	if (code != EXIT_OK)
		return code;
	(void)snprintf(question, sizeof(question), "Forget that node %s failed, and appraise it as if it had not?",
	        node.label);
	code = confirm(args, question);
	if (code == EXIT_OK)
		code = fleet_send(c, "POST", NULL, &doc, "/v1/nodes/%s/clear", node.id);
	return code == EXIT_OK
	        ? report_done(args, doc, "Node %s is no longer held: its next evidence decides.", node.label)
	        : code;
}

static enum exit_code attest_clear(const struct args *args)
{
	return fleet_run(args, clear_node);
}

static const struct option_spec plain_options[] = { OPTIONS_FLEET, OPTION_JSON, OPTIONS_END };

static const struct option_spec clear_options[] = { OPTION_YES, OPTIONS_FLEET, OPTION_JSON, OPTIONS_END };

#define OPTION_APPRAISAL { .name = "appraisal", .argument = "N", .help = "its number in the history (the last one)" }

static const struct option_spec explain_options[] = { OPTION_APPRAISAL, OPTIONS_FLEET, OPTION_JSON, OPTIONS_END };

static const struct option_spec save_options[] = {
	{ .name = "out",
	        .argument = "FILE",
	        .required = true,
	        .help = "where the evidence goes; FILE.json takes its record" },
	OPTION_APPRAISAL,
	OPTIONS_FLEET,
	OPTION_JSON,
	OPTIONS_END,
};

static const struct option_spec verify_options[] = {
	{ .name = "boot", .argument = "DIR", .required = true, .help = "boot files whose stage the node starts" },
	{ .name = "record",
	        .argument = "FILE",
	        .help = "what was known of the node (EVIDENCE.json, where it is there)" },
	{ .name = "now", .argument = "TIME", .help = "judge expiry at this time (the record's, or the clock)" },
	{ .name = "allow-development", .help = "as the fleet's policy may: development and debug images" },
	{ .name = "allow-bios", .help = "firmware that measures nothing" },
	{ .name = "allow-secure-boot-off", .help = "Secure Boot off" },
	{ .name = "allow-no-dma-protection", .help = "no VT-d" },
	{ .name = "allow-ungated", .help = "guests that start without a ticket" },
	{ .name = "any-firmware", .help = "firmware without a baseline" },
	OPTION_JSON,
	OPTIONS_END,
};

#define ONE_NODE .operands = "NODE", .operands_min = 1, .operands_max = 1

const struct command attest_commands[] = {
	{ .name = "now",
	        ONE_NODE,
	        .help = "Have a node attest at once, and show how it was judged",
	        .details = "Exit code 5 says that it was not found good.",
	        .options = plain_options,
	        .run = attest_now },
	{ .name = "history",
	        ONE_NODE,
	        .help = "List a node's appraisals, newest first",
	        .options = plain_options,
	        .run = attest_history },
	{ .name = "explain",
	        ONE_NODE,
	        .help = "Say why a node was judged as it was",
	        .details = "Shows the verdict, the first event that differs, what was expected and what was found, and "
	                   "what to "
	                   "do about it.",
	        .options = explain_options,
	        .run = attest_explain },
	{ .name = "clear",
	        ONE_NODE,
	        .help = "Let a node that failed be appraised as new",
	        .options = clear_options,
	        .run = attest_clear },
	{ .name = "save",
	        ONE_NODE,
	        .help = "Save a node's evidence, and what is needed to appraise it elsewhere",
	        .options = save_options,
	        .run = attest_save },
	{ .name = "verify",
	        .operands = "EVIDENCE",
	        .operands_min = 1,
	        .operands_max = 1,
	        .help = "Appraise saved evidence, without any network",
	        .details = "The same library judges as in the fleet server. The record holds what cannot be in the "
	                   "evidence: the "
	                   "enrolled key, the nonce, the minimums, the firmware baselines. Without one, key and nonce "
	                   "are taken "
	                   "from the evidence itself, and the output says that nobody vouches for them. Exit code 5 "
	                   "says that it "
	                   "was not found good.",
	        .options = verify_options,
	        .run = attest_verify },
	{ .name = NULL },
};
