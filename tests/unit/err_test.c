/* lib/err.def and docs/stops.md, held together: whoever meets a number finds it there with the same words. */
#include "lib/err.h"
#include "lib/types.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	unsigned number;
	const char *text;
} errors[] = {
#define ERR(number, name, text) { (number), text },
#include "lib/err.def"
#undef ERR
};

/* One row of the page's table. */
struct row {
	unsigned long number;
	char words[160];
	char cause[600];
	char remedy[600];
};

static struct row rows[200];
static size_t row_count;

static int read_page(void **state)
{
	(void)state;
	FILE *page = fopen("docs/stops.md", "r");
	if (!page)
		return -1;
	char line[2000];
	while (fgets(line, sizeof(line), page) && row_count < ARRAY_SIZE(rows)) {
		struct row *r = &rows[row_count];
		memset(r, 0, sizeof(*r));
		if (sscanf(line, "| %lu | %159[^|] | %599[^|] | %599[^|] |", &r->number, r->words, r->cause,
		            r->remedy) >= 1)
			row_count++;
	}
	fclose(page);
	return row_count < ARRAY_SIZE(rows) ? 0 : -1;
}

static const struct row *find_row(unsigned number)
{
	for (size_t i = 0; i < row_count; i++)
		if (rows[i].number == number)
			return &rows[i];
	return NULL;
}

static void trim(char *s)
{
	for (size_t n = strlen(s); n && s[n - 1] == ' '; n--)
		s[n - 1] = 0;
}

static void numbers_are_unique_and_rise(void **state)
{
	(void)state;
	assert_true(errors[0].number > OK);
	for (size_t i = 1; i < ARRAY_SIZE(errors); i++)
		assert_true(errors[i - 1].number < errors[i].number);
}

static void words_are_unique_and_plain(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		assert_true(strlen(errors[i].text) > 8);
		for (const char *c = errors[i].text; *c; c++)
			assert_true(*c >= ' ' && *c <= '~' && *c != '|');
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(errors[i].text, errors[k].text);
	}
}

static void every_value_has_words(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++)
		assert_string_equal(err_text((enum err)errors[i].number), errors[i].text);
	assert_non_null(err_text(OK));
	assert_non_null(err_text((enum err)9999));
	assert_string_not_equal(err_text((enum err)9999), err_text(OK));
}

static void the_page_lists_every_error(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		struct row r;
		const struct row *found = find_row(errors[i].number);
		if (!found)
			fail_msg("docs/stops.md lacks %u: %s", errors[i].number, errors[i].text);
		r = *found;
		trim(r.words);
		trim(r.cause);
		trim(r.remedy);
		assert_string_equal(r.words, errors[i].text);
		assert_true(strlen(r.cause) > 10);
		assert_true(strlen(r.remedy) > 10);
	}
}

static void the_page_lists_nothing_else(void **state)
{
	(void)state;
	assert_int_equal(row_count, ARRAY_SIZE(errors));
	for (size_t i = 0; i < row_count; i++)
		assert_ptr_equal(find_row((unsigned)rows[i].number), &rows[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_unique_and_rise),
		cmocka_unit_test(words_are_unique_and_plain),
		cmocka_unit_test(every_value_has_words),
		cmocka_unit_test(the_page_lists_every_error),
		cmocka_unit_test(the_page_lists_nothing_else),
	};
	return cmocka_run_group_tests_name("err", tests, read_page, NULL);
}
