/* `signet node logs`. Trust: a node's log is outside text; line ends and tabs of it reach the terminal, nothing else.
 */
#include "cli/node_commands.h"

#include <string.h>
#include <unistd.h>

enum { FOLLOW_SECONDS = 2 };

struct log_view {
	struct node_name node;
	const char *source;
	u64 offset, end;
	bool json;
};

/* What the node no longer keeps is not printed in silence. */
static void print_piece(struct log_view *v, yyjson_val *answer)
{
	yyjson_val *text = yyjson_obj_get(answer, "text");
	size_t n = yyjson_get_len(text);
	u64 begins = answer_number(answer, "offset", v->offset);

	if (v->json)
		print_answer(answer);
	else if (begins > v->offset)
		note("%llu bytes before this are no longer kept", (unsigned long long)(begins - v->offset));
	if (!v->json)
		plain_write(stdout, yyjson_get_str(text), n, "\n\t");
	v->offset = begins + n;
	v->end = answer_number(answer, "end", v->offset);
	/* An empty piece is the end, whatever it says. */
	if (n == 0)
		v->end = v->offset;
}

static enum exit_code print_rest(struct fleet_client *c, struct log_view *v)
{
	yyjson_doc *doc;
	enum exit_code code = EXIT_OK;

	do {
		code = fleet_get(c, &doc, "/v1/nodes/%s/logs?source=%s&offset=%llu", v->node.id, v->source,
		        (unsigned long long)v->offset);
		if (code != EXIT_OK)
			break;
		print_piece(v, yyjson_doc_get_root(doc));
		yyjson_doc_free(doc);
	} while (v->offset < v->end);
	(void)fflush(stdout);
	return code;
}

static enum exit_code print_log(struct fleet_client *c, const struct args *args)
{
	struct log_view v = { .json = option_given(args, "json") };
	enum exit_code code = option_number(args, "offset", 0, 0, UINT64_MAX, &v.offset);

	v.source = option_given(args, "source") ? option_value(args, "source") : "agent";
	if (code == EXIT_OK && strcmp(v.source, "agent") != 0 && strcmp(v.source, "hypervisor") != 0)
		return usage_error(args, "--source takes hypervisor or agent, not '%s'", v.source);
	if (code == EXIT_OK)
		code = node_operand(c, args, 0, &v.node);
	if (code == EXIT_OK)
		code = print_rest(c, &v);
	while (code == EXIT_OK && option_given(args, "follow")) {
		(void)sleep(FOLLOW_SECONDS);
		code = print_rest(c, &v);
	}
	return code;
}

enum exit_code node_logs_command(const struct args *args)
{
	return fleet_run(args, print_log);
}
