/*
 * Arguments of one command: parsed by getopt_long from the command's table, then asked for by name.
 * Trust: arguments are the operator's own.
 */
#include "cli/command.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { COMMAND_WORDS = 3, OPTION_BASE = 256 };

static const struct option_spec *options_of(const struct command *c)
{
	static const struct option_spec none[] = { OPTIONS_END };

	return c->options ? c->options : none;
}

static u32 option_count(const struct option_spec *options)
{
	u32 n = 0;

	while (options[n].name)
		n++;
	return n;
}

/* An unknown name is a mistake in our code, and must not read as "not given". */
static u32 option_index(const struct args *args, const char *name)
{
	const struct option_spec *options = options_of(args->command);

	for (u32 i = 0; options[i].name; i++)
		if (strcmp(options[i].name, name) == 0)
			return i;
	abort();
}

static void long_options(const struct option_spec *options, struct option out[OPTIONS_MAX + 2])
{
	u32 n = option_count(options);

	if (n > OPTIONS_MAX)
		abort();
	for (u32 i = 0; i < n; i++)
		out[i] = (struct option){ options[i].name, options[i].argument ? required_argument : no_argument, NULL,
			OPTION_BASE + (int)i };
	out[n] = (struct option){ "help", no_argument, NULL, 'h' };
	out[n + 1] = (struct option){ 0 };
}

static enum err take_option(struct args *args, u32 index, const char *value)
{
	const struct option_spec *spec = &options_of(args->command)[index];

	if (!spec->repeatable && option_given(args, spec->name)) {
		(void)usage_error(args, "--%s is given twice", spec->name);
		return ERR_ARGUMENT;
	}
	if (args->given_count == OPTION_VALUES_MAX) {
		(void)usage_error(args, "more than %d options", OPTION_VALUES_MAX);
		return ERR_ARGUMENT;
	}
	args->given[args->given_count].option = index;
	args->given[args->given_count].value = value;
	args->given_count++;
	return OK;
}

static enum err take_options(int argc, char *const argv[], struct args *args, bool *help)
{
	struct option options[OPTIONS_MAX + 2];
	int c;

	long_options(options_of(args->command), options);
	optind = 0;
	opterr = 0;
	while ((c = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
		if (c == 'h') {
			*help = true;
		} else if (c == ':') {
			(void)usage_error(args, "%s needs a value", argv[optind - 1]);
			return ERR_ARGUMENT;
		} else if (c < OPTION_BASE) {
			(void)usage_error(args, "unknown option %s", argv[optind - 1]);
			return ERR_ARGUMENT;
		} else if (take_option(args, (u32)c - OPTION_BASE, optarg) != OK) {
			return ERR_ARGUMENT;
		}
	}
	return OK;
}

static enum err take_operands(int argc, char *const argv[], struct args *args)
{
	u32 count = (u32)(argc - optind);

	const char *wanted = args->command->operands[0] ? args->command->operands : "options alone";

	if (count < args->command->operands_min) {
		(void)usage_error(args, "too few arguments: it takes %s", wanted);
		return ERR_ARGUMENT;
	}
	if (count > args->command->operands_max || count > OPERANDS_MAX) {
		(void)usage_error(args, "too many arguments: it takes %s", wanted);
		return ERR_ARGUMENT;
	}
	for (u32 i = 0; i < count; i++)
		args->operands[i] = argv[optind + (int)i];
	args->operand_count = count;
	return OK;
}

static enum err check_required(const struct args *args)
{
	for (const struct option_spec *spec = options_of(args->command); spec->name; spec++)
		if (spec->required && !option_given(args, spec->name)) {
			(void)usage_error(args, "--%s %s is needed", spec->name, spec->argument ? spec->argument : "");
			return ERR_ARGUMENT;
		}
	return OK;
}

enum err args_parse(int argc, char *const argv[], struct args *args, bool *help)
{
	/* getopt_long skips the first word: hand it the command's name there. */
	enum err e = take_options(argc - COMMAND_WORDS + 1, argv + COMMAND_WORDS - 1, args, help);

	if (e || *help)
		return e;
	e = take_operands(argc - COMMAND_WORDS + 1, argv + COMMAND_WORDS - 1, args);
	return e ? e : check_required(args);
}

const char *operand(const struct args *args, u32 n)
{
	return n < args->operand_count ? args->operands[n] : NULL;
}

bool option_given(const struct args *args, const char *name)
{
	u32 index = option_index(args, name);

	for (u32 i = 0; i < args->given_count; i++)
		if (args->given[i].option == index)
			return true;
	return false;
}

const char *option_value(const struct args *args, const char *name)
{
	return option_value_at(args, name, 0);
}

const char *option_value_at(const struct args *args, const char *name, u32 n)
{
	u32 index = option_index(args, name);

	for (u32 i = 0; i < args->given_count; i++)
		if (args->given[i].option == index && n-- == 0)
			return args->given[i].value;
	return NULL;
}

static bool parse_number(const char *text, u64 *out)
{
	bool hex = strncmp(text, "0x", 2) == 0;
	const char *digits = hex ? text + 2 : text;
	char *end;

	/* strtoull would take signs and blanks, and octal for a leading zero. */
	if (digits[0] == '\0' || strspn(digits, hex ? "0123456789abcdefABCDEF" : "0123456789") != strlen(digits))
		return false;
	errno = 0;
	*out = strtoull(digits, &end, hex ? 16 : 10);
	return errno == 0;
}

enum exit_code option_number(const struct args *args, const char *name, u64 fallback, u64 min, u64 max, u64 *out)
{
	const char *text = option_value(args, name);

	*out = fallback;
	if (!text)
		return EXIT_OK;
	if (!parse_number(text, out) || *out < min || *out > max)
		return usage_error(args, "--%s takes a number from %llu to %llu, not '%s'", name,
		        (unsigned long long)min, (unsigned long long)max, text);
	return EXIT_OK;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool parse_hex(const char *text, u8 *out, size_t n)
{
	if (!text || strlen(text) != 2 * n)
		return false;
	for (size_t i = 0; i < n; i++) {
		int high = hex_digit(text[2 * i]), low = hex_digit(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		out[i] = (u8)(high << 4 | low);
	}
	return true;
}
