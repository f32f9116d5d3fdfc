/* Shared by the commands on the fleet. Trust: see the header. */
#include "cli/fleet_common.h"

#include <stdarg.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum exit_code confirm(const struct args *args, const char *question)
{
	char line[16];

	if (option_given(args, "yes"))
		return EXIT_OK;
	if (!isatty(STDIN_FILENO))
		return usage_error(args, "there is no terminal to ask on: say --yes");
	print_plain(stderr, question);
	fputs(" [y/N] ", stderr);
	(void)fflush(stderr);
	if (fgets(line, sizeof(line), stdin) && (strcmp(line, "y\n") == 0 || strcmp(line, "yes\n") == 0))
		return EXIT_OK;
	note("nothing was done");
	return EXIT_REFUSED;
}

u64 now_seconds(void)
{
	return (u64)time(NULL);
}

const char *format_when(char out[WHEN_TEXT], u64 seconds)
{
	char at[TIME_TEXT], ago[AGO_TEXT];

	if (seconds == 0)
		(void)snprintf(out, WHEN_TEXT, "never");
	else
		(void)snprintf(
		        out, WHEN_TEXT, "%s (%s)", format_time(at, seconds), format_ago(ago, seconds, now_seconds()));
	return out;
}

enum exit_code show_answer(
        const struct args *args, yyjson_doc *doc, void (*show)(const struct args *args, yyjson_val *answer))
{
	yyjson_val *root = yyjson_doc_get_root(doc);

	if (option_given(args, "json"))
		print_answer(root);
	else
		show(args, root);
	yyjson_doc_free(doc);
	return EXIT_OK;
}

enum exit_code show_target(struct fleet_client *c, const struct args *args, const char *target,
        void (*show)(const struct args *args, yyjson_val *answer))
{
	yyjson_doc *doc;
	enum exit_code code = fleet_get(c, &doc, "%s", target);

	return code == EXIT_OK ? show_answer(args, doc, show) : code;
}

enum exit_code node_operand(struct fleet_client *c, const struct args *args, u32 n, struct node_name *out)
{
	return node_find(c, operand(args, n), out);
}

enum exit_code show_of_node(struct fleet_client *c, const struct args *args, const char *below,
        void (*show)(const struct args *args, yyjson_val *answer))
{
	struct node_name node;
	yyjson_doc *doc;
	enum exit_code code = node_operand(c, args, 0, &node);

	if (code == EXIT_OK)
		code = fleet_get(c, &doc, "/v1/nodes/%s%s", node.id, below);
	return code == EXIT_OK ? show_answer(args, doc, show) : code;
}

enum exit_code report_done(const struct args *args, yyjson_doc *doc, const char *fmt, ...)
{
	char text[1024];
	va_list list;

	va_start(list, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, list);
	va_end(list);
	if (option_given(args, "json")) {
		print_answer(yyjson_doc_get_root(doc));
	} else {
		print_plain(stdout, text);
		putchar('\n');
	}
	yyjson_doc_free(doc);
	return EXIT_OK;
}
