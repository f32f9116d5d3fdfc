/*
 * Build tool: prints the COMMANDS part of the man page, as scdoc, from the command table.
 * Trust: runs at build time only.
 */
#include "cli/command.h"

/* scdoc gives _ * \ ` meaning; in prose none of them shall have it. */
static void print_escaped(const char *text)
{
	for (; *text; text++) {
		if (*text == '_' || *text == '*' || *text == '\\' || *text == '`')
			putchar('\\');
		putchar(*text);
	}
}

static void print_option(const struct option_spec *o)
{
	printf("*--%s*", o->name);
	if (o->argument) {
		fputs(" _", stdout);
		print_escaped(o->argument);
		fputs("_", stdout);
	}
	fputs("\n\t", stdout);
	print_escaped(o->help);
	printf("%s%s.\n\n", o->required ? " (needed)" : "", o->repeatable ? " (may be repeated)" : "");
}

static void print_command(const struct command_group *group, const struct command *c)
{
	printf("## signet %s %s [OPTIONS]%s", group->name, c->name, c->operands[0] ? " " : "");
	print_escaped(c->operands);
	fputs("\n\n", stdout);
	print_escaped(c->help);
	fputs(".", stdout);
	if (c->details) {
		fputs(" ", stdout);
		print_escaped(c->details);
	}
	fputs("\n\n", stdout);
	for (const struct option_spec *o = c->options; o && o->name; o++)
		print_option(o);
}

int main(void)
{
	for (size_t i = 0; i < command_group_count; i++)
		for (const struct command *c = command_groups[i].commands; c->name; c++)
			print_command(&command_groups[i], c);
	return fflush(stdout) == 0 ? 0 : 1;
}
