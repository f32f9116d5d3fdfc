/* `signet fleet connect` and `status`: the fleet server itself. Trust: runs as the operator. */
#include "cli/fleet_connect.h"

#include "cli/fleet_common.h"
#include "cli/image_common.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The file is used from any folder. */
static enum exit_code make_absolute(char path[PATH_MAX])
{
	char *absolute = realpath(path, NULL);

	if (!absolute || strlen(absolute) >= PATH_MAX) {
		free(absolute);
		return complain_file(ERR_IO, "check the path", "cannot use", path);
	}
	memcpy(path, absolute, strlen(absolute) + 1);
	free(absolute);
	/* What libinih would take for a comment or a line's end. */
	if (strpbrk(path, ";\n\r"))
		return complain(ERR_ARGUMENT, "move the file to a path without such characters",
		        "fleet.ini cannot hold the path %s", path);
	return EXIT_OK;
}

static enum exit_code check_server(const struct args *args, const struct fleet_settings *s, yyjson_doc **status)
{
	struct fleet_client *c;
	enum exit_code code = fleet_open_settings(args, s, &c);

	if (code != EXIT_OK)
		return code;
	code = option_given(args, "unchecked") ? EXIT_OK : fleet_get(c, status, "/v1/status");
	fleet_close(c);
	return code;
}

static enum exit_code keep(const struct args *args, const struct fleet_settings *s, yyjson_doc *status)
{
	char path[PATH_MAX];
	enum err e = fleet_ini_path(path);

	if (e)
		return complain(e, "set HOME", "there is no place to keep fleet.ini");
	e = fleet_ini_write(path, s);
	if (e)
		return complain_file(e, NULL, "cannot write", path);
	return report_done(args, status, "Wrote %s: commands ask %s port %s%s%s.", path, s->host, s->port,
	        status ? ", fleet " : "", answer_text(yyjson_doc_get_root(status), "fleet", ""));
}

enum exit_code fleet_connect_command(const struct args *args)
{
	static struct fleet_settings s;
	yyjson_doc *status = NULL;
	enum exit_code code = fleet_settings_read(args, &s);

	if (code == EXIT_OK)
		code = make_absolute(s.operator_file);
	if (code == EXIT_OK)
		code = make_absolute(s.ca_file);
	if (code == EXIT_OK)
		code = check_server(args, &s, &status);
	return code == EXIT_OK ? keep(args, &s, status) : code;
}

static void status_print(const struct args *args, yyjson_val *status)
{
	static const char *const counts[] = { "online", "pending", "good", "failed", "held" };
	yyjson_val *nodes = yyjson_obj_get(status, "nodes"), *each;
	char when[WHEN_TEXT];
	size_t at, max;

	(void)args;
	print_field("Fleet", "%s", answer_text(status, "fleet", "?"));
	print_field("signetd", "%s", answer_text(status, "version", "?"));
	print_field("Nodes", "%llu", (unsigned long long)answer_number(nodes, "total", 0));
	for (size_t i = 0; i < ARRAY_SIZE(counts); i++)
		print_field("", "%llu %s", (unsigned long long)answer_number(nodes, counts[i], 0), counts[i]);
	yyjson_arr_foreach(yyjson_obj_get(status, "expires"), at, max, each)
		print_field(at ? "" : "Expires", "%s: %s%s", answer_text(each, "what", "?"),
		        format_when(when, answer_time(each, "when")),
		        answer_bool(each, "warning")                ? ", WARNING"
		                : answer_bool(each, "renewsItself") ? ", renews itself"
		                                                    : "");
}

static enum exit_code show_status(struct fleet_client *c, const struct args *args)
{
	return show_target(c, args, "/v1/status", status_print);
}

enum exit_code fleet_status_command(const struct args *args)
{
	return fleet_run(args, show_status);
}
