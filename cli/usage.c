/*
 * How one command is used: its help and the complaint about wrong arguments, in words for every program that has a
 * command table. Trust: none needed.
 */
#include "cli/command.h"

#include <stdarg.h>
#include <string.h>

enum exit_code usage_error(const struct args *args, const char *fmt, ...)
{
	char text[512];
	va_list list;

	va_start(list, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, list);
	va_end(list);
	note("%s", text);
	note("`%s%s%s %s --help` tells how it is used", program, args->group->name[0] ? " " : "", args->group->name,
	        args->command->name);
	return EXIT_USAGE_ERROR;
}

void print_wrapped(FILE *to, const char *text)
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
	fprintf(to, "usage: %s%s%s %s [OPTIONS]%s%s\n\n%s.\n", program, group->name[0] ? " " : "", group->name,
	        command->name, command->operands[0] ? " " : "", command->operands, command->help);
	if (command->details) {
		fputc('\n', to);
		print_wrapped(to, command->details);
	}
	fputs("\nOptions:\n", to);
	for (const struct option_spec *o = command->options; o && o->name; o++)
		print_option(to, o);
	print_option(to, &(struct option_spec){ .name = "help", .help = "print this help" });
}
