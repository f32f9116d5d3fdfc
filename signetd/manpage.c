/*
 * Build tool: prints the SETTINGS part of signetd.ini(5), as scdoc, from the table of settings.
 * Trust: runs at build time only.
 */
#include "signetd/config.h"

#include <stdio.h>
#include <string.h>

static void print_values(const struct setting *s)
{
	if (s->kind == SETTING_NUMBER)
		printf(", %llu to %llu", (unsigned long long)s->min, (unsigned long long)s->max);
	for (const char *const *choice = s->choices; choice && *choice; choice++)
		if (**choice)
			printf("%s%s", choice == s->choices ? ": " : ", ", *choice);
}

static void print_setting(const struct setting *s)
{
	printf("*%s*\n\t%s", s->name, s->help);
	print_values(s);
	if (s->initial[0])
		printf(". Default: _%s_", s->initial);
	printf(".%s\n\n", s->at_start ? " A change takes a restart." : "");
}

int main(void)
{
	const char *section = "";

	for (size_t i = 0; i < setting_count; i++) {
		if (strcmp(section, settings[i].section) != 0)
			printf("## [%s]\n\n", settings[i].section);
		section = settings[i].section;
		print_setting(&settings[i]);
	}
	return fflush(stdout) == 0 ? 0 : 1;
}
