/*
 * `signetctl`: guests and the node, from inside the service VM.
 * Trust: runs in the service VM as its administrator.
 */
#include "agent/signetctl/ctl.h"
#include "cli/version.h"

#include <string.h>

static void help(FILE *to)
{
	fprintf(to, "usage: signetctl COMMAND [OPTIONS] [ARGUMENTS]\n\n%s.\n\nCommands:\n", ctl_group.help);
	for (const struct command *c = ctl_group.commands; c->name; c++)
		fprintf(to, "  %-12s %s\n", c->name, c->help);
	fputs("\n`signetctl COMMAND --help` tells more. GUEST is a name or an id.\n\n", to);
	print_wrapped(to,
	        "Exit codes: 0 done, 1 error, 2 wrong usage, 3 the control port cannot be used, 5 refused by "
	        "policy.");
}

static const struct command *find(const char *name)
{
	for (const struct command *c = ctl_group.commands; c->name; c++)
		if (strcmp(c->name, name) == 0)
			return c;
	return NULL;
}

/* args_parse() takes a line of group and command: the group's word is empty here. */
static enum exit_code run(int argc, char *const argv[], const struct command *command)
{
	enum { WORDS_MAX = OPTION_VALUES_MAX + OPERANDS_MAX };
	struct args args = { .group = &ctl_group, .command = command };
	char *line[WORDS_MAX + 2];
	bool wants_help = false;

	if (argc > WORDS_MAX)
		return usage_error(&args, "too many words");
	line[0] = argv[0];
	for (int i = 0; i <= argc; i++)
		line[i + 1] = argv[i];
	if (args_parse(argc + 1, line, &args, &wants_help) != OK)
		return EXIT_USAGE_ERROR;
	if (!wants_help)
		return command->run(&args);
	help_command(stdout, &ctl_group, command);
	return EXIT_OK;
}

static enum exit_code dispatch(int argc, char *const argv[])
{
	if (argc < 2) {
		help(stderr);
		return EXIT_USAGE_ERROR;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
		help(stdout);
		return EXIT_OK;
	}
	if (strcmp(argv[1], "--version") == 0) {
		puts("signetctl " SIGNET_VERSION);
		return EXIT_OK;
	}
	const struct command *command = find(argv[1]);
	if (command)
		return run(argc, argv, command);
	note("unknown command '%s'", argv[1]);
	note("`signetctl --help` lists what there is");
	return EXIT_USAGE_ERROR;
}

int main(int argc, char *argv[])
{
	program = "signetctl";
	enum exit_code code = dispatch(argc, argv);

	if (fflush(stdout) != 0 || ferror(stdout))
		return complain(ERR_IO, "make room where the output goes", "cannot write standard output");
	return code;
}
