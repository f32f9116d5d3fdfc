/*
 * --help at every level, printed from the command table.
 * Trust: none needed.
 */
#include "cli/command.h"

#include <string.h>

static void print_wrapped(FILE *to, const char *text)
{
	enum { WIDTH = 78 };
	size_t column = 0;

	while (*text) {
		size_t word = strcspn(text, " ");

		if (column && column + 1 + word > WIDTH) {
			fputc('\n', to);
			column = 0;
		}
		column += (size_t)fprintf(to, "%s%.*s", column ? " " : "", (int)word, text);
		text += word;
		text += strspn(text, " ");
	}
	fputc('\n', to);
}

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

static void print_option(FILE *to, const struct option_spec *o)
{
	enum { ROOM = 64, COLUMN = 30 };
	char left[ROOM];

	(void)snprintf(left, sizeof(left), "--%s%s%s", o->name, o->argument ? " " : "", o->argument ? o->argument : "");
	fprintf(to, "  %-*s %s%s%s\n", COLUMN, left, o->help, o->required ? " (needed)" : "",
	        o->repeatable ? " (may be repeated)" : "");
}

void help_command(FILE *to, const struct command_group *group, const struct command *command)
{
	fprintf(to, "usage: signet %s %s [OPTIONS]%s%s\n\n%s.\n", group->name, command->name,
	        command->operands[0] ? " " : "", command->operands, command->help);
	if (command->details) {
		fputc('\n', to);
		print_wrapped(to, command->details);
	}
	fputs("\nOptions:\n", to);
	for (const struct option_spec *o = command->options; o && o->name; o++)
		print_option(to, o);
	print_option(to, &(struct option_spec){ .name = "help", .help = "print this help" });
}
