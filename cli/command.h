/*
 * The command table: what a command is, and the parsed arguments it gets. Help, completion and the man page's check
 * come from the same table.
 * Trust: runs as the operator; arguments are the operator's own.
 */
#ifndef SIGNET_CLI_COMMAND_H
#define SIGNET_CLI_COMMAND_H

#include "cli/output.h"

#include <stdio.h>

enum { OPTIONS_MAX = 24, OPTION_VALUES_MAX = 64, OPERANDS_MAX = 64 };

struct option_spec {
	const char *name; /* long name without dashes; NULL ends a table */
	const char *argument; /* its placeholder, as "FILE"; NULL for a switch */
	const char *help; /* one line, lower case, no full stop */
	bool required;
	bool repeatable;
};

/* For every command that prints something a machine may want. */
#define OPTION_JSON { .name = "json", .help = "print JSON for machines" }
#define OPTIONS_END { .name = NULL }

struct args;

struct command {
	const char *name; /* second word; NULL ends a table */
	const char *operands; /* for the synopsis: "DIR", "[DIR]", "FILE..."; "" when there are none */
	u32 operands_min;
	u32 operands_max; /* at most OPERANDS_MAX */
	const char *help; /* one line, upper case, no full stop */
	const char *details; /* for --help and the man page: a paragraph of at most a few lines, or NULL */
	const struct option_spec *options; /* NULL: none */
	enum exit_code (*run)(const struct args *args);
};

/* First words of the command line; the list is cli/groups.def. A program without groups has one with the name "". */
struct command_group {
	const char *name;
	const char *help;
	const struct command *commands;
};

extern const struct command_group command_groups[];
extern const size_t command_group_count;

#define GROUP(word, help) extern const struct command word##_commands[];
#include "cli/groups.def"
#undef GROUP

/* One parsed command line. Names asked for must stand in the command's table: anything else aborts. */
struct args {
	const struct command_group *group;
	const struct command *command;
	const char *operands[OPERANDS_MAX];
	u32 operand_count;
	struct {
		u32 option; /* index into command->options */
		const char *value; /* NULL for a switch */
	} given[OPTION_VALUES_MAX];
	u32 given_count;
};

/* The n-th operand, NULL when fewer were given. */
const char *operand(const struct args *args, u32 n);
bool option_given(const struct args *args, const char *name);
/* The value of an option, NULL when it was not given. */
const char *option_value(const struct args *args, const char *name);
/* The n-th value of a repeatable option, in the order given; NULL after the last. */
const char *option_value_at(const struct args *args, const char *name, u32 n);
/*
 * A number in min..max (decimal, or hexadecimal with 0x), fallback when not given. On a bad one says so and returns
 * EXIT_USAGE_ERROR.
 */
enum exit_code option_number(
        const struct args *args, const char *name, u64 fallback, u64 min, u64 max, u64 *out) MUST_CHECK;
/* Exactly n bytes of hexadecimal; text may be NULL, which is refused too. */
bool parse_hex(const char *text, u8 *out, size_t n);

/*
 * Runs one command line (argv[0] is the program) and returns its exit code; a failure to write standard output is an
 * error too.
 */
enum exit_code command_line(int argc, char *const argv[]);

/* Fills args from argv[3..], in the table's terms. ERR_ARGUMENT, already said; *help when --help was among them. */
enum err args_parse(int argc, char *const argv[], struct args *args, bool *help) MUST_CHECK;

/* By name; NULL when unknown. */
const struct command_group *group_find(const char *name);
const struct command *command_find(const struct command_group *group, const char *name);

/* A paragraph in lines of at most 78 columns. */
void print_wrapped(FILE *to, const char *text);
/* What --help prints, at each level. */
void help_program(FILE *to);
void help_group(FILE *to, const struct command_group *group);
void help_command(FILE *to, const struct command_group *group, const struct command *command);

/* Says what is wrong with the arguments, points to --help, returns EXIT_USAGE_ERROR. */
enum exit_code usage_error(const struct args *args, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
