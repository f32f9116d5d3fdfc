/*
 * The one table of commands, and look-up in it.
 * Trust: none needed.
 */
#include "cli/command.h"

#include <string.h>

const struct command_group command_groups[] = {
#define GROUP(word, text) { #word, text, word##_commands },
#include "cli/groups.def"
#undef GROUP
};

const size_t command_group_count = ARRAY_SIZE(command_groups);

const struct command_group *group_find(const char *name)
{
	for (size_t i = 0; i < command_group_count; i++)
		if (strcmp(command_groups[i].name, name) == 0)
			return &command_groups[i];
	return NULL;
}

const struct command *command_find(const struct command_group *group, const char *name)
{
	for (const struct command *c = group->commands; c->name; c++)
		if (strcmp(c->name, name) == 0)
			return c;
	return NULL;
}
