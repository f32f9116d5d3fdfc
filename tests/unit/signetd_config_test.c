/* signetd.ini: defaults, bounds, mistakes by line; and docs/signetd.md lists the same settings. */
#include "signetd/config.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct config c;
static char message[CONFIG_MESSAGE_SIZE];

static void parses(const char *text)
{
	enum err e = config_parse(text, "x.ini", &c, message);

	if (e)
		fail_msg("%s", message);
}

static void is_wrong(const char *text, const char *words)
{
	assert_int_equal(config_parse(text, "x.ini", &c, message), ERR_CONFIGURATION);
	if (!strstr(message, words))
		fail_msg("\"%s\" does not say \"%s\"", message, words);
}

static void an_empty_file_means_the_defaults(void **state)
{
	struct config defaults;

	(void)state;
	config_defaults(&defaults);
	parses("; nothing\n\n");
	assert_memory_equal(&c, &defaults, sizeof(c));
	assert_string_equal(c.listen[LISTENER_METRICS], "127.0.0.1:7445");
	assert_int_equal(c.bound[BOUND_JSON], 65536);
	assert_int_equal(c.log_level, 6);
}

static void settings_are_read(void **state)
{
	(void)state;
	parses("[fleet]\nname = north ; the northern one\n[limits]\nimage=2G\njson = 8K\n[log]\nlevel = debug\n");
	assert_string_equal(c.name, "north");
	assert_int_equal(c.bound[BOUND_IMAGE], 2ull << 30);
	assert_int_equal(c.bound[BOUND_JSON], 8192);
	assert_int_equal(c.log_level, 7);
}

static void mistakes_are_named_by_line(void **state)
{
	char wide[700];

	(void)state;
	is_wrong("[fleet]\nnam = x\n", "x.ini: line 2: \"nam\" is no setting of section [fleet]");
	is_wrong("[felet]\n\nname = x\n", "line 3: \"name\" is no setting of section [felet]");
	is_wrong("name = x\n", "line 1");
	is_wrong("[fleet]\nname = a\nname = b\n", "line 3: name is there twice");
	is_wrong("[fleet]\nwhat is this\n", "line 2: neither [section] nor name = value");
	is_wrong("[limits]\nconnections = 15\n", "line 2: connections must be a number from 16 to 65536, not \"15\"");
	is_wrong("[limits]\nconnections = 99999\n", "line 2");
	is_wrong("[limits]\nconnections = 1e3\n", "line 2");
	is_wrong("[limits]\nconnections = -1\n", "line 2");
	is_wrong("[limits]\nconnections = 1K\n", "line 2");
	is_wrong("[limits]\nimage = 99999999999999999999\n", "line 2");
	is_wrong("[limits]\nimage = 18446744073709551615G\n", "line 2");
	is_wrong("[limits]\nimage = 4T\n", "line 2");
	is_wrong("[log]\nlevel = loud\n", "line 2: level cannot be \"loud\"");
	is_wrong("[log]\nlevel =\n", "line 2");
	is_wrong("[tls]\nhosts = , ,\n", "line 2: hosts must be from 1 to 16 names, with commas between");
	is_wrong("[tls]\nhosts = a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q\n", "line 2");
	parses("[tls]\nhosts = a,b,c,d,e,f,g,h,i,j,k,l,m,n,o, p ,\n");
	/* The first of several mistakes. */
	is_wrong("[log]\nlevel = loud\n[fleet]\nnam = x\n", "line 2");
	is_wrong("garbage\n[fleet]\nnam = x\n", "line 1: neither");
	(void)sprintf(wide, "[fleet]\nname = %0600d\n", 0);
	is_wrong(wide, "line 2");
}

static void what_takes_a_restart_is_told(void **state)
{
	struct config before;

	(void)state;
	config_defaults(&before);
	parses("[limits]\njson = 8K\n");
	assert_null(config_fixed_difference(&before, &c));
	parses("[listen]\nnodes = 127.0.0.1:1\n");
	assert_string_equal(config_fixed_difference(&before, &c), "nodes");
}

static bool page_lists(const char *page, const struct setting *s)
{
	char row[200];

	(void)snprintf(row, sizeof(row), *s->initial ? "| `[%s] %s` | `%s` |" : "| `[%s] %s` | %s|", s->section,
	        s->name, s->initial);
	return strstr(page, row) != NULL;
}

static void the_page_lists_every_setting(void **state)
{
	static char page[1 << 17];
	FILE *f = fopen("docs/signetd.md", "r");

	(void)state;
	assert_non_null(f);
	size_t n = fread(page, 1, sizeof(page) - 1, f);
	(void)fclose(f);
	page[n] = 0;
	for (size_t i = 0; i < setting_count; i++)
		if (!page_lists(page, &settings[i]))
			fail_msg("docs/signetd.md has no row for [%s] %s with its default", settings[i].section,
			        settings[i].name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_file_means_the_defaults),
		cmocka_unit_test(settings_are_read),
		cmocka_unit_test(mistakes_are_named_by_line),
		cmocka_unit_test(what_takes_a_restart_is_told),
		cmocka_unit_test(the_page_lists_every_setting),
	};

	return cmocka_run_group_tests_name("signetd config", tests, NULL, NULL);
}
