/*
 * --help at every level, printed from the command table.
 * Trust: none needed.
 */
#include "cli/command.h"

static const char *const footer =
        "Exit codes: 0 done, 1 error, 2 wrong usage, 3 unreachable, 4 partly done, 5 refused by "
        "signature or policy.";

void help_program(FILE *to)
{
	fputs("usage: signet GROUP COMMAND [OPTIONS] [ARGUMENTS]\n"
	      "       signet help [GROUP [COMMAND]]\n"
	      "       signet --version\n\n"
	      "Groups:\n",
	        to);
	for (size_t i = 0; i < command_group_count; i++)
		fprintf(to, "  %-12s %s\n", command_groups[i].name, command_groups[i].help);
	fputs("\n", to);
	print_wrapped(to, footer);
}

void help_group(FILE *to, const struct command_group *group)
{
	fprintf(to, "usage: signet %s COMMAND [OPTIONS] [ARGUMENTS]\n\n%s.\n\nCommands:\n", group->name, group->help);
	for (const struct command *c = group->commands; c->name; c++)
		fprintf(to, "  %-12s %s\n", c->name, c->help);
	fprintf(to, "\n`signet help %s COMMAND` tells more.\n", group->name);
}
