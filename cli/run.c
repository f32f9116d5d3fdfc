/*
 * From a command line to the function of its command.
 * Trust: runs as the operator.
 */
#include "cli/command.h"
#include "cli/version.h"

#include <string.h>

static bool asks_help(const char *word)
{
	return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

static enum exit_code unknown(const char *what, const char *word, const char *help)
{
	note("unknown %s '%s'", word[0] == '-' ? "option" : what, word);
	note("`signet help%s%s` lists what there is", help[0] ? " " : "", help);
	return EXIT_USAGE_ERROR;
}

static enum exit_code run_help(int argc, char *const argv[])
{
	const struct command_group *group;
	const struct command *command;

	if (argc < 1) {
		help_program(stdout);
		return EXIT_OK;
	}
	group = group_find(argv[0]);
	if (!group)
		return unknown("group", argv[0], "");
	if (argc < 2) {
		help_group(stdout, group);
		return EXIT_OK;
	}
	command = command_find(group, argv[1]);
	if (!command)
		return unknown("command", argv[1], group->name);
	help_command(stdout, group, command);
	return EXIT_OK;
}

static enum exit_code run_command(int argc, char *const argv[], const struct command_group *group)
{
	struct args args = { .group = group, .command = command_find(group, argv[2]) };
	bool help = false;

	if (!args.command)
		return unknown("command", argv[2], group->name);
	if (args_parse(argc, argv, &args, &help) != OK)
		return EXIT_USAGE_ERROR;
	if (help) {
		help_command(stdout, group, args.command);
		return EXIT_OK;
	}
	return args.command->run(&args);
}

static enum exit_code run_group(int argc, char *const argv[])
{
	const struct command_group *group = group_find(argv[1]);

	if (!group)
		return unknown("group", argv[1], "");
	if (argc < 3) {
		help_group(stderr, group);
		return EXIT_USAGE_ERROR;
	}
	if (asks_help(argv[2]))
		return run_help(1, argv + 1);
	return run_command(argc, argv, group);
}

static enum exit_code dispatch(int argc, char *const argv[])
{
	if (argc < 2) {
		help_program(stderr);
		return EXIT_USAGE_ERROR;
	}
	if (strcmp(argv[1], "help") == 0 || asks_help(argv[1]))
		return run_help(argc - 2, argv + 2);
	if (strcmp(argv[1], "--version") == 0) {
		puts("signet " SIGNET_VERSION);
		return EXIT_OK;
	}
	return run_group(argc, argv);
}

enum exit_code command_line(int argc, char *const argv[])
{
	enum exit_code code = dispatch(argc, argv);

	/* A report cut short by a full disk must not look like a whole one. */
	if (fflush(stdout) != 0 || ferror(stdout))
		return complain(ERR_IO, "make room where the output goes", "cannot write standard output");
	return code;
}
