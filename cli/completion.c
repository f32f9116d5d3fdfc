/*
 * `signet completion bash`: a completion script made from the command table.
 * Trust: none needed.
 */
#include "cli/command.h"

static void print_words(const struct command_group *group)
{
	for (const struct command *c = group->commands; c->name; c++)
		printf(" %s", c->name);
}

static void print_options(const struct command_group *group)
{
	for (const struct command *c = group->commands; c->name; c++) {
		printf("\t'%s %s') words='--help", group->name, c->name);
		for (const struct option_spec *o = c->options; o && o->name; o++)
			printf(" --%s", o->name);
		puts("' ;;");
	}
}

static void print_groups(void)
{
	printf("\tcase $COMP_CWORD in\n\t1) words='help --help --version");
	for (size_t i = 0; i < command_group_count; i++)
		printf(" %s", command_groups[i].name);
	puts("' ;;\n\t2)\n\t\tcase ${COMP_WORDS[1]} in");
	for (size_t i = 0; i < command_group_count; i++) {
		printf("\t\t%s) words='--help", command_groups[i].name);
		print_words(&command_groups[i]);
		puts("' ;;");
	}
	puts("\t\tesac\n\t\t;;\n\tesac");
}

static enum exit_code run_bash(const struct args *args)
{
	(void)args;
	puts("_signet() {\n\tlocal words=''");
	print_groups();
	puts("\t[ \"$COMP_CWORD\" -gt 2 ] && case \"${COMP_WORDS[1]} ${COMP_WORDS[2]}\" in");
	for (size_t i = 0; i < command_group_count; i++)
		print_options(&command_groups[i]);
	puts("\tesac\n"
	     "\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"${COMP_WORDS[COMP_CWORD]}\")\n"
	     "}\n"
	     "complete -o default -F _signet signet");
	return EXIT_OK;
}

const struct command completion_commands[] = {
	{
	        .name = "bash",
	        .operands = "",
	        .help = "Print a completion script for bash",
	        .details = "Load it with: source <(signet completion bash)",
	        .run = run_bash,
	},
	{ 0 },
};
