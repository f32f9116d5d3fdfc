/* The command line's frame: argument parsing from tables, exit codes, JSON, what complaints look like. */
#include "cli/command.h"
#include "cli/json.h"
#include "cli/plain.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static enum exit_code never_run(const struct args *args)
{
	(void)args;
	return EXIT_FAILED;
}

static const struct option_spec options[] = {
	{ .name = "out", .argument = "FILE", .required = true, .help = "a file" },
	{ .name = "count", .argument = "N", .help = "a number" },
	{ .name = "pcr", .argument = "HEX", .repeatable = true, .help = "a value" },
	OPTION_JSON,
	OPTIONS_END,
};
static const struct command command = {
	"try",
	"DIR [FILE]",
	1,
	2,
	"Try",
	NULL,
	options,
	never_run,
};
static const struct command_group group = { "test", "Test", &command };

/* What was said on standard error while it was caught. */
struct caught {
	FILE *before;
	char text[4096];
};

static void catch_begin(struct caught *c)
{
	memset(c->text, 0, sizeof(c->text));
	c->before = stderr;
	stderr = fmemopen(c->text, sizeof(c->text), "w");
	if (!stderr)
		abort();
}

static void catch_end(const struct caught *c)
{
	fclose(stderr);
	stderr = c->before;
}

static int word_count(const char *const words[])
{
	int n = 0;

	while (words[n])
		n++;
	return n;
}

static enum err parse(const char *const words[], struct args *args, bool *help, struct caught *said)
{
	enum err e;

	*args = (struct args){ .group = &group, .command = &command };
	*help = false;
	catch_begin(said);
	e = args_parse(word_count(words), (char *const *)(uintptr_t)words, args, help);
	catch_end(said);
	return e;
}

#define WORDS(...) ((const char *const[]){ "signet", "test", "try", __VA_ARGS__, NULL })

static void good_arguments_are_found_by_name(void **state)
{
	struct args args;
	struct caught said;
	bool help;

	(void)state;
	assert_int_equal(
	        parse(WORDS("a", "--out", "f", "--pcr=01", "b", "--json", "--pcr", "02"), &args, &help, &said), OK);
	assert_string_equal(operand(&args, 0), "a");
	assert_string_equal(operand(&args, 1), "b");
	assert_null(operand(&args, 2));
	assert_string_equal(option_value(&args, "out"), "f");
	assert_string_equal(option_value_at(&args, "pcr", 0), "01");
	assert_string_equal(option_value_at(&args, "pcr", 1), "02");
	assert_null(option_value_at(&args, "pcr", 2));
	assert_true(option_given(&args, "json"));
	assert_false(option_given(&args, "count"));
	assert_string_equal(said.text, "");
}

static void two_dashes_end_the_options(void **state)
{
	struct args args;
	struct caught said;
	bool help;

	(void)state;
	assert_int_equal(parse(WORDS("--out", "f", "--", "--json"), &args, &help, &said), OK);
	assert_string_equal(operand(&args, 0), "--json");
	assert_false(option_given(&args, "json"));
}

static void bad_arguments_are_refused_with_their_reason(void **state)
{
	static const struct {
		const char *words[8];
		const char *reason;
	} bad[] = {
		{ { "signet", "test", "try", "--out", "f" }, "too few arguments" },
		{ { "signet", "test", "try", "--out", "f", "a", "b", "c" }, "too many arguments" },
		{ { "signet", "test", "try", "a" }, "--out FILE is needed" },
		{ { "signet", "test", "try", "a", "--out" }, "--out needs a value" },
		{ { "signet", "test", "try", "a", "--out=f", "--wrong" }, "unknown option --wrong" },
		{ { "signet", "test", "try", "a", "--out=f", "-x" }, "unknown option -x" },
		{ { "signet", "test", "try", "a", "--out=f", "--out=g" }, "--out is given twice" },
	};
	struct args args;
	struct caught said;
	bool help;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		const char *words[ARRAY_SIZE(bad[i].words) + 1] = { 0 };

		memcpy(words, bad[i].words, sizeof(bad[i].words));
		assert_int_equal(parse(words, &args, &help, &said), ERR_ARGUMENT);
		assert_non_null(strstr(said.text, bad[i].reason));
		assert_non_null(strstr(said.text, "`signet test try --help`"));
	}
}

static void help_needs_nothing_else(void **state)
{
	struct args args;
	struct caught said;
	bool help;

	(void)state;
	assert_int_equal(parse(WORDS("--help"), &args, &help, &said), OK);
	assert_true(help);
}

static void numbers_have_one_range_and_no_odd_spellings(void **state)
{
	static const struct {
		const char *text;
		enum exit_code code;
		u64 value;
	} cases[] = {
		{ "--count=3", EXIT_OK, 3 },
		{ "--count=16", EXIT_OK, 16 },
		{ "--count=0x10", EXIT_OK, 16 },
		{ "--count=010", EXIT_OK, 10 },
		{ "--count=2", EXIT_USAGE_ERROR, 0 },
		{ "--count=17", EXIT_USAGE_ERROR, 0 },
		{ "--count=-3", EXIT_USAGE_ERROR, 0 },
		{ "--count=+3", EXIT_USAGE_ERROR, 0 },
		{ "--count= 3", EXIT_USAGE_ERROR, 0 },
		{ "--count=3x", EXIT_USAGE_ERROR, 0 },
		{ "--count=", EXIT_USAGE_ERROR, 0 },
		{ "--count=0x", EXIT_USAGE_ERROR, 0 },
		{ "--count=18446744073709551619", EXIT_USAGE_ERROR, 0 },
	};
	struct args args;
	struct caught said;
	bool help;
	u64 value;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		enum exit_code code;

		assert_int_equal(parse(WORDS("a", "--out=f", cases[i].text), &args, &help, &said), OK);
		catch_begin(&said);
		code = option_number(&args, "count", 5, 3, 16, &value);
		catch_end(&said);
		assert_int_equal(code, cases[i].code);
		if (code == EXIT_OK)
			assert_int_equal(value, cases[i].value);
	}
	assert_int_equal(parse(WORDS("a", "--out=f"), &args, &help, &said), OK);
	assert_int_equal(option_number(&args, "count", 5, 3, 16, &value), EXIT_OK);
	assert_int_equal(value, 5);
}

static void hexadecimal_is_exact(void **state)
{
	u8 bytes[2];

	(void)state;
	assert_true(parse_hex("0aFf", bytes, 2));
	assert_int_equal(bytes[0], 0x0a);
	assert_int_equal(bytes[1], 0xff);
	assert_false(parse_hex("0aF", bytes, 2));
	assert_false(parse_hex("0aFf0", bytes, 2));
	assert_false(parse_hex("0aFg", bytes, 2));
	assert_false(parse_hex(NULL, bytes, 2));
}

static void exit_codes_tell_refusal_from_failure(void **state)
{
	(void)state;
	assert_int_equal(exit_code_of(OK), 0);
	assert_int_equal(exit_code_of(ERR_IO), 1);
	assert_int_equal(exit_code_of(ERR_KEY_FILE), 1);
	assert_int_equal(exit_code_of(ERR_IMAGE_HEADER), 1);
	assert_int_equal(exit_code_of(ERR_ARGUMENT), 2);
	assert_int_equal(exit_code_of(ERR_SIGNATURE_WRONG), 5);
	assert_int_equal(exit_code_of(ERR_SIGNATURE_MISSING), 5);
	assert_int_equal(exit_code_of(ERR_KEYS_CHAIN), 5);
	assert_int_equal(exit_code_of(ERR_IMAGE_FLOOR), 5);
	assert_int_equal(exit_code_of(ERR_IMAGE_CONTENT), 5);
}

static void complaints_say_what_why_and_what_to_do(void **state)
{
	struct caught said;
	enum exit_code code;

	(void)state;
	catch_begin(&said);
	code = complain(ERR_KEY_MODE, "run chmod", "cannot open %s", "a\033[2Jb\nc");
	catch_end(&said);
	assert_int_equal(code, EXIT_FAILED);
	assert_string_equal(said.text,
	        "signet: cannot open a?[2Jb?c: a key file is readable by others (error 82)\n"
	        "signet: run chmod\n");
	catch_begin(&said);
	note("%s",
	        "\xc2\x9b"
	        "31m: caf\xc3\xa9");
	catch_end(&said);
	assert_string_equal(said.text, "signet: ?31m: caf\xc3\xa9\n");
}

static void only_what_can_be_seen_reaches_a_terminal(void **state)
{
	static const struct {
		const char *text, *shown;
	} cases[] = {
		{ "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x94\x91", "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x94\x91" },
		{ "\x1b[2J\x7f\t\n", "?[2J???" },
		{ "\xc2\x80\xc2\x9b\xc2\x9f\xc2\xa0", "???\xc2\xa0" }, /* C1 ends at U+009F */
		{ "\x9b"
		  "31m",
		        "?31m" }, /* C1 for a terminal that knows no UTF-8 */
		{ "\xc2", "?" }, /* cut short */
		{ "\xe2\x82", "??" }, { "\xc1\x9b\xe0\x82\x9b", "?????" }, /* overlong forms of U+009B and below */
		{ "\xed\xa0\x80\xf4\x90\x80\x80", "???????" }, /* a surrogate; above U+10FFFF */
		{ "root\xe2\x80\xaegnp\xe2\x80\xac", "root?gnp?" }, /* right-to-left override, and its end */
		{ "a\xe2\x81\xa9\xe2\x80\x8b\xef\xbb\xbf\xe2\x80\xa8", "a????" },
		{ "\xf3\xa0\x81\x81", "?" }, /* a tag */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char written[64] = "", kept[64];
		FILE *to = fmemopen(written, sizeof(written), "w");

		assert_non_null(to);
		print_plain(to, cases[i].text);
		assert_int_equal(fclose(to), 0);
		assert_string_equal(written, cases[i].shown);
		strcpy(kept, cases[i].text);
		plain_text(kept);
		assert_string_equal(kept, cases[i].shown);
	}
}

static void a_log_keeps_its_lines(void **state)
{
	static const char text[] = "one\ttwo\n\0\x1b";
	char written[64] = "";
	FILE *to = fmemopen(written, sizeof(written), "w");

	(void)state;
	assert_non_null(to);
	plain_write(to, text, sizeof(text) - 1, "\n\t");
	assert_int_equal(fclose(to), 0);
	assert_string_equal(written, "one\ttwo\n??");
}

static void json_escapes_and_separates(void **state)
{
	char *text = NULL;
	size_t n = 0;
	FILE *to = open_memstream(&text, &n);
	struct json j = json_on(to);

	(void)state;
	json_object(&j, NULL);
	json_text(&j, "a\"", "b\\\n\x01\x7f");
	json_text(&j, "c1", "\xc2\x9b\xc2\xa0");
	json_text(&j, "none", NULL);
	json_array(&j, "list");
	json_number(&j, NULL, UINT64_MAX);
	json_bool(&j, NULL, false);
	json_object(&j, NULL);
	json_end_object(&j);
	json_end_array(&j);
	json_hex(&j, "h", (const u8 *)"\x00\xff", 2);
	json_end_object(&j);
	fclose(to);
	assert_string_equal(text,
	        "{\"a\\\"\": \"b\\\\\\u000a\\u0001\\u007f\", \"c1\": \"\\u009b\xc2\xa0\", \"none\": null, "
	        "\"list\": [18446744073709551615, false, {}], \"h\": \"00ff\"}\n");
	free(text);
}

static void json_is_always_utf8(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{ "\xc3\xa9", "[\"\xc3\xa9\"]\n" }, { "\xf0\x9f\x94\x91", "[\"\xf0\x9f\x94\x91\"]\n" },
		{ "\xc3", "[\"\\ufffd\"]\n" }, /* cut short */
		{ "\xc0\xaf", "[\"\\ufffd\\ufffd\"]\n" }, /* overlong */
		{ "\xed\xa0\x80", "[\"\\ufffd\\ufffd\\ufffd\"]\n" }, /* surrogate */
		{ "\xf4\x90\x80\x80", "[\"\\ufffd\\ufffd\\ufffd\\ufffd\"]\n" }, /* above U+10FFFF */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char *text = NULL;
		size_t n = 0;
		FILE *to = open_memstream(&text, &n);
		struct json j = json_on(to);

		json_array(&j, NULL);
		json_text(&j, NULL, cases[i].in);
		json_end_array(&j);
		fclose(to);
		assert_string_equal(text, cases[i].out);
		free(text);
	}
}

static void a_bar_is_drawn_on_terminals_only(void **state)
{
	struct progress p;
	struct caught said;

	(void)state;
	catch_begin(&said);
	progress_begin(&p, "hashing", 10);
	progress_add(&p, 4);
	assert_int_equal(p.done, 4);
	progress_add(&p, 100);
	assert_int_equal(p.done, 10);
	progress_end(&p);
	catch_end(&said);
	assert_string_equal(said.text, "");
}

static void check_command(const struct command *c)
{
	size_t n = strlen(c->help);
	u32 count = 0;

	assert_non_null(c->run);
	assert_true(c->operands_min <= c->operands_max && c->operands_max <= OPERANDS_MAX);
	assert_true((c->operands[0] == '\0') == (c->operands_max == 0));
	assert_true(n > 0 && c->help[0] >= 'A' && c->help[0] <= 'Z' && c->help[n - 1] != '.');
	for (const struct option_spec *o = c->options; o && o->name; o++, count++) {
		assert_true(strlen(o->help) > 0 && o->help[strlen(o->help) - 1] != '.');
		assert_string_not_equal(o->name, "help");
		for (const struct option_spec *other = c->options; other < o; other++)
			assert_string_not_equal(o->name, other->name);
	}
	assert_true(count <= OPTIONS_MAX);
}

static void the_table_is_well_formed(void **state)
{
	(void)state;
	assert_true(command_group_count > 0);
	for (size_t i = 0; i < command_group_count; i++) {
		assert_ptr_equal(group_find(command_groups[i].name), &command_groups[i]);
		for (const struct command *c = command_groups[i].commands; c->name; c++) {
			assert_ptr_equal(command_find(&command_groups[i], c->name), c);
			check_command(c);
		}
	}
	assert_null(group_find("key"));
	assert_null(group_find(""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_arguments_are_found_by_name),
		cmocka_unit_test(two_dashes_end_the_options),
		cmocka_unit_test(bad_arguments_are_refused_with_their_reason),
		cmocka_unit_test(help_needs_nothing_else),
		cmocka_unit_test(numbers_have_one_range_and_no_odd_spellings),
		cmocka_unit_test(hexadecimal_is_exact),
		cmocka_unit_test(exit_codes_tell_refusal_from_failure),
		cmocka_unit_test(complaints_say_what_why_and_what_to_do),
		cmocka_unit_test(only_what_can_be_seen_reaches_a_terminal),
		cmocka_unit_test(a_log_keeps_its_lines),
		cmocka_unit_test(json_escapes_and_separates),
		cmocka_unit_test(json_is_always_utf8),
		cmocka_unit_test(a_bar_is_drawn_on_terminals_only),
		cmocka_unit_test(the_table_is_well_formed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
